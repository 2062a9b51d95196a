"""CPU time and memory of `rig blinkup decode` on large captures: `python benchmarks/captures.py`. Run by hand.

Each file is made in a folder of its own and decoded in a process of its own, whose CPU seconds and peak of memory are
printed with what was found. Targets: 10 s and 500 MB. A capture that does not fit must be refused with its figures.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rig.blinkup import WifiConfig, encode, symbols
from rig.recording import Floats

RATE_HZ = 60.0
SENT = np.array([*symbols(encode(WifiConfig("Bench", "not a secret", "a5a5deadbeefa5a5", "5a5acafe5a5acafe"))), 0])
MOST_CPU_S, MOST_MB = 10.0, 500.0


def light(times_s: Floats, start_s: float) -> Floats:
    """The levels 0 and 1 of one frame that begins at `start_s`."""
    index = np.floor((times_s - start_s) * RATE_HZ).astype(np.intp)
    inside = (index >= 0) & (index < len(SENT))
    return np.where(inside, SENT[np.clip(index, 0, len(SENT) - 1)], 0).astype(np.float64)


def csv(path: Path, rows: int, hz: float) -> None:
    """A scope's export."""
    with path.open("w", encoding="utf-8") as out:
        out.write("Time [s],Channel 0\n")
        for first in range(0, rows, 500_000):
            times = (first + np.arange(min(500_000, rows - first))) / hz
            levels = 0.2 + 2.4 * light(times, 1.0)
            out.writelines(f"{t:.6f},{v:.4f}\n" for t, v in zip(times.tolist(), levels.tolist(), strict=True))


def vcd(path: Path, hours: float) -> None:
    """Eight channels of a logic analyser; the frame is on the first, the second has a clock of 1 kHz for a second."""
    names = "".join(f"$var wire 1 {chr(33 + k)} D{k} $end\n" for k in range(8))
    changes = [(round((2.0 + k / RATE_HZ) * 1e6), f"{level}!") for k, level in enumerate(SENT.tolist())]
    changes += [(3_000_000 + 500 * k, f'{k % 2}"') for k in range(2000)]
    with path.open("w", encoding="utf-8") as out:
        out.write(f"$timescale 1 us $end\n{names}$enddefinitions $end\n#0\n")
        out.writelines(f"0{chr(33 + k)}\n" for k in range(8))
        out.writelines(f"#{at}\n{change}\n" for at, change in sorted(changes))
        out.write(f"#{round(hours * 3600e6)}\n")


def session(path: Path, seconds: int, hz: int) -> None:
    """A sigrok session of eight channels."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        probes = "".join(f"probe{k + 1}=D{k}\n" for k in range(8))
        archive.writestr("metadata", f"[device 1]\ncapturefile=logic-1\nsamplerate={hz} Hz\n{probes}unitsize=1\n")
        for part in range(seconds):
            times = part + np.arange(hz) / hz
            archive.writestr(f"logic-1-{part + 1}", light(times, 1.0).astype(np.uint8).tobytes())


CASES: tuple[tuple[str, str, Callable[[Path], None]], ...] = (
    ("CSV, 10 M rows, 10 kHz", "rows10k.csv", lambda path: csv(path, 10_000_000, 1e4)),
    ("CSV, 10 M rows, 700 kHz", "rows700k.csv", lambda path: csv(path, 10_000_000, 7e5)),
    ("VCD, 1 h x 8 channels", "hour.vcd", lambda path: vcd(path, 1.0)),
    ("sigrok, 10 s x 8 channels, 24 MHz", "fast.sr", lambda path: session(path, 12, 24_000_000)),
    ("CSV, 21 M rows: refused", "toomany.csv", lambda path: csv(path, 21_000_000, 1e6)),
)


def measured(path: Path) -> tuple[int, float, float, str]:
    """(exit code, CPU s, MB, what was said last) of one decode."""
    channel = [] if path.suffix == ".csv" else ["--channel", "D0"]
    command = [sys.executable, "-m", "rig", "blinkup", "decode", str(path), *channel]
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = [line.strip() for line in out if line.strip()]
    return child.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said[-1] if said else ""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for title, name, _ in CASES:
            path = Path(folder) / name
            # In a process of its own: the peak of a child includes what its parent held.
            subprocess.run([sys.executable, __file__, "--make", name, str(path)], check=True)
            size = path.stat().st_size / 1e6
            code, cpu_s, memory_mb, said = measured(path)
            within = "" if cpu_s <= MOST_CPU_S and memory_mb <= MOST_MB else "  BEYOND THE TARGET"
            print(
                f"{title:36} {size:8.1f} MB  exit {code:2}  {cpu_s:5.1f} s CPU  {memory_mb:4.0f} MB{within}", flush=True
            )
            print(f"    {said[:110]}")
            path.unlink()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--make"]:
        next(make for _, name, make in CASES if name == sys.argv[2])(Path(sys.argv[3]))
    else:
        main()
