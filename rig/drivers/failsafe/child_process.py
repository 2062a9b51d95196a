"""A helper program in a process of its own: started, listened to line by line, and ended with its standard input."""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
from collections.abc import Mapping, Sequence


class ChildProcess:
    """Runs `python arguments...`. Ctrl-C on the terminal is for the parent alone: the child has its own session.

    `inherited_fds` are file descriptors that it may use; `environment` None is the parent's.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        inherited_fds: tuple[int, ...] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            pass_fds=inherited_fds,
            start_new_session=True,
            env=environment,
        )
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)  # a child that reads no longer must not hold us up

    @property
    def process_id(self) -> int:
        """The operating system's number of the process."""
        return self._process.pid

    def line(self, within_s: float) -> str | None:
        """The next line of its output, waited for `within_s` seconds: None if there is none, "" at the end."""
        out = self._process.stdout
        if out is None or not select.select([out], [], [], within_s)[0]:
            return None
        return out.readline().decode("utf-8", errors="replace").strip()

    def write(self, text: str) -> None:
        """Send a short `text` to its standard input: at once and unbuffered, so that a signal's handler may do it.

        A process that has ended is no error; one that reads nothing any more gets the end of its input instead.
        """
        if self._process.stdin is None or self._process.stdin.closed:
            return
        try:
            os.write(self._process.stdin.fileno(), text.encode())
        except BlockingIOError:
            self._process.stdin.close()
        except OSError:
            pass

    def end(self, within_s: float, *, kill: bool = False) -> None:
        """Close its standard input and wait for its end; killed at once with `kill`, else after `within_s` seconds."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        if kill:
            process.kill()
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(within_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
