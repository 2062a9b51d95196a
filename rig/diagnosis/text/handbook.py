"""The page docs/verdicts.md, from the book of advice: `python -m rig.diagnosis.text.handbook > docs/verdicts.md`."""

from __future__ import annotations

from rig.diagnosis.features.stages import CODE_VERDICTS
from rig.diagnosis.outcome import FaultDomain
from rig.diagnosis.text.advice import AdviceLine, book, page_of
from rig.diagnosis.verdicts import Verdict

_HEAD = """# What each verdict means

Made from `rig/diagnosis/text/advice.toml`; change the data instead, then `python -m rig.diagnosis.text.handbook >
docs/verdicts.md`.
A report, `rig judge` and the history database use these names. How often a verdict is right: [scenarios](scenarios.md).

## Whose fault it is

Every verdict has a usual fault domain. What was measured may move it: a network that is not found on a supply too low
for Wi-Fi is laid on whoever made the supply low.
"""

_STEPS = """
## The verdicts

Next steps stand in the order in which they are usually worth trying; a judgement moves those up that its evidence
speaks for. Steps that begin with a case in *italics* are given in that case only. Behind each stand its sources:
"""


def _step(line: AdviceLine) -> str:
    tags, sources = book().tags, ", ".join(line.sources)
    if not line.only:
        return f"* {line.text} ({sources})"
    return f"* *If {' or '.join(tags[tag] for tag in line.words)}:* {line.text} ({sources})"


def _page(verdict: Verdict) -> list[str]:
    page = page_of(verdict)
    codes = [f"`{code}`" for code, meant in CODE_VERDICTS.items() if meant is verdict]
    light = f"light {', '.join(codes)}" if codes else "no light of its own: read from what follows on what, or measured"
    text = [f"### `{verdict.value}`: {page.title}", "", page.meaning, f"Usual fault: {page.domain.value}; {light}.", ""]
    return [*text, *(_step(line) for line in page.lines), ""]


def handbook() -> str:
    """All fault domains and verdicts with meaning, light codes and next steps, as Markdown."""
    rows = ["| Domain | Means | Next |", "|---|---|---|"]
    for domain in FaultDomain:
        turn = book().domains[domain]
        rows.append(f"| `{domain.value}` | {turn.meaning} | {turn.next_step} |")
    sources = [f"* {key}: {text}" for key, text in book().sources.items()]
    shared = [line for lines in book().shared.values() for line in lines]
    low = ["If the supply was too low while a verdict about radio or network was formed, these come first:", ""]
    parts = [_HEAD, *rows, _STEPS, *sources, "", *low, *(_step(line) for line in shared), ""]
    for verdict in Verdict:
        parts += _page(verdict)
    return "\n".join(parts)


if __name__ == "__main__":
    print(handbook(), end="")
