"""A program of its own, `off_on_exit_process.py PARENT LIBRARY RESOURCE COMMAND`: one command when its parent has gone.

Obeys lines on its standard input: `on LIMIT_S` (the device has power, and somebody has to look at it within so many
seconds), `off`, `.` (somebody looks), `now` (send the command at once), `cancel` (end without sending). Says `ready`
when it can, and `unwatched: ...` before it sends because nobody looks. Imports pyvisa at its start, so that no time is
lost later; imports nothing of the rig.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

LOOK_EVERY_S = 0.05
TRIES = 5


def _is_wanted(parent: int) -> bool:
    """Wait until the command has to be sent; False if the parent has cancelled it."""
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    limit_s, looked_s, text = 0.0, time.monotonic(), ""
    while os.getppid() == parent:
        if poll.poll(LOOK_EVERY_S * 1000):
            said = os.read(0, 4096)
            if not said:
                return True
            *lines, text = (text + said.decode("ascii")).split("\n")
            looked_s = time.monotonic()
            for word, *rest in (line.split() for line in lines):
                if word in ("cancel", "now"):
                    return word == "now"
                if word in ("on", "off"):
                    limit_s = float(rest[0]) if rest else 0.0
        if limit_s and time.monotonic() - looked_s > limit_s:
            print(
                f"unwatched: the device had power and no test looked at it for {limit_s:g} s (supply.max_unwatched_s)",
                flush=True,
            )
            return True
    return True


def _send(library: str, resource: str, command: str) -> None:
    import pyvisa

    for attempt in range(TRIES):
        try:
            session = pyvisa.ResourceManager(library).open_resource(resource)
            session.timeout = 2000
            session.read_termination = session.write_termination = "\n"
            session.write(command)
            session.query("*OPC?")
            session.close()
            return
        except (pyvisa.Error, OSError):
            if attempt == TRIES - 1:
                raise


def _main(parent: str, library: str, resource: str, command: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    import pyvisa

    pyvisa.ResourceManager(library)
    print("ready", flush=True)
    if _is_wanted(int(parent)):
        _send(library, resource, command)


if __name__ == "__main__":
    _main(*sys.argv[1:])
