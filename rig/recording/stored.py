"""Any stored recording by what its file holds: .npz, a growing file that a killed run has left, or an exported one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rig.errors import ConfigError
from rig.recording.export_csv import is_exported_csv, load_csv
from rig.recording.export_sigrok import is_exported_sigrok, load_sigrok
from rig.recording.export_vcd import is_exported_vcd, load_vcd
from rig.recording.growing import ENDING, is_growing, read_growing
from rig.recording.recording import Recording

KINDS: Final = (
    (is_growing, read_growing),
    (is_exported_csv, load_csv),
    (is_exported_vcd, load_vcd),
    (is_exported_sigrok, load_sigrok),
)


def read_recording(path: Path) -> Recording:
    """The recording in a file.

    Raises:
        ConfigError: there is no such file, it is no recording, or it is damaged.
    """
    if not path.is_file():
        raise ConfigError(f"{path}: {_what_instead(path)}; expected a recording (.npz) of this rig")
    try:
        for is_kind, load in KINDS:
            if is_kind(path):
                return load(path)
        return Recording.load(path)
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror or error}") from None


def _what_instead(path: Path) -> str:
    if path.exists():
        return "is not a file"
    growing = path.with_name(path.name + ENDING)
    if growing.is_file():
        return f"does not exist, but {growing.name} does, which a killed run has left: rig judge {growing}"
    return "does not exist"
