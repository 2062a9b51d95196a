"""From a recording and its decoded light to an outcome: every rule proposes, the best supported proposal is given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rig.diagnosis.checks.contradictions import SUSPECTS, contradictions
from rig.diagnosis.checks.decoding_trust import discount
from rig.diagnosis.corrections.merge_ambiguous import with_agreed_spans
from rig.diagnosis.corrections.steady_light import with_steady_red, without_false_light
from rig.diagnosis.decoded_light import DecodedLike
from rig.diagnosis.features.blinkup_response import reaction
from rig.diagnosis.features.radio import turned
from rig.diagnosis.features.restarts import power_measurements
from rig.diagnosis.features.stages import CODE_VERDICTS, ON_THE_WAY
from rig.diagnosis.features.supply import dips_item, supply_measurements, whose_supply
from rig.diagnosis.hypothesis import Candidate, Rule, Weighed
from rig.diagnosis.outcome import EvidenceItem, FaultDomain, Outcome, Verdict
from rig.diagnosis.rules.blinkup import BLINKUP_RULES, LISTENING_VERDICTS, not_kept
from rig.diagnosis.rules.brownout import POWER_RULES
from rig.diagnosis.rules.connection import NETWORK_RULES
from rig.diagnosis.scene import Scene, build_scene
from rig.diagnosis.text.advice import advice_for, page_of, summary_of
from rig.diagnosis.thresholds import DeviceFacts
from rig.diagnosis.undecided import not_enough, undecided
from rig.recording import Recording

RULES: tuple[Rule, ...] = (*POWER_RULES, *BLINKUP_RULES, *NETWORK_RULES)

# Failures that a supply too low for Wi-Fi explains as well.
_RADIO = frozenset(
    {
        Verdict.NETWORK_NOT_FOUND,
        Verdict.JOIN_REFUSED,
        Verdict.NO_ADDRESS,
        Verdict.NAME_NOT_RESOLVED,
        Verdict.SERVER_UNREACHABLE,
        Verdict.LOST_CONNECTION,
        Verdict.PROXY_FAULT,
        Verdict.WPS_WAITING,
        Verdict.CELLULAR_MODEM,
        Verdict.CELLULAR_SIM,
        Verdict.CELLULAR_REGISTERING,
        Verdict.CELLULAR_DENIED,
        Verdict.CELLULAR_PPP,
        Verdict.CELLULAR_PPP_CHECK,
    }
)


def judge(
    recording: Recording,
    decoded: DecodedLike,
    *,
    device: DeviceFacts | None = None,
    expectation: Verdict | None = None,
) -> Outcome:
    """Say what happened to the device in the last powered stretch of a recording.

    Pure and deterministic. With too little evidence the verdict is `undecided`, and the summary says what is missing
    and what to do next. `expectation` is only compared with the verdict, it never changes it.
    """
    facts = device if device is not None else DeviceFacts()
    scene = build_scene(recording, decoded, facts)
    if scene is None:
        reason = "the device was never powered in this recording"
        return undecided(reason, "switch the supply on and repeat", FaultDomain.BENCH, expectation=expectation)
    scene = with_agreed_spans(with_steady_red(without_false_light(scene)))
    return replace(_decide(scene, expectation), power=scene.power)


def _decide(scene: Scene, expectation: Verdict | None) -> Outcome:
    facts = scene.facts
    weighed = _weigh(scene)
    best = weighed[0] if weighed else None
    if best is None or best.candidate.verdict is Verdict.UNDECIDED or best.confidence < facts.min_confidence:
        return not_enough(scene, weighed, expectation)
    candidate, confidence = _name_low_supply(scene, best)
    page = page_of(candidate.verdict)
    domain = candidate.domain if candidate.domain is not None else page.domain
    return Outcome(
        candidate.verdict,
        round(confidence, 4),
        domain,
        summary_of(page.title, page.meaning, candidate.reason, domain, candidate.verdict, expectation),
        candidate.evidence,
        _alternatives(scene, weighed[1:], candidate),
        advice_for(candidate.verdict, candidate.tags),
        _measure(scene, candidate),
        None if expectation is None else candidate.verdict is expectation,
    )


def _weigh(scene: Scene) -> list[Weighed]:
    """All proposals, best first; equal ones in the order of the rules."""
    proposals = [c for rule in RULES if (c := rule(scene)) is not None]
    unanswered = any(rule(scene) is not None for rule in BLINKUP_RULES[:2])
    forgot = not_kept(scene)
    weighed = []
    for c in proposals:
        if unanswered and c.verdict in LISTENING_VERDICTS:
            c = _beside_the_blinkup(scene, c)
        elif forgot is not None and "amber_again" in forgot.tags and c.verdict is Verdict.NO_SETTINGS:
            c = replace(c, score=0.5 * c.score, reason=c.reason + "; but settings were sent, and green answered them")
        against, why = contradictions(scene, c)
        factor, note, blocked = discount(scene, c)
        factor, note = against * factor, why + note
        c = (
            replace(c, reason=c.reason + note, domain=FaultDomain.BENCH)
            if blocked
            else replace(c, reason=c.reason + note)
        )
        weighed.append(Weighed(c, min(1.0, c.score * factor)))
    return sorted(weighed, key=lambda w: -w.confidence)


def _beside_the_blinkup(scene: Scene, c: Candidate) -> Candidate:
    """A pattern after a BlinkUp without an answer decides nothing, unless the radio turned and fits what is shown."""
    word, r = turned(scene), reaction(scene)
    fits = c.verdict in ON_THE_WAY if word == "started" else c.verdict is Verdict.NO_SETTINGS
    note = f"; its radio {word} with the BlinkUp, whose answer was not seen: {SUSPECTS}" if word else ""
    if word and fits and r is not None and r.refused is None:
        return replace(c, reason=c.reason + note)
    return replace(c, score=0.5 * c.score, reason=c.reason + "; but this is not an answer to the BlinkUp" + note)


def _name_low_supply(scene: Scene, best: Weighed) -> tuple[Candidate, float]:
    """Name a supply outside its limits; if it explains the failure as well, the fault is where the supply's is."""
    c, facts, supply = best.candidate, scene.facts, scene.supply
    if supply.dut_v is None or c.verdict in (Verdict.BROWNOUT_LOOP, Verdict.SUPPLY_TOO_LOW):
        return c, best.confidence
    confidence = best.confidence
    high_v = float(np.max(supply.dut_v.values))
    if high_v > facts.max_v:
        first_s, last_s = float(supply.dut_v.times_s[0]), float(supply.dut_v.times_s[-1])
        item = EvidenceItem(first_s, last_s, f"dut_v up to {high_v:.2f} V, above {facts.max_v:.2f} V", "supply")
        text = f"; the supply was too high ({high_v:.2f} V, allowed {facts.max_v:.2f} V) and may have harmed the device"
        c = replace(c, reason=c.reason + text, evidence=(*c.evidence, item))
    start_s, end_s = c.decisive_s
    weak = tuple(d for d in supply.weak if d.end_s >= start_s and d.start_s <= end_s)
    if not weak:
        return c, confidence
    domain, why = whose_supply(supply, facts)
    low_v = min(d.extreme for d in weak)
    text = f"; the supply at the device fell to {low_v:.2f} V, Wi-Fi needs {facts.min_wifi_v:.2f} V: {why}"
    c = replace(
        c, reason=c.reason + text, evidence=(*c.evidence, dips_item(weak, facts.min_wifi_v, "too low for Wi-Fi"))
    )
    if c.verdict in _RADIO:
        c = replace(c, domain=domain, tags=c.tags | {"low_supply"})
        confidence *= 0.9
    return c, confidence


def _alternatives(scene: Scene, others: list[Weighed], chosen: Candidate) -> tuple[tuple[Verdict, str], ...]:
    """Rival verdicts with why they are less likely: other proposals, then other readings of the deciding light."""
    found: dict[Verdict, str] = {}
    for other in others:
        c = other.candidate
        if c.verdict not in (chosen.verdict, Verdict.UNDECIDED):
            found.setdefault(c.verdict, f"less supported ({other.confidence:.2f}): {c.reason}")
    start_s, end_s = chosen.decisive_s
    for span in scene.seen:
        if span.code is None or span.end_s <= start_s or span.start_s >= end_s:
            continue
        for code in span.alternatives:
            verdict = CODE_VERDICTS.get(code)
            if verdict is not None and verdict is not chosen.verdict:
                found.setdefault(verdict, f"the light could also be {code}, but fits {span.code} better")
    if scene.facts.model == "imp005" and chosen.verdict is Verdict.NO_SETTINGS:
        found.setdefault(
            Verdict.WAITING_FOR_ETHERNET, "the guide calls the imp005's Ethernet pattern identical to this one"
        )
    return tuple(found.items())


def _measure(scene: Scene, c: Candidate) -> dict[str, tuple[float, str]]:
    found = {**supply_measurements(scene.supply), **power_measurements(scene.power)}
    found["observed"] = (scene.led_end_s - scene.powered.start_s, "s")
    found["decisive"] = (c.decisive_s[1] - c.decisive_s[0], "s")
    sends = [a.end_s for a in scene.blinkups]
    online = [p.start_s for p in scene.patterns if p.code == "connected" and p.start_s >= (sends[-1] if sends else 0.0)]
    if online and (sends or scene.powered.cold):
        found["time_to_connect"] = (online[0] - (sends[-1] if sends else scene.powered.start_s), "s")
    return found
