"""Text files of any usual encoding, plain or gzipped, read in blocks so that their size does not matter."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from rig.recording.import_capture import BadCapture

HEAD_BYTES: Final = 1 << 17  # metadata above a table is a few kB
BLOCK_BYTES: Final = 1 << 22
LONGEST_LINE: Final = 1 << 20
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL: Final = frozenset(range(32)) - {9, 10, 12, 13, 26, 27}


@dataclass(frozen=True)
class TextFile:
    """A text file: its first lines, and all of its lines in blocks.

    `encoding` is as Python calls it; `head` the first lines, whole ones only.
    """

    path: Path
    encoding: str
    head: tuple[str, ...]

    def blocks(self) -> Iterator[str]:
        """The text in blocks of whole lines, each line ended by a newline.

        Raises:
            BadCapture: a line that never ends, or a damaged gzip file.
        """
        decoder = codecs.getincrementaldecoder(self.encoding)(errors="replace")
        left = ""
        with _readable(self.path) as stream:
            while True:
                raw = stream.read(BLOCK_BYTES)
                text = left + decoder.decode(raw, final=not raw)
                if not raw:
                    if text:
                        yield _newlines(text) + "\n"
                    return
                cut = max(text.rfind("\n"), text.rfind("\r", 0, len(text) - 1)) + 1
                if not cut and len(text) > LONGEST_LINE:
                    raise BadCapture(f"{self.path}: a line is longer than {LONGEST_LINE} characters; expected a table")
                left = text[cut:]
                if cut:
                    yield _newlines(text[:cut])


def open_text(path: Path) -> TextFile:
    """Find out how a text file is encoded, and read its head.

    Raises:
        BadCapture: it can't be read, is empty, or is no text.
    """
    with _readable(path) as stream:
        raw = stream.read(HEAD_BYTES + 1)
    encoding = _encoding(path, raw)
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(raw)
    lines = _newlines(text).split("\n")
    if len(raw) > HEAD_BYTES:
        del lines[-1:]
    if not any(line.strip() for line in lines):
        raise BadCapture(f"{path}: no lines of numbers; expected time and value columns")
    return TextFile(path, encoding, tuple(lines))


def first_lines(lines: tuple[str, ...] | list[str], most: int = 4, width: int = 60) -> str:
    """The first lines of a file as an error shows them."""
    kept = [line.strip() for line in lines if line.strip()][:most]
    return " | ".join(repr(line if len(line) <= width else line[:width] + "...") for line in kept)


def _newlines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _encoding(path: Path, raw: bytes) -> str:
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return encoding
    if raw[1:200:2].count(0) > 40 or raw[:200:2].count(0) > 40:  # UTF-16 without a mark: every other byte is 0
        return "utf-16-le" if raw[1:200:2].count(0) > raw[:200:2].count(0) else "utf-16-be"
    odd = next((at for at, byte in enumerate(raw) if byte in _CONTROL), None)
    if odd is not None:
        raise BadCapture(f"{path}: byte {odd} is 0x{raw[odd]:02x}, which no text has; expected a table as text")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


@contextmanager
def _readable(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked if it is gzipped.

    Raises:
        BadCapture: it can't be read, or is damaged.
    """
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
            plain.seek(0)
            if packed:
                with gzip.GzipFile(fileobj=plain) as stream:
                    yield stream  # type: ignore[misc]
            else:
                yield plain
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadCapture(f"{path}: the gzip file is damaged ({error}); copy it again") from None
    except OSError as error:
        raise BadCapture(f"{path}: can't be read: {error.strerror or error}") from None
