"""Symbol rates, in symbols a second."""

from __future__ import annotations

from rig.blinkup.errors import InvalidRate

STANDARD_HZ = 60  # phones; server.factoryblinkup() without flags [developer.electricimp.com]
FAST_HZ = 142  # BLINKUP_FAST of server.factoryblinkup() [developer.electricimp.com]
TWO_THIRDS_HZ = 40  # the Android SDK has two-thirds speed [rsaxvc.net]; that it is of 60 Hz is inferred
HALF_HZ = 30  # the Android SDK has half speed [rsaxvc.net]; that it is of 60 Hz is inferred
TRILEVEL_JS_HZ = (20, 30, 60)  # frames a second of Electric Imp's JavaScript SDK, whatever the screen could do
MAX_HZ = 1000  # the imp's sensor is sampled at about 1 kHz by Electric Imp's tuning firmware: faster can't be seen


def check_rate(rate_hz: float) -> None:
    """Refuse a rate that is not above 0 and at most `MAX_HZ` (NaN too).

    Raises:
        InvalidRate: the rate is out of that range.
    """
    if not 0 < rate_hz <= MAX_HZ:
        raise InvalidRate(
            f"symbol rate is {rate_hz} Hz; expected above 0 and at most {MAX_HZ}: usual are {STANDARD_HZ} and {FAST_HZ}"
        )
