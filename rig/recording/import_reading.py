"""Any capture file by its ending."""

from __future__ import annotations

from pathlib import Path

from rig.recording.import_capture import BadCapture, Capture
from rig.recording.import_csv import read_columns
from rig.recording.import_sigrok import read_sigrok
from rig.recording.import_vcd import read_vcd
from rig.recording.recording import Recording, Trace

READERS = {".csv": read_columns, ".txt": read_columns, ".sr": read_sigrok, ".vcd": read_vcd}


def read_capture(path: Path) -> Capture:
    """The channels of a recording of ours (.npz), a CSV, a sigrok session (.sr) or a VCD.

    Raises:
        BadCapture: with file, place, value and what was expected.
        ConfigError: an .npz that is no recording.
    """
    if not path.is_file():
        raise BadCapture(f"{path}: {'is not a file' if path.exists() else 'does not exist'}; expected a capture")
    ending = path.suffix.lower()
    if ending == ".npz":
        return _of_recording(path)
    if ending not in READERS:
        raise BadCapture(f"{path}: don't know {ending or 'a file without ending'}; expected .npz, .csv, .sr or .vcd")
    try:
        return READERS[ending](path)
    except OSError as error:
        raise BadCapture(f"{path}: can't be read: {error.strerror or error}") from None
    except (ArithmeticError, RecursionError) as error:  # a number beyond all numbers, or endless nesting
        raise BadCapture(f"{path}: holds what no instrument writes ({error}); expected a capture") from None


def _of_recording(path: Path) -> Capture:
    channels: dict[str, Trace] = {}
    for name, trace in Recording.load(path).traces.items():
        if trace.values.ndim == 1:
            channels[name] = trace
        else:
            for i in range(trace.values.shape[1]):
                channels[f"{name}[{i}]"] = Trace(f"{name}[{i}]", trace.unit, trace.times_s, trace.values[:, i])
    return Capture(path, channels)
