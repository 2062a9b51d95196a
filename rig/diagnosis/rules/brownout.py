"""A device that restarts because its supply gives way: told by light and voltage together, or by the better witness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rig.diagnosis.features.collapse_losses import collapse_losses
from rig.diagnosis.features.red_light import (
    clearing_voltage,
    in_step,
    is_solid,
    last_red,
    median_v,
    notches_in,
    pulses_in,
    red_flashes,
    settled_after,
    updated_before,
)
from rig.diagnosis.features.restarts import proven_restarts, restarts_text, stages_text, unbroken
from rig.diagnosis.features.supply import dips_item, starving_items, supply_side, whose_supply
from rig.diagnosis.hypothesis import Hypothesis
from rig.diagnosis.outcome import EvidenceItem, FaultDomain
from rig.diagnosis.registry import rule
from rig.diagnosis.scene import Scene, SceneSpan
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import (
    COLLAPSES,
    COLLAPSES_IN_RED,
    FAST_RED,
    FAST_RED_STARVED,
    LOOP,
    MANY_FLASHES,
    RED_ALONE,
    RED_ON_GOOD_SUPPLY,
    RED_WITH_NOTCHES,
    RED_WITH_PULSES,
    RED_WITH_PULSES_ONLY,
    RED_WITH_SAGS,
    RED_WITHOUT_DIP,
    RESTARTS_PROVEN,
    RIDDEN_THROUGH,
)
from rig.diagnosis.verdicts import Verdict


@rule(decides={Verdict.BROWNOUT_LOOP})
def restarts_at_sags(scene: Scene) -> Hypothesis | None:
    """The device starts anew at each sag of its supply, whatever the decoder made of its light."""
    found = proven_restarts(scene)
    if found is None:
        return None
    red = last_red(scene)
    domain, why = whose_supply(scene.supply, scene.facts)
    seen = EvidenceItem(found.times_s[0], found.times_s[-1], restarts_text(found), "supply")
    return Hypothesis(
        Verdict.BROWNOUT_LOOP,
        RESTARTS_PROVEN,
        f"{restarts_text(found)}; {stages_text(scene, found)}; {why}",
        (seen, *((red.item(),) if red is not None else ()), *starving_items(scene.supply)),
        (found.times_s[0], found.times_s[-1]),
        domain,
        frozenset({supply_side(scene.supply, domain)}),
    )


# What the light shows last, that it is online, is true beside it: the next collapse ends it as those before.
@rule(decides={Verdict.BROWNOUT_LOOP}, needs=("dut_v",), before=("last_pattern",))
def online_until_collapses(scene: Scene) -> Hypothesis | None:
    """It comes online again and again, and each time a collapse of the supply ends that: its code is not at fault."""
    found = collapse_losses(scene)
    if found is None or scene.supply.dut_v is None:
        return None
    domain, why = whose_supply(scene.supply, scene.facts)
    lowest_v = min(dip.extreme for dip in found.dips)
    longest_s = max(dip.end_s - dip.start_s for dip in found.dips) + scene.supply.dut_v.interval_s
    return Hypothesis(
        Verdict.BROWNOUT_LOOP,
        COLLAPSES * min(green.confidence for green in found.greens),
        f"it was online {len(found.dips)} times until its supply collapsed, down to {lowest_v:.2f} V and for up to "
        f"{longest_s * 1000:.0f} ms; {why}",
        (
            *(green.item() for green in found.greens),
            dips_item(found.dips, scene.facts.min_v, "a loss with each"),
            *starving_items(scene.supply),
        ),
        (found.greens[0].start_s, scene.led_end_s),
        domain,
        frozenset({supply_side(scene.supply, domain)}),
    )


@dataclass(frozen=True)
class Finding:
    """How strongly one kind of evidence speaks for a loop of brown-outs (0..1), and in which words."""

    score: float
    text: str
    evidence: tuple[EvidenceItem, ...] = ()
    tags: frozenset[Tag] = frozenset()
    domain: FaultDomain | None = None
    by_red: bool = True
    """Whether it is as sure as the red that the LED shows."""


@dataclass(frozen=True)
class Suspicion:
    """A scene with solid or very fast red, or with collapses of the supply in a loop; `why`: whose the supply is."""

    scene: Scene
    red: SceneSpan | None
    looping: bool
    why: str


def _collapses(case: Suspicion) -> Finding | None:
    """The supply collapses below what a device runs with."""
    if not case.looping:
        return None
    dips, min_v = case.scene.supply.collapses, case.scene.facts.min_v
    lights = "and the LED shows red as at each new start" if case.red else "whatever the LED shows between"
    return Finding(
        COLLAPSES_IN_RED if case.red else COLLAPSES,
        f"the supply at the device collapsed {len(dips)} times, {lights}; {case.why}",
        (dips_item(dips, min_v, "the device can't run"),),
        by_red=False,
    )


def _notches(case: Suspicion) -> Finding | None:
    """The voltage gives way while red is shown; a collapse ends with the reset that it causes, and looks shallow."""
    notched = notches_in(case.scene, case.red) if case.red is not None else ()
    if len(notched) < LOOP:
        return None
    usual_v = median_v(case.scene)
    depth_v = usual_v - min(d.extreme for d in notched)
    level_v = usual_v - case.scene.facts.notch_v
    return Finding(
        RED_WITH_NOTCHES,
        f"while the LED shows red, the voltage at the device gives way again and again: {len(notched)} notches of "
        f"up to {depth_v:.2f} V; {case.why}",
        (dips_item(notched, level_v, "a collapse cut short by its own reset"),),
    )


def _sags(case: Suspicion) -> Finding | None:
    """The supply falls below what Wi-Fi needs."""
    weak, wifi_v = case.scene.supply.weak, case.scene.facts.min_wifi_v
    if not weak:
        return None
    text = f"red, and the supply at the device falls below what Wi-Fi needs; {case.why}"
    return Finding(RED_WITH_SAGS, text, (dips_item(weak, wifi_v, "too low for Wi-Fi"),))


def _pulses(case: Suspicion) -> Finding | None:
    """The current pulses as that of a radio which starts again and again."""
    pulses = pulses_in(case.scene, case.red) if case.red is not None else ()
    if len(pulses) < LOOP:
        return None
    peak_a = max(p.extreme for p in pulses)
    note = f"{len(pulses)} pulses of current, up to {peak_a:.3f} A"
    items = (EvidenceItem(pulses[0].start_s, pulses[-1].end_s, note, "supply"),)
    text = "red with repeated pulses of current, as of a radio that starts again and again"
    if case.scene.supply.dut_v is None:
        return Finding(RED_WITH_PULSES_ONLY, f"{text}; {case.why}", items)
    return Finding(RED_WITH_PULSES, text, items)


def _light_alone(case: Suspicion) -> Finding | None:
    """Nobody measured the voltage at the device."""
    if case.scene.supply.dut_v is not None:
        return None
    text = f"red as of a supply that gives way, by the LED alone; {case.why}"
    return Finding(RED_ALONE, text, tags=frozenset({Tag.NO_SUPPLY_TRACE}))


def _no_dip(case: Suspicion) -> Finding | None:
    """The voltage was measured and shows no dip."""
    scene, red, supply = case.scene, case.red, case.scene.supply
    if supply.dut_v is None:
        return None
    score: float = RED_WITHOUT_DIP
    if red is not None and is_solid(scene, red):
        score = RED_ON_GOOD_SUPPLY if clearing_voltage(scene, red) else RED_WITHOUT_DIP
    elif red is not None and supply.starved:
        score = FAST_RED_STARVED  # on a supply made short, restarts are likelier than any other flicker
    elif red is not None and red_flashes(scene, red) >= MANY_FLASHES:
        score = FAST_RED  # only restarts show fast flashes of red for that long, wherever the supply gives way
    text = "red as of a supply that gives way, but no dip was measured"
    if supply.fine_enough(scene.facts):
        return Finding(score, text)
    interval_ms = supply.dut_v.interval_s * 1000
    text += f" (one sample per {interval_ms:.0f} ms: short dips may be missed)"
    return Finding(score, text, tags=frozenset({Tag.COARSE_SUPPLY}), domain=FaultDomain.UNKNOWN)


# The strongest kind of evidence first: the first one that is there speaks.
_KINDS: tuple[Callable[[Suspicion], Finding | None], ...] = (
    _collapses,
    _notches,
    _sags,
    _pulses,
    _light_alone,
    _no_dip,
)


@rule(decides={Verdict.BROWNOUT_LOOP})
def brownout(scene: Scene) -> Hypothesis | None:
    """Boot, radio on, supply collapses, reset, again."""
    supply, red = scene.supply, last_red(scene)
    if proven_restarts(scene) is not None:
        return None
    ridden = scene.power is not None and (scene.power.ridden_through or unbroken(scene)) and not in_step(scene, red)
    collapses = supply.collapses
    looping = len(collapses) >= LOOP and not settled_after(scene, collapses[-1].end_s) and not ridden
    if red is None and not looping:
        return None
    domain, why = whose_supply(supply, scene.facts)
    case = Suspicion(scene, red, looping, why)
    found = next(f for kind in _KINDS if (f := kind(case)) is not None)
    if _inside_device(scene):
        found = replace(
            found,
            text=found.text + "; the voltage is steady where it is measured, so it gives way inside the device",
            tags=found.tags | {Tag.STEADY_SUPPLY},
            domain=FaultDomain.DUT,
        )
    domain = domain if found.domain is None else found.domain
    tags = found.tags | {supply_side(supply, domain)}
    if red is not None and updated_before(scene, red):
        tags |= {Tag.AFTER_UPDATE}
    evidence = (*((red.item(),) if red else ()), *found.evidence, *starving_items(supply))
    score = found.score * (red.confidence if red and found.by_red else 1.0)
    text = found.text
    if ridden:
        score *= RIDDEN_THROUGH
        text += "; but the light shows no restart at the sags"
    window = (min(e.start_s for e in evidence), max(e.end_s for e in evidence if e.source != "action"))
    return Hypothesis(Verdict.BROWNOUT_LOOP, score, text, evidence, window, domain, tags)


def _inside_device(scene: Scene) -> bool:
    """Whether the voltage holds where it is measured, so that what gives way lies behind that place."""
    supply = scene.supply
    sags = len(scene.power.sags) if scene.power is not None else 0
    held = supply.steady and supply.fine_enough(scene.facts) and not supply.starved
    return held and max(len(supply.notches), sags) < LOOP
