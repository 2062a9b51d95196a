"""No verdict: why not, what would have been likeliest, what is missing and what to do about it."""

from __future__ import annotations

from rig.diagnosis.checks.contradictions import SUSPECTS
from rig.diagnosis.features.restarts import power_measurements
from rig.diagnosis.features.stages import CODE_VERDICTS
from rig.diagnosis.features.supply import supply_measurements
from rig.diagnosis.hypothesis import Candidate, Weighed
from rig.diagnosis.outcome import EvidenceItem, FaultDomain, Outcome, Verdict
from rig.diagnosis.rules.led_polarity import brighter_when_powered
from rig.diagnosis.scene import Scene
from rig.diagnosis.text.advice import advice_for, page_of, summary_of
from rig.led import LevelsOpen, Problem, ProblemKind

# Problems of the light that no device makes; levels that don't fit may as well be those of a broken or weak LED.
_OF_THE_BENCH = frozenset(
    {
        ProblemKind.RAIL,
        ProblemKind.SAMPLING,
        ProblemKind.SAMPLES,
        ProblemKind.NOISE,
        ProblemKind.COLOURS,
        ProblemKind.CROSSTALK,
    }
)
# What helps against a problem of the light, the gravest first; before it is done, watching longer shows no more.
_UNREAD_S = 10.0
_LOOK = "look at the LED's colours with your own eyes; if they are right, calibrate the sensor anew (rig led calibrate)"
_CALIBRATE = (
    "put sensor and light shield in place and calibrate anew (rig led calibrate); if that does not help, compare the "
    "LED's colours and brightness with another device's"
)
_REMEDIES = {
    ProblemKind.RAIL: "lower the converter's gain, or the light on the sensor, and calibrate anew (rig led calibrate)",
    ProblemKind.SAMPLES: "check the sensor's wiring and that its converter is sampled",
    ProblemKind.SAMPLING: "sample the sensor faster and without gaps",
    ProblemKind.LEVELS: _CALIBRATE,
    ProblemKind.CALIBRATION: _CALIBRATE,
    ProblemKind.COLOURS: "fit a second, filtered sensor, or one that tells red from green better",
    ProblemKind.CROSSTALK: "put a baffle between the BlinkUp LED and the sensor",
    ProblemKind.NOISE: "bring the sensor nearer to the LED, and shield it from other light",
}


def not_enough(scene: Scene, weighed: list[Weighed], expectation: Verdict | None) -> Outcome:
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
        if (
            domain is FaultDomain.UNKNOWN
            and scene.blinkups
            and any(p.kind is ProblemKind.CROSSTALK for p in scene.problems)
        ):
            domain = FaultDomain.BENCH  # the sender outshines the answer
        evidence, step = c.evidence, c.next_step if named else ""
        likely = () if named else advice_for(c.verdict, c.tags)
        confidence = weighed[0].confidence if named else 1.0 - weighed[0].confidence
        doubted = any(_doubts_colours(w.candidate) for w in weighed)
        if SUSPECTS not in reason and (doubted or _clear_and_unread(scene) or _off_levels(scene)):
            reason += f"; {SUSPECTS}"
        step = step or _remedy(scene) or (_LOOK if SUSPECTS in reason else c.next_step)
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
    return undecided(reason, step, domain, confidence, evidence, tuple(found.items()), measured, expectation, likely)


def _clear_and_unread(scene: Scene) -> bool:
    """Whether light that nothing spoils fits no code for long."""
    return scene.undecided_s() >= _UNREAD_S and not _remedy(scene)


def _off_levels(scene: Scene) -> bool:
    """Whether the levels don't fit the calibration, for which a dim or dead LED is as good a reason as a sensor."""
    return any(
        p.kind in (ProblemKind.LEVELS, ProblemKind.CALIBRATION) and not _of_the_supply(p) for p in scene.problems
    )


def _of_the_supply(problem: Problem) -> bool:
    """Whether the levels are open because the device's supply is low."""
    return isinstance(problem.payload, LevelsOpen) and problem.payload.volts is not None


def _remedy(scene: Scene) -> str:
    kinds = {p.kind for p in scene.problems}
    if any(_of_the_supply(p) for p in scene.problems):
        return "raise the supply to the device's nominal voltage, at which its LED can be read"
    return next((step for kind, step in _REMEDIES.items() if kind in kinds), "")


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


def undecided(
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
    summary = summary_of(page.title, page.meaning, reason, domain, Verdict.UNDECIDED, expectation)
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
