"""An outcome as text for a terminal."""

from __future__ import annotations

import textwrap

from rig.diagnosis.outcome import Outcome
from rig.diagnosis.text.advice import page_of

_WIDTH = 100


def _wrapped(text: str, indent: str = "  ", first: str | None = None) -> str:
    lead = indent if first is None else first
    return textwrap.fill(text, _WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead))


def explain(outcome: Outcome) -> str:
    """Verdict, reason, evidence with times, measurements, alternatives and advice, on several lines."""
    lines = [
        f"{page_of(outcome.verdict).title.upper()} ({outcome.verdict.value})"
        f"   confidence {outcome.confidence:.2f}   fault: {outcome.fault_domain.value}",
        _wrapped(outcome.summary),
    ]
    if outcome.evidence:
        lines.append("Evidence")
        for item in outcome.evidence:
            lines.append(_wrapped(item.text, first=f"  {item.start_s:8.2f} .. {item.end_s:8.2f} s  {item.source:7s} "))
    if outcome.measurements:
        lines.append("Measured")
        lines += [
            f"  {name} = {value:.4g}{'' if unit == '1' else ' ' + unit}"
            for name, (value, unit) in sorted(outcome.measurements.items())
        ]
    if outcome.alternatives:
        lines.append("Less likely")
        lines += [_wrapped(why, first=f"  {verdict.value}: ") for verdict, why in outcome.alternatives]
    if outcome.advice:
        lines.append("What to do")
        lines += [_wrapped(text, first=f"  {n}. ") for n, text in enumerate(outcome.advice, 1)]
    return "\n".join(lines)
