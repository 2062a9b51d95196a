"""Problems of the decoded light: which are the bench's, what helps against each, and what they leave open."""

from __future__ import annotations

from rig.diagnosis.scene import Scene
from rig.diagnosis.thresholds import COLOUR_STEP
from rig.led import AmbientChange, LevelsOpen, ProblemKind

CALIBRATE_ANEW = "calibrate the sensor anew (rig led calibrate)"
# Problems that no device makes; levels that don't fit may as well be those of a broken or weak LED.
OF_THE_BENCH = frozenset(
    {
        ProblemKind.RAIL,
        ProblemKind.SAMPLING,
        ProblemKind.SAMPLES,
        ProblemKind.NOISE,
        ProblemKind.COLOURS,
        ProblemKind.CROSSTALK,
    }
)
_CALIBRATE = (
    "put sensor and light shield in place and calibrate anew (rig led calibrate); if that does not help, compare the "
    "LED's colours and brightness with another device's"
)
# What helps, the gravest problem first; before it is done, watching longer shows no more.
_REMEDIES = {
    ProblemKind.RAIL: "lower the converter's gain, or the light on the sensor, and calibrate anew (rig led calibrate)",
    ProblemKind.SAMPLES: "check the sensor's wiring and that its converter is sampled",
    ProblemKind.SAMPLING: "sample the sensor faster and without gaps",
    ProblemKind.LEVELS: _CALIBRATE,
    ProblemKind.CALIBRATION: _CALIBRATE,
    ProblemKind.COLOURS: "fit a second, filtered sensor, or one that tells red from green better",
    ProblemKind.CROSSTALK: "put a baffle between the BlinkUp LED and the sensor",
    ProblemKind.NOISE: "bring the sensor nearer to the LED, and shield it from other light",
}
_RAISE_SUPPLY = "raise the supply to the device's nominal voltage, at which its LED can be read"


def remedy(scene: Scene) -> str:
    """What helps against the gravest problem of the light; empty if there is none."""
    if any(isinstance(p.payload, LevelsOpen) and p.payload.volts is not None for p in scene.problems):
        return _RAISE_SUPPLY
    kinds = {p.kind for p in scene.problems}
    return next((step for kind, step in _REMEDIES.items() if kind in kinds), "")


def off_levels(scene: Scene) -> bool:
    """Whether the levels don't fit the calibration, for which a dim or dead LED is as good a reason as a sensor."""
    return any(
        p.kind in (ProblemKind.LEVELS, ProblemKind.CALIBRATION)
        and not (isinstance(p.payload, LevelsOpen) and p.payload.volts is not None)
        for p in scene.problems
    )


def brighter_when_powered(scene: Scene) -> bool:
    """Whether what the decoder took for ambient light rose by a colour's worth: maybe an LED that is never dark."""
    changes = [p.payload for p in scene.problems if isinstance(p.payload, AmbientChange)]
    return any(c.change >= COLOUR_STEP and c.time_s >= scene.powered.start_s for c in changes)
