"""What the rig's plugin costs a pytest session that has nothing to do with the rig.

    python benchmarks/plugin_startup.py [--pairs N]

Sessions in a foreign project run in pairs, one with the plugin and one with `-p no:rig`, in alternating order, so that
what else the machine does hits both. Printed are the medians, and the median of the differences within pairs with its
95 % interval (bootstrap over pairs), in milliseconds: of the time on the wall, and of the processor's time, which
depends less on what else runs. By hand, because a loaded machine would make a test of it flaky. The first line is what
the import of the plugin takes beside pytest: nearly all of its cost, and measurable on a busy machine too.
"""

from __future__ import annotations

import argparse
import compileall
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parent.parent
FOREIGN = "def test_of_something_else():\n    pass\n"
WAYS: dict[str, tuple[str, ...]] = {"pytest": (), "pytest --co": ("--co",), "pytest --fixtures": ("--fixtures",)}
AIM_MS = 20.0
RESAMPLED = 2000


def session_ms(folder: Path, *arguments: str) -> tuple[float, float]:
    """(time on the wall, processor time) of one session in a process of its own, in milliseconds."""
    chosen = {key: value for key, value in os.environ.items() if not key.startswith(("RIG_", "PYTEST"))}
    chosen["PYTHONPATH"] = str(ROOT)
    before, begun_s = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    subprocess.run(command, cwd=folder, env=chosen, check=True, stdout=subprocess.DEVNULL)
    wall_s, after = time.monotonic() - begun_s, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 1000 * wall_s, 1000 * cpu_s


IMPORT = """
import argparse, time, pytest
begun_s = time.process_time()
import rig.pytest_plugin.plugin
print(1000 * (time.process_time() - begun_s))
"""


def import_ms() -> float:
    """Processor time of importing the plugin into a process that has imported pytest, in milliseconds."""
    chosen = {**os.environ, "PYTHONPATH": str(ROOT)}
    return float(subprocess.run([sys.executable, "-c", IMPORT], env=chosen, check=True, capture_output=True).stdout)


def paired(folder: Path, arguments: tuple[str, ...], pairs: int) -> npt.NDArray[np.float64]:
    """Times of sessions: pair, with and without the plugin, wall and processor (ms)."""
    times = np.zeros((pairs, 2, 2))
    for number in range(pairs):
        for without in (number % 2, 1 - number % 2):
            times[number, without] = session_ms(folder, *arguments, *(("-p", "no:rig") if without else ()))
    return times


def interval(differences: npt.NDArray[np.float64]) -> tuple[float, float]:
    """95 % interval of the median."""
    drawn = np.random.default_rng(1).choice(differences, (RESAMPLED, len(differences)))
    low, high = np.percentile(np.median(drawn, axis=1), (2.5, 97.5))
    return float(low), float(high)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=30)
    args = parser.parse_args()
    compileall.compile_dir(str(ROOT / "rig"), quiet=2)  # as an installed package is
    good = True
    alone = [import_ms() for _ in range(args.pairs)]
    print(f"import alone: {np.median(alone):.1f} ms of the processor (median of {args.pairs}; least {min(alone):.1f})")
    print(f"{'':<20}{'':<12}{'with':>8}{'without':>10}{'more':>8}  95 %")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "test_foreign.py").write_text(FOREIGN, encoding="utf-8")
        for way, arguments in WAYS.items():
            session_ms(folder, *arguments)  # what is read from the disk first is read by then
            times = paired(folder, arguments, args.pairs)
            for index, kind in enumerate(("wall", "processor")):
                more = times[:, 0, index] - times[:, 1, index]
                with_ms, without_ms = np.median(times[:, :, index], axis=0)
                low, high = interval(more)
                found = f"{np.median(more):>8.1f}  {low:.1f} to {high:.1f} ms"
                print(f"{way:<20}{kind:<12}{with_ms:>8.1f}{without_ms:>10.1f}{found}", flush=True)
                good = good and (kind == "wall" or float(np.median(more)) < AIM_MS)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
