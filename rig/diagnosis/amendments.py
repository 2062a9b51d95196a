"""What is true beside the winning hypothesis: a supply outside its limits, and readings that no rule proposes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from rig.diagnosis.features.stages import CODE_VERDICTS
from rig.diagnosis.features.supply import dips_item, whose_supply
from rig.diagnosis.hypothesis import Hypothesis
from rig.diagnosis.outcome import EvidenceItem
from rig.diagnosis.registry import alternative, amendment
from rig.diagnosis.scene import Scene
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import LOW_SUPPLY_BESIDE
from rig.diagnosis.verdicts import Trait, Verdict, with_trait, without_trait


@amendment(before=("low_supply",))
def high_supply(scene: Scene, hypothesis: Hypothesis, confidence: float) -> tuple[Hypothesis, float]:
    """Name a supply above its limit: it may have harmed the device."""
    dut_v, max_v = scene.supply.dut_v, scene.facts.max_v
    if dut_v is None or hypothesis.verdict in with_trait(Trait.SUPPLY):
        return hypothesis, confidence
    high_v = float(np.max(dut_v.values))
    if high_v <= max_v:
        return hypothesis, confidence
    note = f"dut_v up to {high_v:.2f} V, above {max_v:.2f} V"
    item = EvidenceItem(float(dut_v.times_s[0]), float(dut_v.times_s[-1]), note, "supply")
    text = f"; the supply was too high ({high_v:.2f} V, allowed {max_v:.2f} V) and may have harmed the device"
    amended = replace(hypothesis, reason=hypothesis.reason + text, evidence=(*hypothesis.evidence, item))
    return amended, confidence


@amendment(before=("low_supply",))
def collapses_elsewhere(scene: Scene, hypothesis: Hypothesis, confidence: float) -> tuple[Hypothesis, float]:
    """Name collapses of the supply at other times than the deciding ones: the device restarted there."""
    start_s, end_s = hypothesis.decisive_s
    lost_s = float("inf") if scene.supply.lost_s is None else scene.supply.lost_s
    outside = tuple(
        d for d in scene.supply.collapses if d.start_s < lost_s and (d.end_s < start_s or d.start_s > end_s)
    )
    if not outside or hypothesis.verdict in with_trait(Trait.SUPPLY):
        return hypothesis, confidence
    times = "once" if len(outside) == 1 else f"{len(outside)} times"
    text = f"; before or after that the supply at the device collapsed {times}, which restarts it"
    item = dips_item(outside, scene.facts.min_v, "a restart with each")
    return replace(hypothesis, reason=hypothesis.reason + text, evidence=(*hypothesis.evidence, item)), confidence


@amendment()
def low_supply(scene: Scene, hypothesis: Hypothesis, confidence: float) -> tuple[Hypothesis, float]:
    """Name a supply too low for Wi-Fi; if it explains the failure as well, the fault is where the supply's is."""
    start_s, end_s = hypothesis.decisive_s
    weak = tuple(d for d in scene.supply.weak if d.end_s >= start_s and d.start_s <= end_s)
    if scene.supply.dut_v is None or not weak or hypothesis.verdict in with_trait(Trait.SUPPLY):
        return hypothesis, confidence
    min_v = scene.facts.min_wifi_v
    domain, why = whose_supply(scene.supply, scene.facts)
    low_v = min(d.extreme for d in weak)
    text = f"; the supply at the device fell to {low_v:.2f} V, Wi-Fi needs {min_v:.2f} V: {why}"
    item = dips_item(weak, min_v, "too low for Wi-Fi")
    amended = replace(hypothesis, reason=hypothesis.reason + text, evidence=(*hypothesis.evidence, item))
    if hypothesis.verdict in without_trait(Trait.LOW_SUPPLY):
        return amended, confidence
    return replace(amended, domain=domain, tags=amended.tags | {Tag.LOW_SUPPLY}), LOW_SUPPLY_BESIDE * confidence


@alternative(before=("same_as_ethernet",))
def other_readings(scene: Scene, hypothesis: Hypothesis) -> Iterator[tuple[Verdict, str]]:
    """Codes that the deciding light fits nearly as well."""
    start_s, end_s = hypothesis.decisive_s
    for span in scene.seen:
        if span.code is None or span.end_s <= start_s or span.start_s >= end_s:
            continue
        for code in span.alternatives:
            verdict = CODE_VERDICTS.get(code)
            if verdict is not None and verdict is not hypothesis.verdict:
                yield verdict, f"the light could also be {code}, but fits {span.code} better"


@alternative()
def same_as_ethernet(scene: Scene, hypothesis: Hypothesis) -> Iterator[tuple[Verdict, str]]:
    """An imp005 that waits for a cable shows what it shows without settings."""
    if scene.wired and hypothesis.verdict is Verdict.NO_SETTINGS:
        yield (
            Verdict.WAITING_FOR_ETHERNET,
            "the guide calls the imp005's Ethernet pattern identical to this one",
        )
