"""Any capture file: by what it begins with, and by its ending only where that does not tell."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import Final

from rig.recording.import_capture import BadCapture, Capture, ChannelData, TimeWindow
from rig.recording.import_csv import read_columns
from rig.recording.import_numpy import read_arrays
from rig.recording.import_sigrok import read_sigrok
from rig.recording.import_vcd import read_vcd
from rig.recording.import_wav import read_wav
from rig.recording.recording import Recording, Trace
from rig.recording.tables import TableOptions

READ: Final = "a recording (.npz), a table as text (.csv, .txt, .tsv, .gz), sigrok (.sr), VCD, WAV or .npy"
_BINARY: Final = {
    b"PAR1": "a Parquet file", b"\xd0\xcf\x11\xe0": "an Excel workbook", b"SQLite format 3": "a SQLite database",
    b"\x89HDF": "an HDF5 file", b"MATLAB 5.0": "a MATLAB file", b"<SALEAE>": "Saleae's binary export",
    b"%PDF": "a PDF", b"\x89PNG": "a picture", b"BM": "a picture", b":WFM": "a Tektronix waveform",
}  # fmt: skip


def read_capture(path: Path, options: TableOptions | None = None) -> Capture:
    """The channels of a file: see `READ`. `options` say what a table does not tell about its times.

    Raises:
        BadCapture: with file, place, value and what was expected.
        ConfigError: an .npz that is a recording of ours, and a damaged one.
    """
    if not path.is_file():
        raise BadCapture(f"{path}: {'is not a file' if path.exists() else 'does not exist'}; expected a capture")
    try:
        return _read(path, options)
    except OSError as error:
        raise BadCapture(f"{path}: can't be read: {error.strerror or error}") from None


def _read(path: Path, options: TableOptions | None) -> Capture:
    begin = _beginning(path)
    ending = path.suffix.lower()
    for mark, what in _BINARY.items():
        if begin.startswith(mark):
            raise BadCapture(f"{path}: is {what}; expected {READ}: export it as CSV")
    if begin.startswith(b"PK"):
        return _zipped(path, options)
    if ending in (".sr", ".npz"):
        return read_sigrok(path) if ending == ".sr" else _of_recording(path)
    if begin.startswith((b"RIFF", b"RF64")) or ending == ".wav":
        return read_wav(path)
    if begin.startswith(b"\x93NUMPY"):
        return read_arrays(path, options)
    if ending == ".vcd" or any(word in begin for word in (b"$timescale", b"$enddefinitions", b"$scope")):
        return read_vcd(path)
    return read_columns(path, options)


def _beginning(path: Path) -> bytes:
    with path.open("rb") as stream:
        begin = stream.read(4096)
    if begin.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(path, "rb") as unpacked:
                return unpacked.read(4096)
        except (EOFError, gzip.BadGzipFile):
            return b""
    return begin


def _zipped(path: Path, options: TableOptions | None) -> Capture:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile as error:
        if path.suffix.lower() == ".npz":
            return _of_recording(path)
        raise BadCapture(f"{path}: not a readable sigrok session ({error}); expected {READ}") from None
    if "metadata" in names or path.suffix.lower() == ".sr":
        return read_sigrok(path)
    if "head.npy" in names:
        return _of_recording(path)
    if any(name.endswith(".npy") for name in names):
        return read_arrays(path, options)
    what = "a spreadsheet" if "[Content_Types].xml" in names else "a zip archive"
    raise BadCapture(f"{path}: is {what}; expected {READ}: export or unpack it as CSV")


def _of_recording(path: Path) -> Capture:
    channels: dict[str, Trace] = {}
    for name, trace in Recording.load(path).traces.items():
        if trace.values.ndim == 1:
            channels[name] = trace
        else:
            for i in range(trace.values.shape[1]):
                channels[f"{name}[{i}]"] = Trace(f"{name}[{i}]", trace.unit, trace.times_s, trace.values[:, i])

    def load(name: str, window: TimeWindow) -> ChannelData:
        return ChannelData(channels[name])

    return Capture(path, tuple(channels), load)
