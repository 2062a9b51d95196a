"""What the rig's own light sensor makes of a BlinkUp: the only witness where no pin is watched."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from rig.blinkup import receive
from rig.blinkup.errors import InvalidSamples
from rig.blinkup.frame import Frame
from rig.drivers.optical.crosstalk import fit_crosstalk
from rig.drivers.optical.receipt import Receipt
from rig.recording import Floats
from rig.secret import keyed_hash

# Below this share of the variance, what seems to follow the LED may be the status LED or noise.
FOLLOWS: Final = 0.8
FEWEST_PER_SYMBOL: Final = 2.0


def seen_by_sensor(receipt: Receipt, frame: Frame, times_s: Floats, volts: Floats) -> Receipt:
    """`receipt` with the contrast at the rig's sensor; `times_s` count from the frame's first symbol.

    Where no pin was watched, light that follows the whole planned waveform counts as having been captured.
    """
    __tracebackhide__ = True
    fit = fit_crosstalk(frame, times_s, volts)
    if receipt.captured != "nothing":
        return receipt.with_contrast(fit.volts)
    per_symbol = 0.0 if len(times_s) < 2 else 1.0 / frame.rate_hz / float(np.median(np.diff(times_s)))
    if fit.share < FOLLOWS or per_symbol < FEWEST_PER_SYMBOL:
        return receipt.with_contrast(fit.volts)
    decoded, difference = _read_back(frame, times_s, volts)
    return replace(receipt, captured="light", contrast_v=fit.volts, decoded_back=decoded, difference=difference)


def _read_back(frame: Frame, times_s: Floats, volts: Floats) -> tuple[bool | None, str]:
    """Whether the receiver finds the planned packet in this light; None where it is too weak to be read."""
    __tracebackhide__ = True
    try:
        good = receive(times_s, volts).good
    except InvalidSamples:
        return None, ""
    hashes = {keyed_hash(found.packet) for found in good}
    if not hashes:
        return None, ""
    if frame.packet_hmac in hashes:
        return True, ""
    return False, "the packet read back from the light is not the planned one"
