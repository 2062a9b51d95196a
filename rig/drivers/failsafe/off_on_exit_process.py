"""A program of its own, `off_on_exit_process.py PARENT LIBRARY RESOURCE COMMAND`: one command when its parent has gone.

It ends without sending when it reads `cancel` on standard input. Imports pyvisa at its start, so that no time is lost
later; imports nothing of the rig.
"""

from __future__ import annotations

import os
import select
import signal
import sys

LOOK_EVERY_S = 0.05
TRIES = 5


def _parent_gone(parent: int) -> bool:
    """Wait until the parent has gone; False if it has cancelled."""
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    while os.getppid() == parent:
        if poll.poll(LOOK_EVERY_S * 1000):
            return b"cancel" not in os.read(0, 64)
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
    if _parent_gone(int(parent)):
        _send(library, resource, command)


if __name__ == "__main__":
    _main(*sys.argv[1:])
