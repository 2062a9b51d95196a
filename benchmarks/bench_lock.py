"""Races for one bench: `python benchmarks/bench_lock.py [PAIRS] [MARKS]`.

Pairs of processes ask for a bench at the same moment: first for its lock, as two programs on one machine do (PAIRS
times, default 1000), then for the mark at an emulated GPIO daemon with locks of their own, as two machines do (MARKS
times, default 20). Prints how often none, one or both got it, and whether an owner was ever disturbed.
"""

from __future__ import annotations

import collections
import multiprocessing
import os
import sys
import tempfile
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "realtime")]

from emulated_bench import Emulator  # noqa: E402

from rig.bench.backend import connect  # noqa: E402
from rig.clock import RealClock  # noqa: E402
from rig.drivers.failsafe.bench_lock import FOLDER_VARIABLE, BenchLock  # noqa: E402
from rig.drivers.failsafe.keepalive import KeepAliveProcess  # noqa: E402
from rig.drivers.failsafe.owner_mark import OwnerMark  # noqa: E402
from rig.errors import BenchInUse  # noqa: E402

HELD_S = 0.004
MARKED_S = 1.5  # longer than the other one looks


def race_for_lock(start: Barrier, owners: Any, results: Any) -> None:
    """Ask for the lock at the barrier; whoever has it counts the owners."""
    start.wait()
    try:
        lock = BenchLock("pigpiod race:1")
    except BenchInUse:
        results.put("refused")
        return
    with owners.get_lock():
        owners.value += 1
    time.sleep(HELD_S)
    with owners.get_lock():
        alone = owners.value == 1
        owners.value -= 1
    lock.release()
    results.put("owner" if alone else "DISTURBED")


def race_for_mark(start: Barrier, port: int, results: Any) -> None:
    """Ask for the mark at the barrier, and hold it for longer than the other one looks."""
    keep_alive = KeepAliveProcess("127.0.0.1", port)
    factory, link = connect("127.0.0.1", port, keep_alive.looked)
    keep_alive.watch_connection(factory.connection)
    clock = RealClock()
    start.wait()
    try:
        mark = OwnerMark(factory.connection, clock, keep_alive)
    except BenchInUse:
        results.put("refused")
    else:
        time.sleep(MARKED_S)
        results.put("owner" if keep_alive.lapse is None else "DISTURBED")
        mark.close()
    keep_alive.close()
    link.close()
    factory.close()


def races(times: int, target: Any, argument: Any) -> collections.Counter[str]:
    """How `times` races of two ended, as "owner, refused"."""
    context = multiprocessing.get_context("fork")
    ended: collections.Counter[str] = collections.Counter()
    for _ in range(times):
        start, results = context.Barrier(2), context.Queue()
        pair = [context.Process(target=target, args=(start, argument, results)) for _ in range(2)]
        for process in pair:
            process.start()
        said = sorted(results.get(timeout=60.0) for _ in pair)
        for process in pair:
            process.join()
        ended[", ".join(said)] += 1
    return ended


def main() -> None:
    """Race, and print what came of it."""
    pairs, marks = (int(text) for text in (sys.argv[1:] + ["1000", "20"][len(sys.argv) - 1 :])[:2])
    with tempfile.TemporaryDirectory() as folder:
        os.environ[FOLDER_VARIABLE] = folder
        owners = multiprocessing.get_context("fork").Value("i", 0)
        print(f"lock, {pairs} pairs: {dict(races(pairs, race_for_lock, owners))}", flush=True)
        emulator = Emulator(Path(folder))
        try:
            print(f"mark at the daemon, {marks} pairs: {dict(races(marks, race_for_mark, emulator.port))}", flush=True)
        finally:
            emulator.kill()


if __name__ == "__main__":
    main()
