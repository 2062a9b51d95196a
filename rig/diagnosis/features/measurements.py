"""Figures worth keeping with an outcome."""

from __future__ import annotations

from rig.diagnosis.features.restarts import power_measurements
from rig.diagnosis.features.supply import supply_measurements
from rig.diagnosis.hypothesis import Hypothesis
from rig.diagnosis.scene import Scene


def measurements(scene: Scene, hypothesis: Hypothesis) -> dict[str, tuple[float, str]]:
    """(value, unit) by name: of the supply, of the times, and how long the device took to connect."""
    found = {**supply_measurements(scene.supply), **power_measurements(scene.power)}
    found["observed"] = (scene.led_end_s - scene.powered.start_s, "s")
    found["decisive"] = (hypothesis.decisive_s[1] - hypothesis.decisive_s[0], "s")
    sends = [a.end_s for a in scene.blinkups]
    since_s = sends[-1] if sends else scene.powered.start_s
    online = [p.start_s for p in scene.patterns if p.code == "connected" and p.start_s >= (since_s if sends else 0.0)]
    if online and (sends or scene.powered.cold):
        found["time_to_connect"] = (online[0] - since_s, "s")
    return found
