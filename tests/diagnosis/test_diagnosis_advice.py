"""Advice as data, and outcomes as text."""

from __future__ import annotations

from dataclasses import fields
from importlib import resources

import pytest
from diagnosis_scenes import DARK, light, on, recording, supply, trace

from rig.diagnosis import (
    FACT_SOURCES,
    DeviceFacts,
    EvidenceItem,
    FaultDomain,
    Outcome,
    Verdict,
    advice_for,
    explain,
    judge,
)
from rig.diagnosis.tags import Tag
from rig.diagnosis.text.advice import book, page_of, read_book
from rig.errors import ConfigError

TEXT = resources.files("rig.diagnosis.text").joinpath("advice.toml").read_text("utf-8")


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_page_with_advice(verdict: Verdict) -> None:
    page = page_of(verdict)
    assert page.title
    assert page.meaning.endswith(".")
    assert page.lines
    every = frozenset(tag for line in page.lines for tag in line.tags)
    assert set(advice_for(verdict, every)) == {line.text for line in page.lines}


def test_pages_of_verdicts_whose_domain_the_evidence_names() -> None:
    assert page_of(Verdict.DEAD).domain is FaultDomain.DUT
    for verdict in (Verdict.BROWNOUT_LOOP, Verdict.BLINKUP_REFUSED, Verdict.BLINKUP_NOT_RECEIVED, Verdict.UNDECIDED):
        assert page_of(verdict).domain is FaultDomain.UNKNOWN


def test_lines_with_only_need_their_evidence() -> None:
    plain = advice_for(Verdict.BROWNOUT_LOOP)
    starved = advice_for(Verdict.BROWNOUT_LOOP, frozenset({Tag.STARVED}))
    assert len(starved) == len(plain) + 1
    assert starved[0] not in plain


def test_evidence_moves_a_line_up_and_loses_none() -> None:
    plain, address = advice_for(Verdict.PROXY_FAULT), advice_for(Verdict.PROXY_FAULT, codes=frozenset({"proxy_cred"}))
    assert address == tuple(reversed(plain))


def test_shared_advice_comes_first() -> None:
    low = advice_for(Verdict.JOIN_REFUSED, frozenset({Tag.LOW_SUPPLY}))
    assert low[len(low) - len(advice_for(Verdict.JOIN_REFUSED)) :] == advice_for(Verdict.JOIN_REFUSED)
    assert "2.5 V" in low[0]


def test_every_source_is_used() -> None:
    used = {key for page in book().pages.values() for line in page.lines for key in line.sources}
    assert used == set(book().sources)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("[verdicts.dead]", "[verdicts.alive]", "alive"),
        ('domain = "dut"', 'domain = "nobody"', "nobody"),
        ('from = ["guide"]', 'from = ["hearsay"]', "hearsay"),
        ('from = ["guide"]', "from = []", "missing"),
        ('title = "Online"', "", "title"),
        ("[sources]", "[sources", "Expected"),
    ],
)
def test_a_broken_book_is_refused(old: str, new: str, words: str) -> None:
    assert old in TEXT
    with pytest.raises(ConfigError, match=words):
        read_book(TEXT.replace(old, new))


def test_a_missing_page_is_named() -> None:
    start = TEXT.index("[verdicts.dead]")
    end = TEXT.index("[verdicts.undecided]")
    with pytest.raises(ConfigError, match="no page for dead"):
        read_book(TEXT[:start] + TEXT[end:])


def test_every_fact_has_a_source() -> None:
    assert {f.name for f in fields(DeviceFacts)} == set(FACT_SOURCES)


@pytest.mark.parametrize("confidence", [-0.1, 1.1])
def test_confidence_is_a_share(confidence: float) -> None:
    with pytest.raises(ValueError, match=r"expected 0\.\.1"):
        Outcome(Verdict.CONNECTED, confidence, FaultDomain.NONE, "")


def test_explain_says_everything() -> None:
    dips = tuple((1.0 + 0.2 * i, 0.02, 2.2) for i in range(20))
    rec = recording(on(), traces=[trace("dut_v", 30.0, 3.3, *dips), *supply(30.0, source_v=3.3)[1:]])
    outcome = judge(rec, light(("searching", 25.0, 0.9, ("joining",)), (DARK, 5.0)))
    text = " ".join(explain(outcome).split())
    for part in (
        "NETWORK NOT FOUND (network_not_found)",
        f"confidence {outcome.confidence:.2f}",
        "fault: bench",
        "join_refused",
        "dut_v_min = 2.2 V",
        outcome.summary,
        *(e.text for e in outcome.evidence),
        *outcome.advice,
    ):
        assert " ".join(part.split()) in text


def test_explain_stays_narrow_and_without_trailing_blanks() -> None:
    outcome = Outcome(
        Verdict.DEAD,
        0.5,
        FaultDomain.DUT,
        "word " * 80,
        (EvidenceItem(1.0, 2.0, "thing " * 40, "led"),),
        advice=("do " * 90,),
    )
    for line in explain(outcome).splitlines():
        assert len(line) <= 100
        assert line == line.rstrip()
