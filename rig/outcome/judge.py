"""From a recording and its decoded light to an outcome: every rule proposes, the best supported proposal is given."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rig.outcome.activity import turned
from rig.outcome.advice import advice_for, page_of
from rig.outcome.candidate import Candidate, Rule
from rig.outcome.contradiction import SUSPECTS, contradictions
from rig.outcome.evidence import Scene, build_scene
from rig.outcome.facts import DeviceFacts
from rig.outcome.loops import power_measurements
from rig.outcome.meaning import CODE_VERDICTS, ON_THE_WAY
from rig.outcome.outcome import EvidenceItem, FaultDomain, Outcome, Verdict
from rig.outcome.polarity import brighter_when_powered
from rig.outcome.rules_blinkup import BLINKUP_RULES, LISTENING_VERDICTS, reaction
from rig.outcome.rules_network import NETWORK_RULES
from rig.outcome.rules_power import POWER_RULES
from rig.outcome.spans import DecodedLike
from rig.outcome.steady import with_steady_red
from rig.outcome.supply import dips_item, supply_measurements, whose_supply
from rig.outcome.trust import discount
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
    }
)


@dataclass(frozen=True)
class _Weighed:
    candidate: Candidate
    confidence: float


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
        return _undecided(reason, "switch the supply on and repeat", FaultDomain.BENCH, expectation=expectation)
    scene = with_steady_red(scene)
    return replace(_decide(scene, expectation), power=scene.power)


def _decide(scene: Scene, expectation: Verdict | None) -> Outcome:
    facts = scene.facts
    weighed = _weigh(scene)
    best = weighed[0] if weighed else None
    if best is None or best.candidate.verdict is Verdict.UNDECIDED or best.confidence < facts.min_confidence:
        return _not_enough(scene, weighed, expectation)
    candidate, confidence = _name_low_supply(scene, best)
    page = page_of(candidate.verdict)
    domain = candidate.domain if candidate.domain is not None else page.domain
    return Outcome(
        candidate.verdict,
        round(confidence, 4),
        domain,
        _summary(page.title, page.meaning, candidate.reason, domain, candidate.verdict, expectation),
        candidate.evidence,
        _alternatives(scene, weighed[1:], candidate),
        advice_for(candidate.verdict, candidate.tags),
        _measure(scene, candidate),
        None if expectation is None else candidate.verdict is expectation,
    )


def _weigh(scene: Scene) -> list[_Weighed]:
    """All proposals, best first; equal ones in the order of the rules."""
    proposals = [c for rule in RULES if (c := rule(scene)) is not None]
    unanswered = any(rule(scene) is not None for rule in BLINKUP_RULES[:2])
    weighed = []
    for c in proposals:
        if unanswered and c.verdict in LISTENING_VERDICTS:
            c = _beside_the_blinkup(scene, c)
        against, why = contradictions(scene, c)
        factor, note, blocked = discount(scene, c)
        factor, note = against * factor, why + note
        c = (
            replace(c, reason=c.reason + note, domain=FaultDomain.BENCH)
            if blocked
            else replace(c, reason=c.reason + note)
        )
        weighed.append(_Weighed(c, min(1.0, c.score * factor)))
    return sorted(weighed, key=lambda w: -w.confidence)


def _beside_the_blinkup(scene: Scene, c: Candidate) -> Candidate:
    """A pattern after a BlinkUp without an answer decides nothing, unless the radio turned and fits what is shown."""
    word, r = turned(scene), reaction(scene)
    fits = c.verdict in ON_THE_WAY if word == "started" else c.verdict is Verdict.NO_SETTINGS
    note = f"; its radio {word} with the BlinkUp, whose answer was not seen: {SUSPECTS}" if word else ""
    if word and fits and r is not None and r.refused is None:
        return replace(c, reason=c.reason + note)
    return replace(c, score=0.5 * c.score, reason=c.reason + "; but this is not an answer to the BlinkUp" + note)


def _name_low_supply(scene: Scene, best: _Weighed) -> tuple[Candidate, float]:
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


def _alternatives(scene: Scene, others: list[_Weighed], chosen: Candidate) -> tuple[tuple[Verdict, str], ...]:
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


# Problems of the light that no device makes; levels that don't fit may as well be those of a broken or weak LED.
_OF_THE_BENCH = frozenset({"rail", "sampling", "samples", "noise", "colours"})


def _not_enough(scene: Scene, weighed: list[_Weighed], expectation: Verdict | None) -> Outcome:
    """Why there is no verdict, what is missing, and what the likeliest verdicts would have been."""
    found: dict[Verdict, str] = {}
    likely: tuple[str, ...] = ()
    for w in weighed:
        if w.candidate.verdict is not Verdict.UNDECIDED:
            found.setdefault(w.candidate.verdict, f"not proven ({w.confidence:.2f}): {w.candidate.reason}")
    if weighed:
        c = weighed[0].candidate
        named = c.verdict is Verdict.UNDECIDED
        reason = c.reason if named else f"{page_of(c.verdict).title} is likeliest, but not proven: {c.reason}"
        domain = c.domain if c.domain is not None and (named or c.domain is FaultDomain.BENCH) else FaultDomain.UNKNOWN
        evidence, step = c.evidence, c.next_step
        likely = () if named else advice_for(c.verdict, c.tags)
        confidence = weighed[0].confidence if named else 1.0 - weighed[0].confidence
        if SUSPECTS not in reason and any(_doubts_colours(w.candidate) for w in weighed):
            reason += f"; {SUSPECTS}"
    else:
        reason, step = _what_is_missing(scene)
        domain, evidence, confidence = FaultDomain.UNKNOWN, tuple(s.item() for s in scene.seen), 1.0
        for code in (code for s in scene.seen for code in s.alternatives if code in CODE_VERDICTS):
            found.setdefault(CODE_VERDICTS[code], "one reading of light that was not decided")
        if scene.problems:
            reason += "; decoding reports: " + "; ".join(p.text for p in scene.problems)
            if any(p.kind in _OF_THE_BENCH for p in scene.problems):
                domain = FaultDomain.BENCH
    if brighter_when_powered(scene):
        step = step or "look at the LED"
        reason += "; light that rose after power-on and stayed may be the LED itself, solid red or never dark"
        likely += advice_for(Verdict.BROWNOUT_LOOP, frozenset({"unknown"}))[:1]
        likely += advice_for(Verdict.MODULE_FAULT, frozenset({"polarity"}))[:1]
    measured = {**supply_measurements(scene.supply), **power_measurements(scene.power)}
    return _undecided(reason, step, domain, confidence, evidence, tuple(found.items()), measured, expectation, likely)


def _doubts_colours(c: Candidate) -> bool:
    return SUSPECTS in c.reason or "polarity" in c.tags


def _what_is_missing(scene: Scene) -> tuple[str, str]:
    if not scene.seen:
        return "nothing was seen of the LED", "check that the sensor was sampled, and record from power-on"
    if scene.undecided_s() > 0:
        share = scene.undecided_s() / max(scene.led_end_s - scene.seen[0].start_s, 1e-9)
        text = f"the light could not be read for {min(1.0, share):.0%} of the time"
        step = (
            "check sensor, ambient light, calibration and the LED's own colours (a dead or exchanged die), and record "
        )
        return text, step + "for longer"
    seen_s = scene.led_end_s - scene.powered.start_s
    return f"the LED was seen for {seen_s:.1f} s and showed no pattern", "record from power-on until the LED goes dark"


def _undecided(
    reason: str,
    step: str,
    domain: FaultDomain,
    confidence: float = 1.0,
    evidence: tuple[EvidenceItem, ...] = (),
    rivals: tuple[tuple[Verdict, str], ...] = (),
    measurements: dict[str, tuple[float, str]] | None = None,
    expectation: Verdict | None = None,
    likely: tuple[str, ...] = (),
) -> Outcome:
    page = page_of(Verdict.UNDECIDED)
    first = (step[0].upper() + step[1:] + ".",) if step else ()
    advice = tuple(dict.fromkeys((*first, *likely, *advice_for(Verdict.UNDECIDED))))
    summary = _summary(page.title, page.meaning, reason, domain, Verdict.UNDECIDED, expectation)
    if step:
        summary += f" Next: {step}."
    as_expected = None if expectation is None else expectation is Verdict.UNDECIDED
    return Outcome(
        Verdict.UNDECIDED,
        round(min(1.0, max(0.0, confidence)), 4),
        domain,
        summary,
        evidence,
        rivals,
        advice,
        measurements or {},
        as_expected,
    )


_DOMAIN_WORDS = {
    FaultDomain.DUT: "The fault lies with the device.",
    FaultDomain.BENCH: "The fault lies with the bench.",
    FaultDomain.INFRASTRUCTURE: "The fault lies with the network or the server.",
    FaultDomain.CONFIGURATION: "The fault lies with the configuration or with conditions made on purpose.",
    FaultDomain.NONE: "Nothing is at fault.",
    FaultDomain.UNKNOWN: "Whose fault it is can't be told from this.",
}


def _summary(
    title: str, meaning: str, reason: str, domain: FaultDomain, verdict: Verdict, expectation: Verdict | None
) -> str:
    text = f"{title}. {meaning} Seen: {reason}. {_DOMAIN_WORDS[domain]}"
    if expectation is not None:
        text += " This was expected." if verdict is expectation else f" Expected was: {page_of(expectation).title}."
    return text


def _measure(scene: Scene, c: Candidate) -> dict[str, tuple[float, str]]:
    found = {**supply_measurements(scene.supply), **power_measurements(scene.power)}
    found["observed"] = (scene.led_end_s - scene.powered.start_s, "s")
    found["decisive"] = (c.decisive_s[1] - c.decisive_s[0], "s")
    sends = [a.end_s for a in scene.blinkups]
    online = [p.start_s for p in scene.patterns if p.code == "connected" and p.start_s >= (sends[-1] if sends else 0.0)]
    if online and (sends or scene.powered.cold):
        found["time_to_connect"] = (online[0] - (sends[-1] if sends else scene.powered.start_s), "s")
    return found
