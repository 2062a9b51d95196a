"""A deliberation as text for a terminal: what each rule proposed, what spoke against it, and the arithmetic."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rig.diagnosis.engine import Weighed
from rig.diagnosis.registry import REGISTRY, Registry

_WIDTH = 100


def explain_deliberation(weighed: Sequence[Weighed], least: float, registry: Registry = REGISTRY) -> str:
    """All hypotheses, the best first, each with its rule, objections and arithmetic; then the rules without one.

    `least` is the confidence (0..1) below which the best hypothesis is not given out as a verdict.
    """
    if not weighed:
        return "Deliberation: no rule proposed anything"
    lines = [f"Deliberation: {len(weighed)} hypotheses; the best is given out from a confidence of {least:g} on"]
    for place, one in enumerate(weighed, 1):
        lines += _of_one(place, one)
    spoke = {one.rule.name for one in weighed}
    silent = [rule.name for rule in registry.ordered_rules() if rule.name not in spoke]
    lines.append(textwrap.fill("rules that propose nothing: " + ", ".join(silent), _WIDTH, subsequent_indent="  "))
    return "\n".join(lines)


def _of_one(place: int, one: Weighed) -> list[str]:
    proposed = one.proposed
    tags = ", ".join(sorted([*(tag.value for tag in proposed.tags), *proposed.codes]))
    start_s, end_s = proposed.decisive_s
    lines = [
        f"  {place}. {proposed.verdict.value} by rule {one.rule.name}, {start_s:.2f} to {end_s:.2f} s"
        + (f" [{tags}]" if tags else ""),
        _wrapped(proposed.reason, "     "),
    ]
    factors = [f"{proposed.score:.3f}"]
    for objected in one.objections:
        factors.append(f"{objected.weight.value:g}")
        name = f"     x {objected.weight.value:g} {objected.veto.name} ({objected.weight.name.lower()}): "
        lines.append(_wrapped(objected.objection.sentence.removeprefix("; "), name))
    if one.trust.text or one.trust.factor != 1.0:
        factors.append(f"{one.trust.factor:.3f}")
        said = one.trust.text.removeprefix("; ") or "problems of the decoding elsewhere"
        lines.append(_wrapped(said, f"     x {one.trust.factor:.3f} trust in the decoding: "))
    lines.append(f"     confidence: {' x '.join(factors)} = {one.confidence:.3f}")
    return lines


def _wrapped(text: str, lead: str) -> str:
    return textwrap.fill(text, _WIDTH, initial_indent=lead, subsequent_indent="       ")
