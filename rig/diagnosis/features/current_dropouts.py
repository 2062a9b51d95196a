"""Moments in which the device draws nothing: one that runs never does, so it was off or held in reset then.

The current tells this where the voltage can't: behind a regulator inside the device, or after a crash.
"""

from __future__ import annotations

import numpy as np

from rig.diagnosis.feature import feature
from rig.diagnosis.scene import Scene
from rig.diagnosis.thresholds import DROPOUT_LONGEST_S, RUNS_FACTOR, SETTLING_S


@feature
def dropouts(scene: Scene) -> tuple[float, ...]:
    """When the current fell to nothing for a moment (s); empty if it was not measured or the device hardly draws."""
    series, facts = scene.supply.current_a, scene.facts
    if series is None:
        return ()
    since_s = scene.powered.start_s + SETTLING_S
    after = series.times_s >= since_s
    values = series.values[after]
    if len(values) == 0 or float(np.median(values)) < RUNS_FACTOR * facts.dead_current_a:
        return ()
    lows = series.runs((series.values < facts.dead_current_a) & after, low=True)
    # A drop-out that is still on at the end may as well be the device switched off.
    return tuple(d.start_s for d in lows if d.end_s - d.start_s <= DROPOUT_LONGEST_S and d.end_s < series.times_s[-1])
