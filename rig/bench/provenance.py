"""Which program made a recording: the git checkouts that the rig and the suite are in, and their state."""

from __future__ import annotations

import functools
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import rig

GIT_TIMEOUT_S = 10.0
HERE = Path(rig.__file__).resolve().parent


@dataclass(frozen=True)
class CheckedOut:
    """A git checkout: the commit, and whether files differ from it. None where there is no checkout, or no git."""

    commit: str | None = None
    dirty: bool | None = None


@functools.cache
def checked_out(folder: Path) -> CheckedOut:
    """The checkout that `folder` lies in, as it was when this was asked first."""
    commit = _git(folder, "rev-parse", "HEAD")
    if not commit:
        return CheckedOut()
    # Files that git ignores or does not know are no part of the program: a run makes some itself.
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return CheckedOut(commit, None if changed is None else bool(changed))


def program(suite: Path | None = None) -> dict[str, Any]:
    """The program as a recording names it under `about.volatile`; `suite` is the folder of the tests."""
    found = {"rig_git": asdict(checked_out(HERE))}
    if suite is not None:
        found["suite_git"] = asdict(checked_out(suite.resolve()))
    return found


def _git(folder: Path, *arguments: str) -> str | None:
    """What git says; None if it fails or is not there."""
    command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=GIT_TIMEOUT_S, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
