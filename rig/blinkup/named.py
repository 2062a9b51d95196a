"""Rates and flags under the names by which senders know them.

Sources: the page of Electric Imp's server.factoryblinkup() for the flags and their meaning; for half and two-thirds
speed see `rig.blinkup.rates`. The names are the factory method's; their numbers inside impOS are not public, so those
here are this program's own.
"""

from __future__ import annotations

import enum

from rig.blinkup.errors import InvalidOption, InvalidRate
from rig.blinkup.rates import FAST_HZ, HALF_HZ, STANDARD_HZ, TWO_THIRDS_HZ, check_rate

NAMED_RATES: dict[str, float] = {
    "standard": STANDARD_HZ,
    "fast": FAST_HZ,
    "half": HALF_HZ,  # legacy mode; that it is of 60 Hz is inferred
    "two-thirds": TWO_THIRDS_HZ,  # legacy mode; that it is of 60 Hz is inferred
}


class Flags(enum.Flag):
    """Flags of server.factoryblinkup(); join them with `|`. Without one: 60 Hz, and an LED that lights at low."""

    NONE = 0
    BLINKUP_FAST = enum.auto()
    BLINKUP_ACTIVEHIGH = enum.auto()


def rate_named(rate: str | float) -> float:
    """Symbols a second of a rate given by name (standard, fast, half, two-thirds) or as a number, also as text.

    Raises:
        InvalidRate: no such name, or a rate that can't be sent.
    """
    if isinstance(rate, str) and rate in NAMED_RATES:
        return NAMED_RATES[rate]
    try:
        rate_hz = float(rate)
    except ValueError:
        names = ", ".join(NAMED_RATES)
        raise InvalidRate(f"symbol rate is {rate!r}; expected {names}, or a number in Hz") from None
    check_rate(rate_hz)
    return rate_hz


def rate_of_flags(flags: Flags, *, active_high: bool) -> float:
    """The rate that a factory fixture sends with `flags`; `active_high` is how the bench's LED is wired.

    Raises:
        InvalidOption: the flags say another polarity than the LED has: this bench's wiring decides it, not the sender.
    """
    said = Flags.BLINKUP_ACTIVEHIGH in flags
    if said != active_high:
        raise InvalidOption(
            f"the flags {'have' if said else 'lack'} BLINKUP_ACTIVEHIGH and the bench's BlinkUp LED lights at "
            f"{'high' if active_high else 'low'} (blinkup.active_high in the bench file); make them agree"
        )
    return FAST_HZ if Flags.BLINKUP_FAST in flags else STANDARD_HZ
