"""What all commands that read other instruments' files take: channel, times, window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from rig.cli.output import printable, say
from rig.errors import ConfigError
from rig.recording import Trace
from rig.recording.import_capture import Capture, TimeWindow
from rig.recording.import_reading import read_capture
from rig.recording.tables import TableOptions

CaptureFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE", help="Recording (.npz), table as text (.csv, .gz ...), sigrok (.sr), VCD, WAV, .npy."
    ),
]


@dataclass(frozen=True)
class TimeOptions:
    """What a file does not say about its times, and which part of it is wanted."""

    time_column: Annotated[
        str | None, typer.Option("--time-column", metavar="NAME|N", help="Column of the times, if none is called so.")
    ] = None
    time_unit: Annotated[
        str | None, typer.Option("--time-unit", metavar="UNIT", help="Unit of that column: s, ms, us, ns, min, h.")
    ] = None
    rate_hz: Annotated[
        float | None, typer.Option("--rate", metavar="HZ", help="Samples a second, for a file without times.")
    ] = None
    from_s: Annotated[
        float | None, typer.Option("--from", metavar="S", help="Begin here, in seconds of the file's own times.")
    ] = None
    to_s: Annotated[float | None, typer.Option("--to", metavar="S", help="End here.")] = None

    @property
    def window(self) -> TimeWindow:
        """The part that is wanted.

        Raises:
            ConfigError: it ends before it begins.
        """
        from_s = float("-inf") if self.from_s is None else self.from_s
        to_s = float("inf") if self.to_s is None else self.to_s
        if not from_s < to_s:
            raise ConfigError(f"--from {from_s:g} --to {to_s:g}; expected an end behind the beginning")
        return TimeWindow(from_s, to_s)

    def capture(self, file: Path) -> Capture:
        """The capture in `file`; raises as `read_capture`."""
        return read_capture(file, TableOptions(self.time_column, self.time_unit, self.rate_hz))


@dataclass(frozen=True)
class CaptureOptions(TimeOptions):
    """The channel, besides."""

    channel: Annotated[
        str | None, typer.Option("--channel", metavar="NAME", help="Channel; needed if there are several.")
    ] = None

    def trace(self, file: Path) -> Trace:
        """The samples that are wanted; what is to be told about them is printed. Raises as `read_capture`."""
        capture, channel = self.capture(file), self.channel
        if channel is None and file.suffix.lower() == ".npz" and "led" in capture.channels:
            channel = "led"
        return read_and_tell(capture, channel, self.window)


def read_and_tell(capture: Capture, channel: str | None, window: TimeWindow) -> Trace:
    """A channel's samples, after what is to be told about them was printed; raises as `Capture.read`."""
    data = capture.read(channel, window)
    for problem in data.problems:
        say(f"note: {printable(problem)}")
    return data.trace
