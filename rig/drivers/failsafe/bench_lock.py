"""One owner of a bench: a lock that the kernel frees when its owner ends, however it ends.

The locks of all users of this machine are files in one folder, and the lock itself is flock(2) on the file: what is
written in it only tells who holds it. The files stay: to delete one would let two programs hold a lock of one name.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import getpass
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rig.clock import RealClock
from rig.errors import BenchInUse, ConfigError

# Debian, Ubuntu and Raspberry Pi OS have it, writable for everybody and empty after a boot.
SHARED_FOLDER: Final = Path("/run/lock")
FOLDER_VARIABLE: Final = "RIG_LOCK_FOLDER"
ASK_EVERY_S: Final = 0.1
MOST_COMMAND: Final = 200  # characters of the owner's command that are told


class BenchLock:
    """The lock of one thing that only one program may use, named by `resource` ("pigpiod localhost:8888").

    Made, it is held; `release` or the end of the program gives it back. A forked child does not hold it.

    Raises:
        BenchInUse: another program holds it, and still did after `wait_s` seconds; names the owner.
        ConfigError: the lock's file can't be used.
    """

    def __init__(self, resource: str, *, wait_s: float = 0.0, waiting: Callable[[str], None] | None = None) -> None:
        self.resource = resource
        self._path = folder() / f"imp-bench-rig-{re.sub(r'[^A-Za-z0-9._-]+', '-', resource)}.lock"
        self._fd = _opened(self._path)
        try:
            self._take(wait_s, waiting)
        except BaseException:
            os.close(self._fd)
            raise
        self._process = os.getpid()
        os.register_at_fork(after_in_child=self.release)
        self._tell()

    def _take(self, wait_s: float, waiting: Callable[[str], None] | None) -> None:
        clock, said = RealClock(), False
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise ConfigError(
                        f"{self._path}: can't be locked: {error}; {FOLDER_VARIABLE} names another folder"
                    ) from error
            else:
                return
            owner = self._owner()
            if clock.now_s() >= wait_s:
                waited = f" after {wait_s:g} s of waiting" if wait_s else ""
                raise BenchInUse(
                    f"the bench ({self.resource}) is in use{waited} by {owner}; nothing was touched. Wait for its end "
                    "(--bench-wait 10m), or end it"
                )
            if waiting is not None and not said:
                waiting(f"waiting up to {wait_s:g} s for the bench ({self.resource}), in use by {owner}")
                said = True
            clock.sleep(ASK_EVERY_S)

    def _tell(self) -> None:
        """Write who holds it; a disk that is full must not keep anybody from the bench."""
        facts = {
            "pid": os.getpid(),
            "user": _user(),
            "command": " ".join(Path(word).name if n == 0 else word for n, word in enumerate(sys.argv))[:MOST_COMMAND],
            "since": datetime.now().astimezone().isoformat(timespec="seconds"),
        }
        with contextlib.suppress(OSError):
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, json.dumps(facts).encode(), 0)

    def _owner(self) -> str:
        facts: Any = None
        with contextlib.suppress(OSError, ValueError):
            facts = json.loads(os.pread(self._fd, 4096, 0))
        if not isinstance(facts, dict):
            return "a program that has not said who it is yet"
        return f"{facts.get('user')} (pid {facts.get('pid')}, {facts.get('command')!r}) since {facts.get('since')}"

    def release(self) -> None:
        """Give it back; in a forked child only the child's handle of it."""
        fd, self._fd = self._fd, -1
        if fd < 0:
            return
        if os.getpid() == self._process:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, 0)
        os.close(fd)


def folder() -> Path:
    """Where the locks of all users of this machine are."""
    given = os.environ.get(FOLDER_VARIABLE)
    if given:
        return Path(given)
    return SHARED_FOLDER if os.access(SHARED_FOLDER, os.W_OK) else Path(tempfile.gettempdir())


def _opened(path: Path) -> int:
    """A descriptor of the lock's file. Made without O_CREAT where it is there: in a folder like /tmp the kernel refuses
    that for another user's file (fs.protected_regular)."""
    try:
        for _ in range(2):
            with contextlib.suppress(FileNotFoundError):
                return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            with contextlib.suppress(FileExistsError):
                fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
                os.fchmod(fd, 0o666)  # whatever the umask: every user of the machine must be able to lock it
                return fd
    except OSError as error:
        raise ConfigError(f"lock of the bench: {path}: {error}; {FOLDER_VARIABLE} names another folder") from error
    raise ConfigError(f"lock of the bench: {path} comes and goes; {FOLDER_VARIABLE} names another folder")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no name for this number
        return f"user {os.getuid()}"


def parse_wait(text: str) -> float:
    """Seconds of "90", "90s", "10m" or "1.5h".

    Raises:
        ConfigError: it is no such time.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if found is None:
        raise ConfigError(f"a time of {text!r}: expected seconds, minutes or hours, as in 90s, 10m or 1.5h")
    return float(found.group(1)) * {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}[found.group(2)]
