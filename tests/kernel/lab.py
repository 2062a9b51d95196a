"""A Linux kernel of its own to test against: QEMU boots Debian's kernel with this machine's root, read-only.

What the tests write goes to memory. `rig_lab.ko` (in module/) gives the guest a GPIO chip with wires and an I2C bus.
`tests/kernel/prepare.sh` fetches what is needed into `folder()`; nothing of it is installed as this machine's kernel.
"""

from __future__ import annotations

import gzip
import lzma
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

FOLDER_VARIABLE = "RIG_KERNEL_LAB"
QEMU = "qemu-system-x86_64"
MODULE = Path(__file__).with_name("module")
WIRES = "17,22,27,25"
NEEDED = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
TOOLS = (QEMU, "busybox", "cpio", "modprobe", "depmod", "make", "gcc")
END_WITHIN_S = 580.0
PASSED = "lab: exit 0"

INIT = """#!/bin/sh
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for module in /modules/*.ko; do insmod $module; done
mount -t tmpfs up /up; mkdir -p /up/files /up/work
mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=262144,ro root /lower
mount -t overlay -o lowerdir=/lower,upperdir=/up/files,workdir=/up/work all /new
mount --move /proc /new/proc; mount --move /sys /new/sys; mount --move /dev /new/dev
cp /lab-run /new/lab-run
exec switch_root /new /bin/bash /lab-run
"""

RUN = """export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t tmpfs run /run; mkdir -p /run/lock; mkdir -p /dev/shm; mount -t tmpfs shm /dev/shm
ip link set lo up; hostname guest
{modules}
cd {folder}
{script}
echo "lab: exit $?"
echo o > /proc/sysrq-trigger; sleep 60
"""


def folder() -> Path:
    """Where the kernel is that `prepare.sh` has fetched."""
    given = os.environ.get(FOLDER_VARIABLE)
    return Path(given) if given else Path.home() / ".cache" / "imp-bench-rig" / "kernel-lab"


def kernel_version() -> str | None:
    """The version of the kernel there, as in the names of its files; None if there is none."""
    images = sorted(folder().glob("boot/vmlinuz-*"))
    return images[-1].name.removeprefix("vmlinuz-") if images else None


def why_not() -> str:
    """Why there is no lab on this machine; empty if there is one."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"no kernel lab here: {', '.join(missing)} missing; tests/kernel/prepare.sh says what to install"
    version = kernel_version()
    if version is None:
        return f"no kernel lab here: no kernel in {folder()}; run tests/kernel/prepare.sh"
    if not headers(version).exists():
        return f"no kernel lab here: {headers(version)} missing; tests/kernel/prepare.sh says what to install"
    return ""


def headers(version: str) -> Path:
    """Where the headers of a kernel are that modules are built with."""
    return Path(f"/usr/src/linux-headers-{version}")


class Lab:
    """The built module and the first root of the guest, in a folder of its own. `run` boots once for each script."""

    def __init__(self, work: Path) -> None:
        version = kernel_version()
        assert version is not None
        self.version, self._work = version, work
        self._kernel = folder() / "boot" / f"vmlinuz-{version}"
        self._tree = work / "first"
        self.module = self._built()
        self._pack()

    def _built(self) -> Path:
        source = self._work / "module"
        shutil.copytree(MODULE, source)
        subprocess.run(
            ["make", "-s", "-C", str(headers(self.version)), f"M={source}", "modules"], check=True, capture_output=True
        )
        return source / "rig_lab.ko"

    def _pack(self) -> None:
        tree = self._tree
        for name in ("bin", "proc", "sys", "dev", "up", "lower", "new", "modules"):
            (tree / name).mkdir(parents=True)
        shutil.copy(str(shutil.which("busybox")), tree / "bin" / "busybox")
        for applet in ("sh", "mount", "mkdir", "insmod", "cp", "switch_root"):
            (tree / "bin" / applet).symlink_to("busybox")
        for number, module in enumerate(self._needed()):
            (tree / "modules" / f"{number:02d}-{module.stem.removesuffix('.ko')}.ko").write_bytes(_plain(module))
        (tree / "init").write_text(INIT, encoding="ascii")
        (tree / "init").chmod(0o755)
        names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
        packed = subprocess.run(
            ["cpio", "-o", "-H", "newc", "--quiet"], input=names.encode(), cwd=tree, check=True, capture_output=True
        )
        self._initrd = self._work / "initrd.gz"
        self._initrd.write_bytes(gzip.compress(packed.stdout, 1))

    def _needed(self) -> list[Path]:
        subprocess.run(["depmod", "-b", str(folder()), self.version], check=True)
        found: list[Path] = []
        for name in NEEDED:
            command = ["modprobe", "-d", str(folder()), "-S", self.version, "--show-depends", name]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            paths = [Path(line.split()[1]) for line in said.splitlines() if line.startswith("insmod")]
            found += [path for path in paths if path not in found]
        return found

    def run(self, script: str, where: Path, *, within_s: float = END_WITHIN_S) -> str:
        """What the guest says while it runs `script` by bash in folder `where`; its end is a line `lab: exit CODE`.

        Until then it can be read in `said.txt` of the lab's folder.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        modules = f"insmod {self.module} wires={WIRES}; insmod {self._i2c_dev()}"
        text = RUN.format(modules=modules, folder=where, script=script)
        with tempfile.TemporaryDirectory(dir=self._work) as extra:
            program = Path(extra) / "lab-run"
            program.write_text(text, encoding="utf-8")
            said = self._work / "said.txt"
            with said.open("wb") as output:
                subprocess.run(
                    [
                        *("nice", "-n", "10", QEMU, "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", "1500"),
                        *("-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio"),
                        *("-fsdev", "local,id=root,path=/,security_model=none,readonly=on,multidevs=remap"),
                        *("-device", "virtio-9p-pci,fsdev=root,mount_tag=root"),
                        *("-kernel", str(self._kernel), "-initrd", str(self._with(program))),
                        *("-append", "console=ttyS0 quiet panic=-1 mitigations=off"),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    timeout=within_s,
                    check=True,
                )
        return said.read_text(encoding="utf-8", errors="replace").replace("\r", "")

    def _i2c_dev(self) -> Path:
        (module,) = folder().glob(f"lib/modules/{self.version}/kernel/drivers/i2c/i2c-dev.ko*")
        plain = self._work / "i2c-dev.ko"
        plain.write_bytes(_plain(module))
        return plain

    def _with(self, program: Path) -> Path:
        """The guest's first root with the script, which is carried over into its own."""
        packed = subprocess.run(
            ["cpio", "-o", "-H", "newc", "--quiet"],
            input=b"lab-run\n",
            cwd=program.parent,
            check=True,
            capture_output=True,
        )
        both = self._work / "both.gz"
        both.write_bytes(self._initrd.read_bytes() + gzip.compress(packed.stdout, 1))
        return both


def _plain(module: Path) -> bytes:
    data = module.read_bytes()
    return lzma.decompress(data) if module.suffix == ".xz" else data
