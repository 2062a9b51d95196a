"""Any stored recording by what its file holds: .npz, a growing file that a killed run has left, or an exported one."""

from __future__ import annotations

from pathlib import Path

from rig.errors import ConfigError
from rig.recording.growing import ENDING, is_growing, read_growing
from rig.recording.recording import Recording


def read_recording(path: Path) -> Recording:
    """The recording in a file.

    Raises:
        ConfigError: there is no such file, it is no recording, or it is damaged.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: {_what_instead(path)}; expected a recording (.npz) of this rig")
    try:
        return read_growing(path) if is_growing(path) else Recording.load(path)
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}") from None


def _what_instead(path: Path) -> str:
    if path.exists():
        return "is not a file"
    growing = path.with_name(path.name + ENDING)
    if growing.is_file():
        return f"does not exist, but {growing.name} does, which a killed run has left: rig judge {growing}"
    return "does not exist"
