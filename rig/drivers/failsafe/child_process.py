"""A helper program in a process of its own: started, listened to line by line, and ended with its standard input."""

from __future__ import annotations

import contextlib
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
            text=True,
            pass_fds=inherited_fds,
            start_new_session=True,
            env=environment,
        )

    @property
    def process_id(self) -> int:
        """The operating system's number of the process."""
        return self._process.pid

    def line(self, within_s: float) -> str | None:
        """The next line of its output, waited for `within_s` seconds: None if there is none, "" at the end."""
        out = self._process.stdout
        if out is None or not select.select([out], [], [], within_s)[0]:
            return None
        return out.readline().strip()

    def write(self, text: str) -> None:
        """Send `text` to its standard input; a process that has ended is no error."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write(text)
                self._process.stdin.flush()

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
