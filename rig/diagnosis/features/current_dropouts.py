"""Moments in which the device draws nothing: one that runs never does, so it was off or held in reset then.

The current tells this where the voltage can't: behind a regulator inside the device, or after a crash.
"""

from __future__ import annotations

import numpy as np

from rig.diagnosis.hypothesis import Candidate
from rig.diagnosis.outcome import EvidenceItem, FaultDomain, Verdict
from rig.diagnosis.scene import Scene
from rig.supply.restarts import PATIENCE

FEWEST = 3  # one may be a sample gone wrong, two an update's restarts
_FEWEST_ALONE = 5
_SETTLING_S = 0.5  # after power-on
_LONGEST_S = 0.1  # longer is a deep sleep
_RUNS = 10.0  # times the current of a dead device
_SCORE, _SCORE_MANY, _MANY = 0.7, 0.85, 15


def breaks(scene: Scene) -> tuple[float, ...]:
    """When the current fell to nothing for a moment (s); empty if it was not measured or the device hardly draws."""
    series, facts = scene.supply.current_a, scene.facts
    if series is None:
        return ()
    since_s = scene.powered.start_s + _SETTLING_S
    after = series.times_s >= since_s
    values = series.values[after]
    if len(values) == 0 or float(np.median(values)) < _RUNS * facts.dead_current_a:
        return ()
    lows = series.runs((series.values < facts.dead_current_a) & after, low=True)
    # A break that is still on at the end may as well be the device switched off.
    return tuple(d.start_s for d in lows if d.end_s - d.start_s <= _LONGEST_S and d.end_s < series.times_s[-1])


def cut_off(scene: Scene) -> Candidate | None:
    """The current breaks off again and again, to the end, while the voltage holds: restarts, whatever is shown."""
    supply = scene.supply
    if not supply.steady or supply.starved or not supply.fine_enough(scene.facts):
        return None
    times_s = breaks(scene)
    if len(times_s) < _FEWEST_ALONE:
        return None
    longest_s = float(np.max(np.diff(times_s)))
    assert supply.current_a is not None
    end_s = float(supply.current_a.times_s[-1])
    if end_s - times_s[-1] > PATIENCE * longest_s:
        return None
    text = (
        f"the device drew nothing at {len(times_s)} moments, while the voltage at it held: it starts anew each time, "
        "by a supply that gives way inside the device or by a crash"
    )
    item = EvidenceItem(times_s[0], times_s[-1], f"supply_a at nothing in {len(times_s)} samples", "supply")
    return Candidate(
        Verdict.BROWNOUT_LOOP,
        _SCORE_MANY if len(times_s) >= _MANY else _SCORE,
        text,
        (item,),
        (times_s[0], end_s),
        FaultDomain.DUT,
        frozenset({"dut", "steady_supply"}),
    )
