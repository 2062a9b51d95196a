"""No verdict: why not, what would have been likeliest, what is missing and what to do about it.

`not_enough` collects what is known as a value (`Shortfall`) first, and puts it into words last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from rig.diagnosis.features.restarts import power_measurements
from rig.diagnosis.features.stages import CODE_VERDICTS
from rig.diagnosis.features.supply import supply_measurements
from rig.diagnosis.hypothesis import SUSPECTS, Hypothesis
from rig.diagnosis.light_problems import (
    CALIBRATE_ANEW,
    OF_THE_BENCH,
    brighter_when_powered,
    off_levels,
    remedy,
)
from rig.diagnosis.outcome import EvidenceItem, FaultDomain, Outcome
from rig.diagnosis.scene import Scene
from rig.diagnosis.tags import Tag
from rig.diagnosis.text.advice import advice_for, page_of, summary_of
from rig.diagnosis.thresholds import LONG_UNREAD_S
from rig.diagnosis.verdicts import Verdict
from rig.led import ProblemKind

_LOOK = f"look at the LED's colours with your own eyes; if they are right, {CALIBRATE_ANEW}"


class Doubted(Protocol):
    """A hypothesis with what is left of it, as the engine weighs it."""

    @property
    def hypothesis(self) -> Hypothesis:
        """The hypothesis as it stands after the objections."""
        ...

    @property
    def confidence(self) -> float:
        """What is left of its score (0..1)."""
        ...

    @property
    def suspects_colours(self) -> bool:
        """Whether an objection contradicts the reading of the light."""
        ...


@dataclass(frozen=True)
class Shortfall:
    """Why there is no verdict, and the next step; `confidence` (0..1) that there is none. `likely` is more advice."""

    reason: str
    step: str
    domain: FaultDomain
    confidence: float = 1.0
    evidence: tuple[EvidenceItem, ...] = ()
    rivals: Mapping[Verdict, str] = field(default_factory=dict)
    likely: tuple[str, ...] = ()


def never_powered(expectation: Verdict | None) -> Outcome:
    """There is nothing to judge."""
    reason = "the device was never powered in this recording"
    return _in_words(Shortfall(reason, "switch the supply on and repeat", FaultDomain.BENCH), {}, expectation)


def not_enough(scene: Scene, weighed: Sequence[Doubted], expectation: Verdict | None) -> Outcome:
    """Why there is no verdict, what is missing, and what the likeliest verdicts would have been."""
    short = _of_hypotheses(scene, weighed) if weighed else _of_nothing(scene)
    if brighter_when_powered(scene):
        short = replace(
            short,
            step=short.step or "look at the LED",
            reason=short.reason + "; light that rose after power-on and stayed may be the LED itself, solid red or "
            "never dark",
            likely=(
                *short.likely,
                *advice_for(Verdict.BROWNOUT_LOOP, frozenset({Tag.UNKNOWN}))[:1],
                *advice_for(Verdict.MODULE_FAULT, frozenset({Tag.POLARITY}))[:1],
            ),
        )
    measured = {**supply_measurements(scene.supply), **power_measurements(scene.power)}
    return _in_words(short, measured, expectation)


def _of_hypotheses(scene: Scene, weighed: Sequence[Doubted]) -> Shortfall:
    """Proposals there are, but none is proven, or the best one says what is missing."""
    rivals: dict[Verdict, str] = {}
    for w in weighed:
        if w.hypothesis.decided:
            rivals.setdefault(w.hypothesis.verdict, f"not proven ({w.confidence:.2f}): {w.hypothesis.reason}")
    best = weighed[0]
    h = best.hypothesis
    suspected = any(w.suspects_colours or Tag.POLARITY in w.hypothesis.tags for w in weighed)
    suspected = suspected or _clear_and_unread(scene) or off_levels(scene)
    reason = h.reason if not h.decided else f"{page_of(h.verdict).title} is likeliest, but not proven: {h.reason}"
    if suspected and not best.suspects_colours:
        reason += f"; {SUSPECTS}"
    step = "" if h.decided else h.next_step
    return Shortfall(
        reason,
        step or remedy(scene) or (_LOOK if suspected else h.next_step),
        _domain(scene, h),
        1.0 - best.confidence if h.decided else best.confidence,
        h.evidence,
        rivals,
        advice_for(h.verdict, h.tags, h.codes) if h.decided else (),
    )


def _domain(scene: Scene, h: Hypothesis) -> FaultDomain:
    """Whose fault it is that there is no verdict."""
    if (
        h.domain is not None
        and h.domain is not FaultDomain.UNKNOWN
        and (not h.decided or h.domain is FaultDomain.BENCH)
    ):
        return h.domain
    outshone = scene.blinkups and any(p.kind == ProblemKind.CROSSTALK for p in scene.problems)
    return FaultDomain.BENCH if outshone else FaultDomain.UNKNOWN  # the sender's light hides the answer


def _of_nothing(scene: Scene) -> Shortfall:
    """No rule proposed anything."""
    rivals: dict[Verdict, str] = {}
    for code in (code for s in scene.seen for code in s.alternatives if code in CODE_VERDICTS):
        rivals.setdefault(CODE_VERDICTS[code], "one reading of light that was not decided")
    reason, step = _what_is_missing(scene)
    domain = FaultDomain.UNKNOWN
    if scene.problems:
        reason += "; decoding reports: " + "; ".join(p.text for p in scene.problems)
        if any(p.kind in OF_THE_BENCH for p in scene.problems):
            domain = FaultDomain.BENCH
    return Shortfall(reason, step, domain, 1.0, tuple(s.item() for s in scene.seen), rivals)


def _clear_and_unread(scene: Scene) -> bool:
    """Whether light that nothing spoils fits no code for long."""
    return scene.undecided_s() >= LONG_UNREAD_S and not remedy(scene)


def _what_is_missing(scene: Scene) -> tuple[str, str]:
    """What could not be seen, and the next step."""
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


def _in_words(short: Shortfall, measured: Mapping[str, tuple[float, str]], expectation: Verdict | None) -> Outcome:
    page, step = page_of(Verdict.UNDECIDED), short.step
    first = (step[0].upper() + step[1:] + ".",) if step else ()
    advice = tuple(dict.fromkeys((*first, *short.likely, *advice_for(Verdict.UNDECIDED))))
    summary = summary_of(page.title, page.meaning, short.reason, short.domain, Verdict.UNDECIDED, expectation)
    if step:
        summary += f" Next: {step}."
    return Outcome(
        Verdict.UNDECIDED,
        round(min(1.0, max(0.0, short.confidence)), 4),
        short.domain,
        summary,
        short.evidence,
        tuple(short.rivals.items()),
        advice,
        measured,
        None if expectation is None else expectation is Verdict.UNDECIDED,
    )
