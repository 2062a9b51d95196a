"""Rules about the supply and about devices that don't run: evidence from the LED and from the supply together."""

from __future__ import annotations

import numpy as np

from rig.diagnosis.checks.decoding_trust import BLOCKING_KINDS
from rig.diagnosis.features.current_dropouts import cut_off
from rig.diagnosis.features.radio import radio_on
from rig.diagnosis.features.restarts import restarts_text, stages_text, unbroken
from rig.diagnosis.features.stages import is_red, tail
from rig.diagnosis.features.supply import Dip, Series, dips_item, starving_items, whose_supply
from rig.diagnosis.hypothesis import Candidate, Rule
from rig.diagnosis.outcome import EvidenceItem, FaultDomain, Verdict
from rig.diagnosis.rules.crash_loop import crash_loop
from rig.diagnosis.rules.led_polarity import amber_for_dark
from rig.diagnosis.rules.no_sign_of_life import dead, no_power, switched_off_by_code
from rig.diagnosis.scene import Scene, Seen

_REGULAR_S = 5.0  # two cycles of the slowest pattern
_FLASHES, _MANY = 5, 15
_SURE = 0.9
_NOT_WIFI = frozenset({"connected", "no_settings", "legacy_no_settings", "eth_wait"})
_SHOWN = 0.45  # not given out alone
_BESIDE = 0.7  # of two true things it may not be the one that counts
_LOOP = 3  # one dip may be a glitch and two a coincidence


def _settled_after(scene: Scene, t_s: float) -> bool:
    """Whether the device ran on normally for longer than a connection takes, after `t_s`."""
    return any(not is_red(p) and p.end_s - max(p.start_s, t_s) >= scene.facts.healthy_connect_s for p in tail(scene))


def _red(scene: Scene) -> Seen | None:
    """The last stretch of solid or very fast red, unless the device got over it."""
    reds = [p for p in tail(scene) if is_red(p)]
    return reds[-1] if reds and not _settled_after(scene, reds[-1].end_s) else None


def _is_solid(scene: Scene, red: Seen) -> bool:
    """Whether the red was seen without interruption; needs its measured duty, or the colours."""
    duty = red.details.get("duty")
    if isinstance(duty, int | float):
        return duty >= 0.97
    parts = [c for c in scene.colours if c.end_s > red.start_s and c.start_s < red.end_s and c.letter == "R"]
    lit_s = sum(min(c.end_s, red.end_s) - max(c.start_s, red.start_s) for c in parts)
    return lit_s >= 0.97 * red.duration_s > 0


def _clearing(scene: Scene, red: Seen) -> Series | None:
    """The voltage at the device, if measured finely enough and good enough to clear the supply of that red."""
    supply = scene.supply
    quiet = len(_pulses_in(scene, red)) < _LOOP and len(_notches_in(scene, red)) < _LOOP
    good = supply.steady and supply.fine_enough(scene.facts) and quiet
    return supply.dut_v if good else None


def _median_v(scene: Scene) -> float:
    return float(np.median(scene.supply.dut_v.values)) if scene.supply.dut_v is not None else 0.0


def _notches_in(scene: Scene, red: Seen) -> tuple[Dip, ...]:
    """The notches of the device's voltage while that red was shown."""
    return tuple(d for d in scene.supply.notches if red.start_s <= d.end_s and d.start_s <= red.end_s)


def _pulses_in(scene: Scene, red: Seen) -> tuple[Dip, ...]:
    """The pulses of current while that red was shown: what a radio drew before proves nothing about it."""
    return tuple(d for d in scene.supply.pulses if red.start_s <= d.end_s and d.start_s <= red.end_s)


def _flashes(scene: Scene, red: Seen) -> int:
    return sum(c.letter == "R" and red.start_s <= c.start_s <= red.end_s for c in scene.colours)


def _in_step(scene: Scene, red: Seen | None) -> bool:
    """Whether there is one notch of the supply for each flash of that red: each flash is a start then."""
    if red is None:
        return False
    flashes = _flashes(scene, red)
    notches = len(_notches_in(scene, red))
    return flashes >= _FLASHES and abs(notches - flashes) <= 0.2 * flashes


def brownout(scene: Scene) -> Candidate | None:
    """Boot, radio on, supply collapses, reset, again."""
    supply, facts = scene.supply, scene.facts
    red = _red(scene)
    if (proven := restarting(scene, red)) is not None:
        return proven
    dips = supply.collapses
    ridden = scene.power is not None and (scene.power.ridden_through or unbroken(scene)) and not _in_step(scene, red)
    looping = len(dips) >= _LOOP and not _settled_after(scene, dips[-1].end_s) and not ridden
    if red is None and not looping:
        return None
    evidence: list[EvidenceItem] = [red.item()] if red else []
    domain, why = whose_supply(supply, facts)
    tags: set[str] = set()
    if looping:
        evidence.append(dips_item(dips, facts.min_v, "the device can't run"))
        score = 0.97 if red else 0.92
        lights = "and the LED shows red as at each new start" if red else "whatever the LED shows between"
        text = f"the supply at the device collapsed {len(dips)} times, {lights}; {why}"
    elif red is not None and len(notched := _notches_in(scene, red)) >= _LOOP:
        depth_v = _median_v(scene) - min(d.extreme for d in notched)
        evidence.append(dips_item(notched, _median_v(scene) - facts.notch_v, "a collapse cut short by its own reset"))
        score = 0.93
        text = (
            f"while the LED shows red, the voltage at the device gives way again and again: {len(notched)} notches of "
            f"up to {depth_v:.2f} V; {why}"
        )
    elif supply.weak:
        evidence.append(dips_item(supply.weak, facts.min_wifi_v, "too low for Wi-Fi"))
        score, text = 0.88, f"red, and the supply at the device falls below what Wi-Fi needs; {why}"
    elif red is not None and len(pulses := _pulses_in(scene, red)) >= _LOOP:
        first, last = pulses[0], pulses[-1]
        peak_a = max(p.extreme for p in pulses)
        note = f"{len(pulses)} pulses of current, up to {peak_a:.3f} A"
        evidence.append(EvidenceItem(first.start_s, last.end_s, note, "supply"))
        score, text = (0.75, "red with repeated pulses of current, as of a radio that starts again and again")
        if supply.dut_v is None:
            score = 0.85
        text += f"; {why}" if supply.dut_v is None else ""
    elif supply.dut_v is None:
        tags.add("no_supply_trace")
        score, text = 0.65, f"red as of a supply that gives way, by the LED alone; {why}"
    else:
        score = 0.35 if red and _is_solid(scene, red) and _clearing(scene, red) else 0.55
        text = "red as of a supply that gives way, but no dip was measured"
        if red is not None and _flashes(scene, red) >= _MANY and not _is_solid(scene, red):
            score = 0.7  # nothing but restarts shows so many fast flashes of red, wherever the supply gives way
        if supply.starved and red is not None and not _is_solid(scene, red):
            score = 0.75  # on a supply made short, restarts are likelier than any other flicker
        if not supply.fine_enough(facts):
            interval_ms = supply.dut_v.interval_s * 1000
            text += f" (one sample per {interval_ms:.0f} ms: short dips may be missed)"
            tags.add("coarse_supply")
            domain = FaultDomain.UNKNOWN
    sags = len(scene.power.sags) if scene.power is not None else 0
    if supply.steady and supply.fine_enough(facts) and not supply.starved and max(len(supply.notches), sags) < _LOOP:
        domain = FaultDomain.DUT
        text += "; the voltage is steady where it is measured, so it gives way inside the device"
        tags.add("steady_supply")
    tags.add("starved" if supply.starved else domain.value)
    if red is not None and _updated_before(scene, red):
        tags.add("after_update")
    evidence += starving_items(scene.supply)
    start_s = min(e.start_s for e in evidence)
    end_s = max(e.end_s for e in evidence if e.source != "action")
    if red:
        score *= red.confidence if not looping else 1.0
    if ridden:
        score *= 0.5
        text += "; but the light shows no restart at the sags"
    return Candidate(Verdict.BROWNOUT_LOOP, score, text, tuple(evidence), (start_s, end_s), domain, frozenset(tags))


def restarting(scene: Scene, red: Seen | None) -> Candidate | None:
    """The device starts anew at each sag of its supply: proven by light and voltage together, whatever was decoded."""
    found = scene.power.restarts if scene.power is not None else None
    if found is None or not (found.ongoing or red is not None) or unbroken(scene):
        return None
    domain, why = whose_supply(scene.supply, scene.facts)
    seen = EvidenceItem(found.times_s[0], found.times_s[-1], restarts_text(found), "supply")
    evidence = (seen, *((red.item(),) if red is not None else ()), *starving_items(scene.supply))
    text = f"{restarts_text(found)}; {stages_text(scene, found)}; {why}"
    tags = frozenset({"starved" if scene.supply.starved else domain.value})
    return Candidate(Verdict.BROWNOUT_LOOP, 0.98, text, evidence, (found.times_s[0], found.times_s[-1]), domain, tags)


def too_low(scene: Scene) -> Candidate | None:
    """The device runs, and its supply is or sags too low for Wi-Fi: it can't connect, and does not restart either."""
    supply, facts = scene.supply, scene.facts
    if supply.dut_v is None or supply.current_a is None:
        return None
    volts, amps = _median_v(scene), float(np.median(supply.current_a.values))
    if amps < facts.dead_current_a or restarting(scene, _red(scene)) is not None:
        return None
    since_s, until_s = float(supply.dut_v.times_s[0]), float(supply.dut_v.times_s[-1])
    domain, why = whose_supply(supply, facts)
    if volts < facts.min_wifi_v:
        read = any(p.duration_s >= facts.healthy_connect_s and not is_red(p) for p in tail(scene))
        score, text = (0.75 if read else 0.93), f"the supply at the device is {volts:.2f} V"
    elif len(supply.weak) >= _LOOP and not _settled_after(scene, supply.weak[-1].end_s):
        since_s, until_s = supply.weak[0].start_s, supply.weak[-1].end_s
        named = any(p.duration_s >= _REGULAR_S and not is_red(p) for p in tail(scene))
        runs_on = named or (scene.power is not None and scene.power.ridden_through)
        score, text = (0.62 if runs_on else 0.45), f"{len(supply.weak)} sags of the supply at the device"
        text += ", without a restart" if runs_on else ", and no pattern that shows whether it restarts"
    else:
        return None
    most, why_beside = _beside(scene)
    if why_beside:
        score = min(score, most)
        text += ", which may be beside the point: " + why_beside
    text += f", Wi-Fi needs {facts.min_wifi_v:.2f} V, and the device draws {amps * 1000:.0f} mA: it runs; {why}"
    item = EvidenceItem(
        since_s, until_s, f"dut_v median {volts:.2f} V, least {np.min(supply.dut_v.values):.2f} V", "supply"
    )
    tags = frozenset({"starved" if supply.starved else domain.value})
    evidence = (item, *starving_items(scene.supply))
    return Candidate(Verdict.SUPPLY_TOO_LOW, score, text, evidence, (since_s, until_s), domain, tags)


def _beside(scene: Scene) -> tuple[float, str]:
    """The most that a low supply may count for, and why, where it is true but hardly what matters; (1, '') else."""
    last = (tail(scene) or (None,))[-1]
    shown = last is not None and last.confidence >= _SURE and last.duration_s >= _REGULAR_S
    shown = shown and not any(p.kind in BLOCKING_KINDS for p in scene.problems)  # a low supply dims the LED too
    if last is not None and shown and last.code in _NOT_WIFI:
        return _SHOWN, f"it shows {last.code}, which no lack of Wi-Fi explains"
    if scene.wired:
        linked = radio_on(scene, scene.powered.start_s, scene.led_end_s) is True
        return (_SHOWN if linked else _BESIDE), "a cable needs no Wi-Fi"
    if _sent_late(scene):
        return _BESIDE, "the BlinkUp came late"
    if scene.blinkups and not any(p.end_s > scene.blinkups[-1].end_s for p in scene.patterns):
        return _BESIDE, "what came of the BlinkUp could not be seen"
    return 1.0, ""


def _sent_late(scene: Scene) -> bool:
    """Whether the last BlinkUp came after the LED's window, so that nothing came of it whatever the supply was."""
    if not scene.powered.cold or not scene.blinkups:
        return False
    return scene.blinkups[-1].start_s > scene.powered.start_s + scene.facts.led_window_s


def _updated_before(scene: Scene, red: Seen) -> bool:
    """Whether green, of an update or of a connection that may have begun one, was shown before that red."""
    named = any(p.code in ("update", "legacy_install", "connected") and p.end_s <= red.start_s for p in scene.patterns)
    return named or scene.green_between(scene.powered.start_s, red.start_s)


def stuck_red(scene: Scene) -> Candidate | None:
    """Steady red although the supply was measured finely and is good: not a brown-out."""
    red = _red(scene)
    volts = _clearing(scene, red) if red is not None else None
    if red is None or volts is None or not _is_solid(scene, red):
        return None
    low_v = float(np.min(volts.values))
    note = f"dut_v never below {low_v:.2f} V, one sample per {volts.interval_s * 1000:.1f} ms"
    updated = _updated_before(scene, red)
    text = f"red without a break for {red.duration_s:.1f} s, while {low_v:.2f} V or more were measured at the device"
    return Candidate(
        Verdict.MODULE_FAULT,
        0.8 * red.confidence,
        text,
        (red.item(), EvidenceItem(float(volts.times_s[0]), float(volts.times_s[-1]), note, "supply")),
        (red.start_s, red.end_s),
        FaultDomain.DUT,
        frozenset({"stuck_red", "after_update"} if updated else {"stuck_red"}),
    )


POWER_RULES: tuple[Rule, ...] = (
    no_power,
    too_low,
    brownout,
    cut_off,
    stuck_red,
    crash_loop,
    amber_for_dark,
    dead,
    switched_off_by_code,
)
