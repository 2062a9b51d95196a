"""What the decoder hands over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum

COLOUR_NAMES = ("dark", "red", "green", "amber")


@dataclass(frozen=True)
class Span:
    """One code for some time. `code` None: undecided, and `reason` says why.

    `alternatives`: other codes that the light allows (that look like `code`, or fit nearly as well), the likeliest
    first. `confidence`: probability (0..1) of the code, or of the likeliest one if the span is undecided. `details`:
    measured rate_hz and duty of irregular light.
    """

    start_s: float
    end_s: float
    code: str | None
    confidence: float
    alternatives: tuple[str, ...] = ()
    reason: str = ""
    details: dict[str, float] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        """Seconds from start to end."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Segment:
    """One colour (dark, red, amber, green) for some time."""

    start_s: float
    end_s: float
    colour: str


class ProblemKind(StrEnum):
    """What limits an answer about the light: the decoder finds the first nine, rig.diagnosis adds the last four.

    The value is the word that journals and reports print. `Problem` names the payload of each kind.
    """

    SAMPLES = "samples"  # there is no usable sample
    SAMPLING = "sampling"  # the sampling is too slow, or paused for longer than the shortest pulse
    RAIL = "rail"  # the converter is at its upper end
    AMBIENT = "ambient"  # the ambient light changed
    LEVELS = "levels"  # which level of light is which colour is open, or was concluded from the light alone
    CALIBRATION = "calibration"  # the LED's steps have left the calibration
    COLOURS = "colours"  # red and green look alike to this sensor
    NOISE = "noise"  # noise drowns the steps between colours
    PWM = "pwm"  # too few samples of an LED dimmed by PWM are lit to tell its pauses from darkness
    CROSSTALK = "crosstalk"  # the sensor sees the BlinkUp LED
    FLICKER = "flicker"  # lamps flicker
    FAINT = "faint"  # the LED is far weaker than calibrated, and was read with weaker levels
    DIMMED = "dimmed"  # a low supply dims the LED, and it was read with the levels of that voltage


@dataclass(frozen=True)
class ProblemPayload:
    """What was measured about a problem; the subclasses below say what. Metadata `key`: a field's name in journals."""

    @property
    def numbers(self) -> dict[str, float]:
        """The payload as journals write it: numbers that are known, by name. For output only."""
        known = ((f.metadata.get("key", f.name), getattr(self, f.name)) for f in fields(self))
        return {key: float(value) for key, value in known if value is not None}


@dataclass(frozen=True)
class NoSamples(ProblemPayload):
    """Of `samples`: no sample can be used."""

    @property
    def numbers(self) -> dict[str, float]:
        """Journals count the usable samples."""
        return {"samples": 0}


@dataclass(frozen=True)
class Sampling(ProblemPayload):
    """Of `sampling`: samples per second (median), the longest pause (s), and the shortest pulse to be seen (s).

    Light that is withheld (NaN) was sampled, so that it is no pause.
    """

    rate_hz: float
    max_gap_s: float
    shortest_pulse_s: float


@dataclass(frozen=True)
class ConverterRailed(ProblemPayload):
    """Of `rail`: share (0..1) of the time at the converter's upper end."""

    fraction: float


@dataclass(frozen=True)
class AmbientChange(ProblemPayload):
    """Of `ambient`: when the ambient light changed (s), and by how many amber steps (negative: darker)."""

    time_s: float
    change: float


@dataclass(frozen=True)
class LevelsOpen(ProblemPayload):
    """Of `levels`: the colours of the levels are open.

    open_share (0..1): of the posterior that other interpretations of the levels keep, or of the light that can't be
    read. What made them open, where it is known: `lit_levels` found without a calibration and the `ways` to call
    them; `ratio` of the measured to the calibrated steps; `step` (amber steps) of light that came and went; `volts`
    (V) of the device's low supply.
    """

    open_share: float = field(metadata={"key": "open"})
    lit_levels: int | None = None
    ways: int | None = None
    ratio: float | None = None
    step: float | None = None
    volts: float | None = None


@dataclass(frozen=True)
class LevelsAssumed(ProblemPayload):
    """Of `levels`: the steps above dark that were taken from the light itself, in the samples' unit."""

    red_v: float = field(metadata={"key": "red"})
    green_v: float = field(metadata={"key": "green"})
    lit_levels: int


@dataclass(frozen=True)
class CalibrationDrift(ProblemPayload):
    """Of `calibration`: the red and green steps as multiples of the calibrated ones, and the allowed deviation."""

    red: float
    green: float
    uncertainty: float


@dataclass(frozen=True)
class ColoursAlike(ProblemPayload):
    """Of `colours`: the step between red and green, and its standard deviation, in amber steps."""

    step: float
    uncertainty: float = field(metadata={"key": "uncertain"})


@dataclass(frozen=True)
class StepsDrowned(ProblemPayload):
    """Of `noise`: standard deviation of a 10 ms mean, and the smallest step between two colours, in amber steps."""

    noise: float
    step: float


@dataclass(frozen=True)
class PwmUnreadable(ProblemPayload):
    """Of `pwm`: share (0..1) of lit samples, samples per second, and how many per second are needed."""

    duty: float
    rate_hz: float
    needed_hz: float


@dataclass(frozen=True)
class Crosstalk(ProblemPayload):
    """Of `crosstalk`: the step (V) that the BlinkUp LED makes in the sensor's light."""

    volts: float


@dataclass(frozen=True)
class LampFlicker(ProblemPayload):
    """Of `flicker`: frequency of the strongest lamp, and its amplitude in amber steps."""

    hz: float
    share: float


@dataclass(frozen=True)
class FaintLed(ProblemPayload):
    """Of `faint`: the LED's light as a share (0..1) of the calibrated one."""

    share: float


@dataclass(frozen=True)
class DimmedLed(ProblemPayload):
    """Of `dimmed`: the device's voltage (V) while its LED was lit."""

    volts: float


@dataclass(frozen=True)
class SpoiltStretch(ProblemPayload):
    """Of any kind: the problem holds from `start_s` to `end_s` only."""

    start_s: float
    end_s: float


@dataclass(frozen=True)
class Problem:
    """Something that limits what can be said about the light.

    `text` tells a person what is wrong, and what helps; `payload` has what was measured, None where nothing was:

    samples: NoSamples. sampling: Sampling. rail: ConverterRailed. ambient: AmbientChange. levels: LevelsOpen or
    LevelsAssumed. calibration: CalibrationDrift. colours: ColoursAlike. noise: StepsDrowned. pwm: PwmUnreadable.
    crosstalk: Crosstalk. flicker: LampFlicker. faint: FaintLed. dimmed: DimmedLed. Any kind: SpoiltStretch.
    """

    kind: ProblemKind
    text: str
    payload: ProblemPayload | None = None

    @property
    def numbers(self) -> dict[str, float]:
        """The payload by name, as journals write it; empty without one. For output only."""
        return {} if self.payload is None else self.payload.numbers


@dataclass(frozen=True)
class Decoded:
    """Spans in order of time, over which one iterates; `segments` are the colours, `problems` limit the answer."""

    spans: tuple[Span, ...]
    segments: tuple[Segment, ...] = ()
    problems: tuple[Problem, ...] = ()

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def __len__(self) -> int:
        return len(self.spans)

    def last_span(self) -> Span | None:
        """The last span, decided or not; None without any samples."""
        return self.spans[-1] if self.spans else None

    @property
    def codes(self) -> tuple[str, ...]:
        """The decided codes in order, repeats merged."""
        out: list[str] = []
        for span in self.spans:
            if span.code is not None and (not out or out[-1] != span.code):
                out.append(span.code)
        return tuple(out)
