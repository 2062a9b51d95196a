"""docs/verdicts.md is what the data says, and it leaves no verdict, domain, light code or next step out."""

from __future__ import annotations

from pathlib import Path

from rig.diagnosis import FaultDomain, Verdict
from rig.diagnosis.features.stages import CODE_VERDICTS
from rig.diagnosis.text.advice import book
from rig.diagnosis.text.handbook import handbook

PAGE = Path(__file__).resolve().parents[2] / "docs" / "verdicts.md"


def test_the_page_is_the_one_that_the_data_makes() -> None:
    assert handbook() == PAGE.read_text("utf-8"), "run: python -m rig.diagnosis.text.handbook > docs/verdicts.md"


def test_the_page_leaves_nothing_out() -> None:
    text = PAGE.read_text("utf-8")
    for verdict in Verdict:
        start = text.index(f"### `{verdict.value}`: ")
        end = text.find("\n### ", start)
        part = text[start : end if end > 0 else len(text)]
        page = book().pages[verdict]
        words = [page.title, page.meaning, page.domain.value, *(line.text for line in page.lines)]
        words += [f"`{code}`" for code, meant in CODE_VERDICTS.items() if meant is verdict]
        assert [word for word in words if word not in part] == []
    assert [d.value for d in FaultDomain if f"| `{d.value}` |" not in text] == []


def test_every_tag_is_used() -> None:
    lines = [line for page in book().pages.values() for line in page.lines]
    assert {word for line in lines for word in line.words} == set(book().tags)
