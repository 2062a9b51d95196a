"""What a measurement takes from the light that was seen: when a colour began, how long it lasted, how strong it was.

Pure functions of an observation's colours (`Decoded.segments`) and samples; no code is named here, so that they hold
for a device whose codes can't be read, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from rig.config.suggest import did_you_mean
from rig.errors import ConfigError
from rig.led import Calibration, Segment
from rig.led.result import COLOUR_NAMES
from rig.recording import Recording

LEAST_S: Final = 0.02  # assumed: shorter light is a passing edge, no flash
LATE_S: Final = 0.2  # assumed: a receipt is written so soon after the last symbol
EDGE_S: Final = 0.01  # how exactly a change of colour is known: segments consist of bins of 10 ms
SETTLED_S: Final = 0.02  # left out at both ends of a flash: a phototransistor takes up to 20 ms to settle
_DARKEST, _BRIGHTEST = 5.0, 95.0  # percentiles, so that a single sample decides nothing


@dataclass(frozen=True)
class LitRun:
    """Light of the given colours without a longer pause, in seconds."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Seconds from start to end."""
        return self.end_s - self.start_s


def first_run(segments: Sequence[Segment], *colours: str, since_s: float, pause_s: float = 0.0) -> LitRun | None:
    """The first light in one of `colours` that begins at `since_s` or later; None if no such light came.

    Darkness of up to `pause_s` doesn't end the light; another colour or a stretch without samples does.

    Raises:
        ConfigError: there is no such colour.
    """
    _check_colours(*colours)
    run: LitRun | None = None
    for found in segments:
        if found.start_s < since_s or found.end_s - found.start_s < LEAST_S:
            continue
        if run is not None and (found.start_s - run.end_s > pause_s + EDGE_S):
            return run
        if found.colour in colours:
            run = LitRun(found.start_s if run is None else run.start_s, found.end_s)
        elif run is not None and found.colour != "dark":
            return run
    return run


def colours_between(segments: Sequence[Segment], start_s: float, end_s: float) -> tuple[str, ...]:
    """The colours that were lit between two times, in order, repeats merged."""
    lit: list[str] = []
    for found in segments:
        inside_s = min(found.end_s, end_s) - max(found.start_s, start_s)
        if found.colour != "dark" and inside_s >= LEAST_S and (not lit or lit[-1] != found.colour):
            lit.append(found.colour)
    return tuple(lit)


def period_s(segments: Sequence[Segment], colour: str, start_s: float, end_s: float) -> tuple[float, float] | None:
    """(mean s from one flash of `colour` to the next, its uncertainty) between two times; None below three flashes.

    Raises:
        ConfigError: there is no such colour.
    """
    _check_colours(colour)
    starts = [s.start_s for s in segments if s.colour == colour and start_s <= s.start_s and s.end_s <= end_s]
    if len(starts) < 3:
        return None
    gaps = len(starts) - 1
    return (starts[-1] - starts[0]) / gaps, EDGE_S / gaps


def brightest(recording: Recording, calibration: Calibration, start_s: float, end_s: float) -> tuple[float, float]:
    """(brightest over darkest light between two times, its uncertainty) in calibrated amber steps.

    Raises:
        ValueError: there are no samples.
    """
    values = _samples(recording, start_s, end_s)
    dark, bright = np.percentile(values, (_DARKEST, _BRIGHTEST), axis=0)
    return _share(bright - dark, calibration.amber_v, calibration)


def level(
    recording: Recording, segments: Sequence[Segment], colour: str, calibration: Calibration
) -> tuple[float, float] | None:
    """(step of `colour` above the darkness seen, its uncertainty) in the calibrated step of that colour.

    None where the colour, or darkness, was never seen long enough.

    Raises:
        ConfigError: there is no such colour.
    """
    _check_colours(colour)
    lit, dark = (
        [
            _samples(recording, s.start_s + SETTLED_S, s.end_s - SETTLED_S)
            for s in segments
            if s.colour == wanted and s.end_s - s.start_s > 3 * SETTLED_S
        ]
        for wanted in (colour, "dark")
    )
    if not lit or not dark:
        return None
    steps = {"red": calibration.red_v, "green": calibration.green_v, "amber": calibration.amber_v}
    step = np.median(np.concatenate(lit), axis=0) - np.median(np.concatenate(dark), axis=0)
    return _share(step, steps[colour], calibration)


def _check_colours(*colours: str) -> None:
    """A misspelt colour would never be seen."""
    for colour in colours:
        if colour not in COLOUR_NAMES:
            question = did_you_mean(colour, COLOUR_NAMES)
            known = f"known: {', '.join(COLOUR_NAMES)}"
            raise ConfigError(f"no colour {colour!r}; {f'{question} ' if question else ''}{known}")


def _samples(recording: Recording, start_s: float, end_s: float) -> np.ndarray:
    trace = recording.blanked().traces["led"].between(start_s, end_s)
    values = trace.values.reshape(len(trace.times_s), -1)
    values = values[np.isfinite(values).all(axis=1)]
    if not len(values):
        raise ValueError(f"no light was sampled between {start_s:.3f} and {end_s:.3f} s")
    return values


def _share(step: np.ndarray, expected: tuple[float, ...], calibration: Calibration) -> tuple[float, float]:
    """(step over expected step, its uncertainty), all channels together; as uncertain as the calibration."""
    share = float(np.sum(step) / sum(expected))
    return share, abs(share) * calibration.uncertainty
