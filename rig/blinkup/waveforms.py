"""Waveforms: symbols to level changes on an absolute time grid, and those to pulses for the LED's GPIOs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from rig.blinkup.errors import InvalidOption, NoGreyLeg
from rig.blinkup.linecode import LineCode
from rig.blinkup.rates import check_rate

Bright = Literal["both", "main", "grey"]
"""Which legs of the LED light for bright: with both it is brightest."""

Pulse = tuple[int, int, int]
"""GPIO bits to set, GPIO bits to clear, microseconds until the next pulse: pigpio's generic wave pulse."""

MAX_GPIO = 31  # a wave reaches the first bank of GPIOs only


@dataclass(frozen=True)
class Edge:
    """From `at_us` on (microseconds from the first symbol) the LED is at `level`, in symbols' levels."""

    at_us: int
    level: int


@dataclass(frozen=True)
class Waveform:
    """Level changes in order of time, the first at 0, the last to dark; `duration_us` includes the tail."""

    edges: tuple[Edge, ...]
    duration_us: int


@dataclass(frozen=True)
class LedLegs:
    """How the BlinkUp LED hangs on GPIOs (0..31, Broadcom numbers).

    `main_gpio` drives the LED by its usual resistor. `grey_gpio`, if there is one, drives it by a second, larger
    resistor: alone it gives tri-level's grey. `bright` says which legs light for bright; fewer give a weaker light to
    try a receiver's margin with. An active-low leg lights when its GPIO is low.
    """

    main_gpio: int
    grey_gpio: int | None = None
    bright: Bright = "both"
    active_high: bool = True

    def __post_init__(self) -> None:
        for field, gpio in (("main_gpio", self.main_gpio), ("grey_gpio", self.grey_gpio)):
            if gpio is not None and not 0 <= gpio <= MAX_GPIO:
                raise InvalidOption(f"BlinkUp LED: {field} is {gpio}; expected 0..{MAX_GPIO}")
        if self.main_gpio == self.grey_gpio:
            raise InvalidOption(f"BlinkUp LED: both legs are on GPIO {self.main_gpio}; grey needs a GPIO of its own")
        if self.bright not in get_args(Bright):
            raise InvalidOption(f"BlinkUp LED: bright is {self.bright!r}; expected {', '.join(get_args(Bright))}")
        if self.bright == "grey" and self.grey_gpio is None:
            raise NoGreyLeg(f"bright by the grey leg, and the BlinkUp LED has one leg only (GPIO {self.main_gpio})")

    @property
    def mask(self) -> int:
        """Bits of every GPIO in use."""
        return 1 << self.main_gpio | (0 if self.grey_gpio is None else 1 << self.grey_gpio)


def waveform(symbols: Sequence[int], rate_hz: float) -> Waveform:
    """Symbol i starts at round(i * 1e6 / rate_hz) microseconds: errors never add up. Equal neighbours merge.

    If the last symbol isn't dark, an edge to dark ends it. 142 Hz is 7042.25 us a symbol: rounding each of 300
    symbols would drift by 75 us.

    Raises:
        InvalidRate: not above 0, or beyond `MAX_HZ`.
        InvalidOption: a symbol other than 0, 1, 2.
    """
    __tracebackhide__ = True  # pytest would print the symbols, which carry a password
    check_rate(rate_hz)
    if not set(symbols) <= {0, 1, 2}:
        raise InvalidOption("there is a symbol other than 0, 1, 2; make them with symbols()")
    found: list[Edge] = []
    for i, level in enumerate(symbols):
        if not found or found[-1].level != level:
            found.append(Edge(_at_us(i, rate_hz), level))
    end_us = _at_us(len(symbols), rate_hz)
    if not found or found[-1].level != 0:
        found.append(Edge(end_us, 0))
    return Waveform(tuple(found), end_us)


def edges(symbols: Sequence[int], rate_hz: float) -> tuple[Edge, ...]:
    """The level changes of `waveform` alone, for comparing with what was captured."""
    __tracebackhide__ = True
    return waveform(symbols, rate_hz).edges


def stretched(wave: Waveform, rate_hz: float, percent: float) -> Waveform:
    """`wave` with every lit stretch longer by `percent` of a symbol (shorter if negative): its end moves.

    A lamp that is slow to go out does this to a receiver. Stretches of several symbols grow by the same time as one.

    Raises:
        InvalidOption: not within -90 to 90, beyond which symbols would meet.
    """
    __tracebackhide__ = True
    if not -90 <= percent <= 90:
        raise InvalidOption(f"lit_percent is {percent}; expected -90 to 90 percent of a symbol")
    later_us = round(percent / 100 * 1e6 / rate_hz)
    moved = tuple(Edge(edge.at_us + later_us, 0) if edge.level == 0 and edge.at_us > 0 else edge for edge in wave.edges)
    return Waveform(moved, max(wave.duration_us, moved[-1].at_us))


def pulses(wave: Waveform, code: LineCode, legs: LedLegs) -> list[Pulse]:
    """Generic wave pulses of `wave`, one per edge, each stating every leg; the last leaves the LED off.

    The delays sum to `wave.duration_us`; the last is 0 if the wave has no dark tail.

    Raises:
        NoGreyLeg: tri-level without a grey leg.
        InvalidOption: no such code, or a level that `code` doesn't have.
    """
    __tracebackhide__ = True
    lit = lit_masks(code, legs)
    if any(edge.level >= len(lit) for edge in wave.edges):
        raise InvalidOption(f"the wave has levels that {code} doesn't have; its symbols were made for another code")
    ends = [edge.at_us for edge in wave.edges[1:]] + [wave.duration_us]
    made: list[Pulse] = []
    for edge, end_us in zip(wave.edges, ends, strict=True):
        on, off = lit[edge.level], legs.mask & ~lit[edge.level]
        made.append((*((on, off) if legs.active_high else (off, on)), end_us - edge.at_us))
    return made


def lit_masks(code: LineCode, legs: LedLegs) -> tuple[int, ...]:
    """GPIO bits of the legs that light at each level of `code`: (dark, bright) or (dark, grey, bright).

    Raises:
        NoGreyLeg: tri-level without a grey leg.
        InvalidOption: no such code, or tri-level whose bright is its grey.
    """
    bright = {"both": legs.mask, "main": 1 << legs.main_gpio}.get(legs.bright, legs.mask & ~(1 << legs.main_gpio))
    if code == "bilevel":
        return 0, bright
    if code == "trilevel":
        if legs.grey_gpio is None:
            raise NoGreyLeg(
                f"tri-level needs grey, and the BlinkUp LED has one leg only (GPIO {legs.main_gpio}); "
                "wire and configure a grey leg, or send bi-level"
            )
        if legs.bright == "grey":
            raise InvalidOption("tri-level can't tell bright from grey when both are the grey leg; choose main or both")
        return 0, 1 << legs.grey_gpio, bright
    raise InvalidOption(f"line code is {code!r}; expected bilevel or trilevel")


def _at_us(index: int, rate_hz: float) -> int:
    return round(index * 1e6 / rate_hz)
