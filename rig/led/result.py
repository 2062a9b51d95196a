"""What the decoder hands over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

COLOUR_NAMES = ("dark", "red", "green", "amber")


@dataclass(frozen=True)
class Span:
    """One code for some time. `code` None: undecided, and `reason` says why.

    `alternatives`: other codes that the same light allows (that look the same, or fit nearly as well), likeliest
    first. `confidence`: 0..1, of the code if there is one, else of the likeliest. `details`: measured rate_hz and duty
    of irregular light.
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
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Segment:
    """One colour (dark, red, amber, green) for some time."""

    start_s: float
    end_s: float
    colour: str


@dataclass(frozen=True)
class Problem:
    """Something that limits what can be said.

    `kind`: sampling (rate, or stretches without samples; NaN did come), rail (the converter is at its end), ambient
    (it changed), levels (which level is which colour is open), calibration (the levels have left it), colours (red and
    green can't be told apart), noise (the steps drown), samples (none), pwm (too few samples
    of a dimmed LED are lit).
    """

    kind: str
    text: str
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Decoded:
    """Spans in order of time; iterate over it. `segments` are the colours, `problems` what limits the answer."""

    spans: tuple[Span, ...]
    segments: tuple[Segment, ...] = ()
    problems: tuple[Problem, ...] = ()

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def __len__(self) -> int:
        return len(self.spans)

    def last_span(self) -> Span | None:
        """The last span, decided or not; None if there was no light to look at."""
        return self.spans[-1] if self.spans else None

    @property
    def codes(self) -> tuple[str, ...]:
        """The decided codes in order, repeats merged."""
        out: list[str] = []
        for span in self.spans:
            if span.code is not None and (not out or out[-1] != span.code):
                out.append(span.code)
        return tuple(out)
