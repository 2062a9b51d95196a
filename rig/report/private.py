"""Files and folders that their owner alone may read, or the owner's group too where the bench file says so."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Literal

Readers = Literal["owner", "group"]
FILE_MODES: dict[Readers, int] = {"owner": 0o600, "group": 0o640}
FOLDER_MODES: dict[Readers, int] = {"owner": 0o700, "group": 0o750}


def make_folder(path: Path, readers: Readers) -> None:
    """Make a folder, and those above it that are missing; `readers` may look into what is made here.

    Raises:
        FileExistsError: it is there.
        OSError: it can't be made.
    """
    for above in reversed(path.parents):
        if not above.exists():
            with contextlib.suppress(FileExistsError):  # another session makes it at this moment
                _make(above, readers)
    _make(path, readers)


def _make(path: Path, readers: Readers) -> None:
    path.mkdir(mode=FOLDER_MODES[readers])
    path.chmod(FOLDER_MODES[readers])  # whatever the umask is


def restrict(path: Path, readers: Readers) -> None:
    """Let `readers` alone read a file that is there.

    Raises:
        OSError: the file is somebody else's, or gone.
    """
    path.chmod(FILE_MODES[readers])


def write_whole(path: Path, text: str, readers: Readers) -> None:
    """Write a file so that it is there as a whole or not at all; what was there before stays until then.

    Raises:
        OSError: it can't be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    made = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        made.chmod(FILE_MODES[readers])
        made.replace(path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise


def point(link: Path, target: Path) -> None:
    """Let `link` lead to `target`, in one step whoever else does the same at this moment.

    Raises:
        OSError: `link` is a folder, or links can't be made there.
    """
    made = Path(tempfile.mkdtemp(dir=link.parent, prefix=f".{link.name}."))
    try:
        (made / "link").symlink_to(os.path.relpath(target, link.parent))
        (made / "link").replace(link)
    finally:
        (made / "link").unlink(missing_ok=True)
        made.rmdir()
