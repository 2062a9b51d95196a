"""Printing: tables on a terminal, one line a row in a pipe, and colour codes on terminals only."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from rig.errors import ConfigError

PIPED_WIDTH = 1000  # rows of a piped table aren't wrapped, so that grep and cut work
ENDLESS = 100_000
SHORTEST, ELLIPSIS = 12, "~"  # characters of a cut cell; a sign that every terminal can show

TableCell = str | Text


def console() -> Console:
    """A console on the present stdout. Text is printed as it is: brackets are no markup, colons no emoji."""
    stream = sys.stdout
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")  # a title that the terminal can't spell is no reason to fail
    width = None if stream.isatty() or "COLUMNS" in os.environ else PIPED_WIDTH
    return Console(file=stream, markup=False, emoji=False, highlight=False, width=width)


def say(text: TableCell = "") -> None:
    """Print lines as they are, however long."""
    console().print(text, soft_wrap=True)


def printable(text: object) -> str:
    """`text` for the terminal; escape codes and other unprintable characters are spelled out."""
    raw = str(text)
    return raw if raw.isprintable() else repr(raw)


def table(columns: Sequence[str], rows: Iterable[Sequence[TableCell]], *, right: Sequence[str] = ()) -> None:
    """Print a table; columns named in `right` are aligned right."""
    console().print(_made(columns, rows, right))


def lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Print a table with one line for each row: the last column is cut where the terminal ends.

    Returns whether anything was cut.
    """
    made, to = _made(columns, rows), console()
    over = Measurement.get(to, to.options.update(width=ENDLESS), made).maximum - to.width
    longest = max((len(row[-1]) for row in rows), default=0)
    if over <= 0 or longest - over < SHORTEST:  # cells are folded where there is no room at all
        to.print(made)
        return False
    room = longest - over
    to.print(_made(columns, [[*row[:-1], _cut(row[-1], room)] for row in rows]))
    return True


def write_picture(target: Path, picture: bytes, option: str = "--picture") -> None:
    """Write a PNG file.

    Raises:
        ConfigError: the file can't be written; `option` is the one that named it.
    """
    try:
        target.write_bytes(picture)
    except OSError as error:
        raise ConfigError(f"{option} {target}: can't be written: {error.strerror or error}") from error


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + ELLIPSIS


def _made(columns: Sequence[str], rows: Iterable[Sequence[TableCell]], right: Sequence[str] = ()) -> Table:
    made = Table(box=box.SIMPLE_HEAD if console().is_terminal else None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made
