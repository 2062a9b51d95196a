"""A device whose power never came, or went away for good."""

from __future__ import annotations

import numpy as np

from rig.diagnosis.features.supply import starving_items
from rig.diagnosis.hypothesis import Hypothesis
from rig.diagnosis.outcome import EvidenceItem, FaultDomain
from rig.diagnosis.registry import rule
from rig.diagnosis.scene import Scene
from rig.diagnosis.thresholds import LOOP, NEVER_POWERED
from rig.diagnosis.verdicts import Verdict


def _draws_after(scene: Scene, t_s: float) -> bool:
    """Whether the device still draws the current of one that runs, after `t_s`."""
    amps = scene.supply.current_a
    later = amps.values[amps.times_s > t_s] if amps is not None else ()
    return len(later) > 0 and float(np.median(later)) >= scene.facts.dead_current_a


@rule(decides={Verdict.UNDECIDED}, needs=("dut_v",))
def no_power(scene: Scene) -> Hypothesis | None:
    """The voltage at the device was measured and never came up, or went away for good without a power-off."""
    supply, facts = scene.supply, scene.facts
    assert supply.dut_v is not None
    first_s, last_s = float(supply.dut_v.times_s[0]), float(supply.dut_v.times_s[-1])
    if supply.risen_s is None:
        amps = float(np.median(supply.current_a.values)) if supply.current_a is not None else None
        if (amps is None and scene.patterns) or (amps is not None and amps >= facts.dead_current_a):
            return None
        high_v = float(np.max(supply.dut_v.values))
        text = f"the device never had power: dut_v reached {high_v:.2f} V, expected {facts.min_v:.1f} V or more"
        since_s = first_s
    elif supply.lost_s is not None and len(supply.collapses) < LOOP and not _draws_after(scene, supply.lost_s):
        text = f"the supply at the device went away at {supply.lost_s:.1f} s for good, without a power-off"
        since_s = supply.lost_s
    else:
        return None
    domain = FaultDomain.CONFIGURATION if supply.starved else FaultDomain.BENCH
    if supply.starved:
        text += "; the rig itself was told to starve it: made on purpose"
    item = EvidenceItem(since_s, last_s, f"dut_v below {facts.min_v:.1f} V", "supply")
    step = "check switch, wiring, contacts and set point between the regulator and the device, and repeat"
    evidence = (item, *starving_items(supply))
    window = (since_s, last_s)
    return Hypothesis(Verdict.UNDECIDED, NEVER_POWERED, text, evidence, window, domain, next_step=step)
