"""Whether an ADS1115 really converts: its result follows its amplifier, and its clock is about right.

Both are asked of single-shot conversions, so that the answer does not depend on how noisy the input is: a register
that went stale keeps its code whatever the amplifier is set to, and the conversion bit tells how long one takes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from rig.clock import Clock
from rig.errors import BenchFault

CONFIG: Final = 1
READY: Final = 0x8000
SINGLE_SHOT: Final = 0x0100
_GAIN_MASK, _GAIN_16 = 0x0E00, 0x0A00  # +-0.256 V: the noise of the chip itself is a few codes
_RATE_MASK, _RATE_64, _RATE_860 = 0x00E0, 0x0060, 0x00E0
_SLOW_HZ, _FAST_HZ = 64.0, 860.0
_TIMED = 3  # conversions whose duration is taken; the shortest counts, since a pause of this machine lengthens one
_RETRIES = 20  # conversions that may be timed once more, where all before were late
_EXTRA = 16  # conversions of an input at zero volts, where a few equal codes are no surprise
_ENDS: Final = (32767, -32768)
# Data sheet (SBAS444): +-10 % on every rate; the other 5 % are the resolution of polling the conversion bit.
RATE_TOLERANCE: Final = 0.15
_GIVE_UP_PERIODS = 20.0  # a conversion that takes longer than this multiple of its nominal time will never end


@dataclass(frozen=True)
class AdcFacts:
    """What a self-test measured: conversions per second at the data rate in use, and their nominal number."""

    measured_hz: float
    nominal_hz: float

    def __str__(self) -> str:
        return f"{self.measured_hz:.0f} conversions/s (nominal {self.nominal_hz:.0f})"


@dataclass(frozen=True)
class Registers:
    """How to reach a chip's registers: `result` is the conversion register, signed."""

    read: Callable[[int], int]
    write: Callable[[int, int], None]
    result: Callable[[], int]


def check_adc(chip: Registers, clock: Clock, *, where: str, nominal_hz: float) -> AdcFacts:
    """Measure a chip that converts continuously; it does so again afterwards.

    Raises:
        BenchFault: its result does not follow its amplifier (frozen, or beyond its range), or its clock is far off.
    """
    config = chip.read(CONFIG)
    usual = chip.result()
    one_shot = config & ~(_GAIN_MASK | _RATE_MASK | READY) | SINGLE_SHOT | _GAIN_16
    try:
        chip.write(CONFIG, one_shot | _RATE_64)
        clock.sleep(2.5 / nominal_hz)  # the conversion under way ends with the old settings
        timed = [_convert(chip, clock, one_shot | _RATE_64, _SLOW_HZ, where) for _ in range(_TIMED)]
        while _ratio(timed) < 1.0 - RATE_TOLERANCE and len(timed) < _TIMED + _RETRIES:
            # A busy machine is late, never early: the shortest of more conversions tells it from a slow chip.
            timed.append(_convert(chip, clock, one_shot | _RATE_64, _SLOW_HZ, where))
        codes = [code for code, _ in timed]
        if set(codes) == {usual}:
            codes += [_convert(chip, clock, one_shot | _RATE_860, _FAST_HZ, where)[0] for _ in range(_EXTRA)]
    finally:
        chip.write(CONFIG, config & ~READY)
        clock.sleep(2.5 / nominal_hz)
        chip.result()
    if set(codes) == {usual}:
        raise BenchFault(_frozen_text(where, usual, len(codes)))
    ratio = _ratio(timed)
    if abs(ratio - 1.0) > RATE_TOLERANCE:
        raise BenchFault(
            f"{where}: the chip converts at {ratio:.0%} of its nominal rate, expected 90 to 110 %: readings would be "
            "duplicates or be missed, and times wrong. Replace the chip"
        )
    return AdcFacts(ratio * nominal_hz, nominal_hz)


def _ratio(timed: list[tuple[int, float]]) -> float:
    """Rate of the chip's clock over nominal, by the quickest conversion."""
    return 1.0 / (min(duration_s for _, duration_s in timed) * _SLOW_HZ)


def _frozen_text(where: str, code: int, count: int) -> str:
    if code in _ENDS:
        return (
            f"{where}: the reading stays at the end of the range (code {code}) whatever the amplifier: the input is "
            "clipping. Check the sensor's wiring and its load resistor, or lower the gain"
        )
    return (
        f"{where}: code {code} in {count} conversions, whatever the amplifier is set to: the conversion register is "
        "frozen. Take the bench's own supply off and on; if that does not help replace the chip"
    )


def _convert(chip: Registers, clock: Clock, config: int, nominal_hz: float, where: str) -> tuple[int, float]:
    """(code, seconds) of one single-shot conversion."""
    chip.write(CONFIG, config | READY)
    start_s = clock.now_s()
    clock.sleep(0.85 / nominal_hz)
    while not chip.read(CONFIG) & READY:
        waited_s = clock.now_s() - start_s
        if waited_s > _GIVE_UP_PERIODS / nominal_hz:
            raise BenchFault(
                f"{where}: a conversion of {1 / nominal_hz * 1000:.1f} ms is not over after {waited_s * 1000:.0f} ms: "
                "the chip never says that it is ready. Take the bench's own supply off and on"
            )
        clock.sleep(0.01 / nominal_hz)
    return chip.result(), clock.now_s() - start_s
