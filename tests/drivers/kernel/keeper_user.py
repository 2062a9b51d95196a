"""A program that has a keeper hold GPIO 17 high: `keeper_user.py PACKAGES CHIP [fork]` says the keeper's number.

It obeys lines: `end` (return from its main thread at once), `spin S` (compute for S seconds without letting any other
thread run), `on S` (the device may be unwatched for S seconds). With `fork` a child of it lives on and has its pipes.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import time

sys.path.insert(0, sys.argv[1])

from rig.drivers.kernel.keeper import Keeper


def spin(duration_s: float) -> None:
    """One call into C that holds the interpreter's lock: a pattern that backtracks."""
    end_s, length = time.monotonic() + duration_s, 12
    while time.monotonic() < end_s:
        re.match(f"(a?){{{length}}}a{{{length}}}b", "a" * length)
        length += 1


def main() -> None:
    keeper = Keeper(sys.argv[2], 17)
    keeper.start()
    keeper.drive(True)
    if sys.argv[3:] == ["fork"] and os.fork() == 0:
        signal.pause()
    print(keeper.process_id, flush=True)
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "end":
            os._exit(0)
        if word == "spin":
            sys.setswitchinterval(100.0)
            spin(float(rest[0]))
        if word == "on":
            keeper.watch(float(rest[0]))


if __name__ == "__main__":
    main()
