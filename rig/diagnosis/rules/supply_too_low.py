"""A device that runs on a supply too low for Wi-Fi."""

from __future__ import annotations

import numpy as np

from rig.diagnosis.checks.decoding_trust import BLOCKING_KINDS
from rig.diagnosis.features.blinkup_sending import sent_late
from rig.diagnosis.features.radio import radio_on
from rig.diagnosis.features.red_light import median_v, settled_after
from rig.diagnosis.features.restarts import proven_restarts
from rig.diagnosis.features.stages import is_red, patterns_since_settings
from rig.diagnosis.features.supply import starving_items, supply_side, whose_supply
from rig.diagnosis.hypothesis import Hypothesis
from rig.diagnosis.outcome import EvidenceItem
from rig.diagnosis.registry import rule
from rig.diagnosis.scene import Scene
from rig.diagnosis.thresholds import (
    BESIDE_THE_POINT,
    LOOP,
    LOW_ALL_ALONG,
    LOW_BUT_READ,
    REGULAR_CONFIDENCE,
    REGULAR_S,
    SAGS_RIDDEN_THROUGH,
    SAGS_UNCLEAR,
    SHOWN_ELSE,
)
from rig.diagnosis.verdicts import Verdict

_NOT_WIFI = frozenset({"connected", "no_settings", "legacy_no_settings", "eth_wait"})


@rule(decides={Verdict.SUPPLY_TOO_LOW}, needs=("dut_v", "supply_a"))
def supply_too_low(scene: Scene) -> Hypothesis | None:
    """The device runs, and its supply is or sags too low for Wi-Fi: it can't connect, and does not restart either."""
    supply, facts = scene.supply, scene.facts
    assert supply.dut_v is not None
    assert supply.current_a is not None
    volts, amps = median_v(scene), float(np.median(supply.current_a.values))
    if amps < facts.dead_current_a or proven_restarts(scene) is not None:
        return None
    since_s, until_s = float(supply.dut_v.times_s[0]), float(supply.dut_v.times_s[-1])
    score: float
    if volts < facts.min_wifi_v:
        score = LOW_BUT_READ if _named(scene, facts.healthy_connect_s) else LOW_ALL_ALONG
        text = f"the supply at the device is {volts:.2f} V"
    elif len(supply.weak) >= LOOP and not settled_after(scene, supply.weak[-1].end_s):
        since_s, until_s = supply.weak[0].start_s, supply.weak[-1].end_s
        runs_on = _named(scene, REGULAR_S) or (scene.power is not None and scene.power.ridden_through)
        score = SAGS_RIDDEN_THROUGH if runs_on else SAGS_UNCLEAR
        text = f"{len(supply.weak)} sags of the supply at the device"
        text += ", without a restart" if runs_on else ", and no pattern that shows whether it restarts"
    else:
        return None
    most, why_beside = _beside(scene)
    if why_beside:
        score = min(score, most)
        text += ", which may be beside the point: " + why_beside
    domain, why = whose_supply(supply, facts)
    text += f", Wi-Fi needs {facts.min_wifi_v:.2f} V, and the device draws {amps * 1000:.0f} mA: it runs; {why}"
    note = f"dut_v median {volts:.2f} V, least {np.min(supply.dut_v.values):.2f} V"
    evidence = (EvidenceItem(since_s, until_s, note, "supply"), *starving_items(supply))
    tags = frozenset({supply_side(supply, domain)})
    return Hypothesis(Verdict.SUPPLY_TOO_LOW, score, text, evidence, (since_s, until_s), domain, tags)


def _named(scene: Scene, for_s: float) -> bool:
    """Whether a pattern that is not the red of a supply fault was shown for that long."""
    return any(p.duration_s >= for_s and not is_red(p) for p in patterns_since_settings(scene))


def _beside(scene: Scene) -> tuple[float, str]:
    """The most that a low supply may count for, and why, where it is true but hardly what matters; (1, '') else."""
    last = (patterns_since_settings(scene) or (None,))[-1]
    shown = last is not None and last.confidence >= REGULAR_CONFIDENCE and last.duration_s >= REGULAR_S
    shown = shown and not any(p.kind in BLOCKING_KINDS for p in scene.problems)  # a low supply dims the LED too
    if last is not None and shown and last.code in _NOT_WIFI:
        return SHOWN_ELSE, f"it shows {last.code}, which no lack of Wi-Fi explains"
    if scene.wired:
        linked = radio_on(scene, scene.powered.start_s, scene.led_end_s) is True
        return (SHOWN_ELSE if linked else BESIDE_THE_POINT), "a cable needs no Wi-Fi"
    if sent_late(scene):
        return BESIDE_THE_POINT, "the BlinkUp came late"
    if scene.blinkups and not any(p.end_s > scene.blinkups[-1].end_s for p in scene.patterns):
        return BESIDE_THE_POINT, "what came of the BlinkUp could not be seen"
    return 1.0, ""
