"""From a scene to an outcome: every rule proposes, vetoes object, the best supported hypothesis is given.

`rig.diagnosis.registry` says how rules and vetoes are declared, and what happens in which order. This module knows no
single verdict; `rig judge --explain` prints what it did (`rig.diagnosis.text.deliberation`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Final

from rig.diagnosis import amendments, checks, rules
from rig.diagnosis.checks.decoding_trust import Trust, trust
from rig.diagnosis.corrections.merge_ambiguous import with_agreed_spans
from rig.diagnosis.corrections.steady_light import with_steady_red, without_false_light
from rig.diagnosis.device_facts import DeviceFacts
from rig.diagnosis.features.measurements import measurements
from rig.diagnosis.hypothesis import Hypothesis, Objection, Weight
from rig.diagnosis.outcome import FaultDomain, Outcome
from rig.diagnosis.registry import REGISTRY, Registry, Rule, RuleError, Veto
from rig.diagnosis.scene import Scene, build_scene
from rig.diagnosis.text.advice import advice_for, page_of, summary_of
from rig.diagnosis.thresholds import NEAR_TIE
from rig.diagnosis.undecided import never_powered, not_enough
from rig.diagnosis.verdicts import Verdict
from rig.led import Decoded
from rig.recording import Recording

ROOMS: Final = (rules, checks, amendments)  # imported because that registers what they hold

_strict: ContextVar[bool] = ContextVar("strict_order", default=False)


@contextmanager
def strict_order() -> Iterator[None]:
    """Within this, a winner that hardly leads another verdict without a declared order raises `RuleError`."""
    token = _strict.set(True)
    try:
        yield
    finally:
        _strict.reset(token)


@dataclass(frozen=True)
class Objected:
    """A veto that objected, and what its objection weighs."""

    veto: Veto
    objection: Objection

    @property
    def weight(self) -> Weight:
        """The weight of this objection: its own, else the one that the veto declares."""
        return self.objection.weight or self.veto.weight


@dataclass(frozen=True)
class Weighed:
    """A hypothesis of a rule, all that speaks against it, and the confidence (0..1) that is left."""

    rule: Rule
    proposed: Hypothesis
    objections: tuple[Objected, ...]
    trust: Trust
    confidence: float

    @property
    def hypothesis(self) -> Hypothesis:
        """The hypothesis as it stands after the objections: they continue its reason."""
        said = "".join(o.objection.sentence for o in self.objections) + self.trust.text
        domain = FaultDomain.BENCH if self.trust.blocked else self.proposed.domain
        return replace(self.proposed, reason=self.proposed.reason + said, domain=domain)

    @property
    def suspects_colours(self) -> bool:
        """Whether an objection contradicts the reading of the light."""
        return any(o.objection.suspects_colours for o in self.objections)


def judge(
    recording: Recording,
    decoded: Decoded,
    *,
    device: DeviceFacts | None = None,
    expectation: Verdict | None = None,
) -> Outcome:
    """Say what happened to the device in the last powered stretch of a recording.

    Pure and deterministic. With too little evidence the verdict is `undecided`, and the summary says what is missing
    and what to do next. `expectation` is only compared with the verdict, it never changes it.
    """
    scene = scene_of(recording, decoded, device)
    if scene is None:
        return never_powered(expectation)
    return replace(decide(scene, deliberate(scene), expectation), power=scene.power)


def scene_of(recording: Recording, decoded: Decoded, device: DeviceFacts | None = None) -> Scene | None:
    """The scene that is judged, with its light corrected; None if the device was never powered."""
    scene = build_scene(recording, decoded, device if device is not None else DeviceFacts())
    return None if scene is None else with_agreed_spans(with_steady_red(without_false_light(scene)))


def deliberate(scene: Scene, registry: Registry = REGISTRY) -> list[Weighed]:
    """All hypotheses, the best supported first; at one confidence in the declared order of their rules.

    Raises:
        RuleError: a rule returned a verdict that it does not declare; in `strict_order` also an undeclared near-tie.
    """
    vetoes = registry.ordered_vetoes()
    weighed = [_weigh(scene, rule, h, vetoes) for rule in registry.ordered_rules() if (h := _ask(scene, rule))]
    weighed.sort(key=lambda w: -w.confidence)
    if _strict.get():
        _check_order(scene, weighed, registry)
    return weighed


def decide(
    scene: Scene, weighed: list[Weighed], expectation: Verdict | None = None, registry: Registry = REGISTRY
) -> Outcome:
    """The outcome of a deliberation."""
    best = weighed[0] if weighed else None
    if best is None or not best.proposed.decided or best.confidence < scene.facts.min_confidence:
        return not_enough(scene, weighed, expectation)
    chosen, confidence = best.hypothesis, best.confidence
    for step in registry.ordered_amendments():
        chosen, confidence = step.amend(scene, chosen, confidence)
    page = page_of(chosen.verdict)
    domain = chosen.domain if chosen.domain is not None else page.domain
    return Outcome(
        chosen.verdict,
        round(confidence, 4),
        domain,
        summary_of(page.title, page.meaning, chosen.reason, domain, chosen.verdict, expectation),
        chosen.evidence,
        _rivals(scene, weighed[1:], chosen, registry),
        advice_for(chosen.verdict, chosen.tags, chosen.codes),
        measurements(scene, chosen),
        None if expectation is None else chosen.verdict is expectation,
    )


def _ask(scene: Scene, rule: Rule) -> Hypothesis | None:
    if not all(scene.supply.measured(trace) for trace in rule.needs):
        return None
    proposed = rule.propose(scene)
    if proposed is not None and proposed.verdict not in rule.decides:
        declared = ", ".join(sorted(v.value for v in rule.decides))
        raise RuleError(f"rule {rule.name} returned {proposed.verdict.value}; it declares {declared}")
    return proposed


def _weigh(scene: Scene, rule: Rule, proposed: Hypothesis, vetoes: list[Veto]) -> Weighed:
    objections = tuple(
        Objected(veto, objection)
        for veto in vetoes
        if proposed.verdict in veto.of and (objection := veto.objects(scene, proposed)) is not None
    )
    trusted = trust(scene, proposed)
    factor = 1.0
    for objected in objections:
        factor *= objected.weight.value
    return Weighed(rule, proposed, objections, trusted, min(1.0, proposed.score * (factor * trusted.factor)))


def _check_order(scene: Scene, weighed: list[Weighed], registry: Registry) -> None:
    if not weighed or weighed[0].confidence < scene.facts.min_confidence:
        return
    best = weighed[0]
    for other in weighed[1:]:
        close = best.confidence - other.confidence < NEAR_TIE
        rivals = other.proposed.verdict is not best.proposed.verdict
        if close and rivals and not registry.declares_order(best.rule.name, other.rule.name):
            raise RuleError(
                f"{best.rule.name} ({best.proposed.verdict.value}, {best.confidence:.4f}) leads {other.rule.name} "
                f"({other.proposed.verdict.value}, {other.confidence:.4f}) by less than {NEAR_TIE:g} and neither is "
                "declared before the other: declare an order with its reason, or tell them apart"
            )


def _rivals(
    scene: Scene, others: list[Weighed], chosen: Hypothesis, registry: Registry
) -> tuple[tuple[Verdict, str], ...]:
    """Rival verdicts with why they are less likely: other proposals, then those that no rule proposes."""
    found: dict[Verdict, str] = {}
    for other in others:
        h = other.hypothesis
        if h.decided and h.verdict is not chosen.verdict:
            found.setdefault(h.verdict, f"less supported ({other.confidence:.2f}): {h.reason}")
    for source in registry.ordered_alternatives():
        for verdict, why in source.rivals(scene, chosen):
            found.setdefault(verdict, why)
    return tuple(found.items())
