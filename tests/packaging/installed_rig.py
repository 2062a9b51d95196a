"""The rig as others install it: from a wheel, in an environment and a folder of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


def build_wheel(target: Path) -> Path:
    """The wheel of this checkout, built with the hatchling of this environment."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, f"{built.stderr}\nhatchling comes with pip install -e '.[dev]'"
    return next(target.glob("*.whl"))


@dataclass(frozen=True)
class InstalledRig:
    """An environment with the wheel in it, which borrows the dependencies of the one that runs the tests.

    `home` is an empty folder outside of the checkout.
    """

    environment: Path
    home: Path

    @property
    def python(self) -> Path:
        return self.environment / "bin" / "python"

    @property
    def package(self) -> Path:
        paths = {"base": str(self.environment), "platbase": str(self.environment)}
        return Path(sysconfig.get_path("purelib", "venv", paths)) / "rig"

    def run(self, *command: str, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, with none of this session's settings but `more`."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("RIG_", "PYTEST_", "PYTHON", "COV_"))}
        program, *arguments = command
        return subprocess.run(
            [str(self.environment / "bin" / program), *arguments],
            cwd=cwd or self.home,
            env=kept | {"COLUMNS": "120"} | more,
            capture_output=True,
            text=True,
            check=False,
        )


def install(wheel: Path, folder: Path) -> InstalledRig:
    """A new environment with `wheel` and nothing else of the rig's; no network is needed."""
    environment, home = folder / "environment", folder / "home"
    home.mkdir()
    venv.create(environment, with_pip=False, symlinks=True)
    made = InstalledRig(environment, home)
    pip = [sys.executable, "-m", "pip", "--python", str(made.python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True, capture_output=True, text=True)
    # Behind the new environment's own packages on the path; an editable rig in it is not followed from here.
    borrowed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (made.package.parent / "borrowed.pth").write_text("\n".join(sorted(borrowed)) + "\n", encoding="utf-8")
    return made
