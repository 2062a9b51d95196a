"""One way to read the light of a recording: what it was decoded to, with which levels, and why those."""

from __future__ import annotations

from dataclasses import dataclass

from rig.led import Calibration, Decoded


@dataclass(frozen=True)
class Reading:
    """Decoded light with the calibration that it was read with.

    `explained_by_supply`: the device's voltage explains what its LED lacks in brightness, so that no other reason is
    looked for.
    """

    decoded: Decoded
    calibration: Calibration
    explained_by_supply: bool = False
