"""Codes of the SPI flash that follow one another: told both, and the BlinkUp is named only if one came between them."""

from __future__ import annotations

import pytest
from diagnosis_scenes import DARK, blinkup, light, on, recording

from rig.diagnosis import Outcome, Verdict, judge

GONE = "A BlinkUp made the flash go missing"


def judged(first: str, then: str, *, sent: bool) -> Outcome:
    actions = (on(), blinkup(8.0, 13.0)) if sent else (on(),)
    return judge(recording(*actions), light((first, 8.0), (DARK, 5.7), (then, 15.0)))


@pytest.mark.parametrize(
    ("first", "then", "sent", "named"),
    [
        ("spi_error", "spi_not_found", True, True),
        ("spi_error", "spi_not_found", False, False),
        ("spi_not_found", "spi_error", True, False),
        ("spi_error", "spi_error", True, False),
    ],
)
def test_a_blinkup_is_named_where_the_flash_went_missing_with_it(
    first: str, then: str, sent: bool, named: bool
) -> None:
    outcome = judged(first, then, sent=sent)
    assert outcome.verdict is Verdict.SPI_FLASH_FAULT, outcome.summary
    assert any(line.startswith(GONE) for line in outcome.advice) is named
    assert (f"before it was {first}" in outcome.summary) is (first != then)
