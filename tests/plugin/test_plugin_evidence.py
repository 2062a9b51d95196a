"""Texts of verdicts and measurements as they get into the report."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from rig.config.capabilities import BENCH_CAPABILITIES, check_capability_name
from rig.config.limits import Limit
from rig.diagnosis import EvidenceItem, FaultDomain, Outcome, Verdict
from rig.errors import BenchFault, CapabilityMissing, ConfigError, SafetyTrip
from rig.pytest_plugin.evidence import _outcome_block, error_row
from rig.pytest_plugin.html_columns import header_cells, row_cells
from rig.pytest_plugin.recordings import _file_name
from rig.report.measurement import Measurement

NASTY = "<script>alert('x')</script> & \"more\""


def test_outcome_is_escaped_throughout() -> None:
    outcome = Outcome(
        verdict=Verdict.CONNECTED,
        fault_domain=FaultDomain.NONE,
        confidence=0.934,
        summary=NASTY,
        evidence=(EvidenceItem(1.0, 2.0, NASTY, "led"),),
        advice=(NASTY,),
        alternatives=((Verdict.DEAD, NASTY),),
    )
    block = _outcome_block(outcome, "")
    assert "<script" not in block
    assert block.count("&lt;script&gt;") == 4
    assert "confidence 93%" in block
    assert "1.00-2.00 s" in block


def test_row_is_escaped_and_one_line() -> None:
    cells = ["<td>x</td>", f'<td class="col-testId">{NASTY}</td>', "<td>1 s</td>", "<td></td>"]
    row_cells(SimpleNamespace(rig={"verdict": NASTY, "domain": NASTY, "reason": f"{NASTY}\nsecond\tline"}), cells)
    assert len(cells) == 7
    assert "<script" not in "".join(cells)
    assert "\n" not in cells[4]
    assert "second line" in cells[4]
    assert cells[1].startswith('<td class="col-testId">&lt;script')
    header = ["<th>Result</th>", "<th>Test</th>", "<th>Duration</th>", "<th>Links</th>"]
    header_cells(header)
    assert len(header) == len(cells)


def test_row_of_a_test_that_is_not_ours_has_empty_cells() -> None:
    cells = ["<td>x</td>", '<td class="col-testId">a</td>', "<td>1 s</td>", "<td></td>"]
    row_cells(SimpleNamespace(), cells)
    assert cells[2:5] == [
        '<td class="col-verdict"></td>',
        '<td class="col-domain"></td>',
        '<td class="col-reason"></td>',
    ]


@pytest.mark.parametrize(
    ("value", "low", "high", "text", "within"),
    [
        (1.0, None, None, "x = 1 V", True),
        (1.0, 0.5, 1.5, "x = 1 V [0.5..1.5]", True),
        (1.5, 0.5, 1.5, "x = 1.5 V [0.5..1.5]", True),
        (1.6, 0.5, 1.5, "x = 1.6 V [0.5..1.5] OUT OF LIMITS", False),
        (-1.0, 0.0, None, "x = -1 V [0..] OUT OF LIMITS", False),
        (2.0, None, 1.0, "x = 2 V [..1] OUT OF LIMITS", False),
        (float("nan"), None, 1.0, "x = nan V [..1] OUT OF LIMITS", False),
        (float("inf"), None, 50.0, "x = inf V [..50] OUT OF LIMITS", False),
    ],
)
def test_measurement_says_value_unit_and_limits(
    value: float, low: float | None, high: float | None, text: str, within: bool
) -> None:
    limit = None if low is None and high is None else Limit(unit="V", low=low, high=high, marginal=0.0)
    measurement = Measurement("x", value, "V", limit=limit)
    assert str(measurement) == text
    assert (measurement.grade == "pass") is within


def test_errors_say_whose_fault_they_are() -> None:
    assert error_row(BenchFault("broken"))["domain"] == "bench"
    assert error_row(SafetyTrip("too much"))["domain"] == "bench"
    assert error_row(ConfigError("wrong"))["domain"] == "configuration"
    assert error_row(AssertionError("no")) == {"verdict": "", "domain": "", "reason": "", "error": ""}
    assert error_row(None)["error"] == ""
    assert error_row(CapabilityMissing("none"))["error"] == "CapabilityMissing"


def test_file_names_are_readable_short_and_unique() -> None:
    ids = [f"tests/test_x.py::test_it[{kind}]" for kind in ("a-b", "a+b", "a b", "../../etc/passwd", "ü" * 300)]
    names = [_file_name(one) for one in ids]
    assert len(set(names)) == len(names)
    for name in names:
        assert name.replace("_", "").replace("-", "").isalnum()
        assert len(name) < 100
    assert names[0].startswith("test_it_a_b-")
    assert _file_name("a/test_x.py::test_it") != _file_name("b/test_x.py::test_it")


def test_capability_names_are_checked() -> None:
    for name in (*BENCH_CAPABILITIES, "network:anything"):
        check_capability_name(name)
    for name in ("", "Network", "netwrok:home", "supply"):
        with pytest.raises(ConfigError, match="unknown capability"):
            check_capability_name(name)
