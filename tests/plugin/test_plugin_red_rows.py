"""A red row begins with what made the test red, also where the device itself looks healthy."""

from __future__ import annotations

import html
import json
import re
from types import SimpleNamespace
from typing import Any

import pytest
from plugin_runs import REPORTING, read_report, run_session

from rig.pytest_plugin.html_columns import row_cells

PRODUCT = """
extends = "imp003"
name = "tight"
title = "Thermostat"

[limits.relay_settle]
unit = "s"
high = 4.0
certainty = "prod"
source = "data sheet"
"""

SUITE = """
import pytest
from rig import Verdict

def online(dut, network):
    dut.make_unconfigured()
    dut.send(dut.wifi(network("home")), rate_hz=142)
    assert dut.wait_for("connected", timeout_s=30), dut.observation().outcome.summary

def test_limit(dut, network, measure):
    online(dut, network)
    measure("idle_current", 119.0, "mA")
    measure("relay_settle", 4.2, "s")

def test_assertion(dut, network):
    online(dut, network)
    clicks = 2
    assert clicks == 3, "the relay clicked twice"

def test_without_words(dut, network):
    online(dut, network)
    assert 1 + 1 == 3

def test_in_vain(dut):
    dut.make_unconfigured()
    assert dut.wait_for("connected", timeout_s=3)

def test_caught(dut, network, measure):
    online(dut, network)
    with pytest.raises(AssertionError):
        measure("relay_settle", 5.0, "s")
    pytest.fail("several things are wrong")

def test_without_device(measure):
    measure("relay_settle", 6.0, "s")

def test_verdict(dut):
    dut.make_unconfigured()
    outcome = dut.observation().outcome
    assert outcome.verdict == "connected", outcome.summary

def test_identity(dut):
    dut.make_unconfigured()
    outcome = dut.observation().outcome
    assert outcome.verdict is Verdict.CONNECTED, outcome.summary

def test_in_vain_with_the_verdict_as_text(dut, network):
    online(dut, network)
    assert dut.wait_for("lost", timeout_s=2), dut.observation().outcome.summary

def test_verdict_within_a_text(dut, network):
    online(dut, network)
    assert not dut.observed, f"seen at all: {dut.observation().outcome.summary}"

def test_passes(dut, network):
    online(dut, network)
"""
ALLOWED = "OUT OF LIMITS: allowed up to 4 s by [limits.relay_settle] of 'tight' (tight.toml); prod: data sheet"


def test_red_rows(pytester: pytest.Pytester) -> None:
    """One run, many looks."""
    pytester.makeconftest(REPORTING)
    pytester.makefile(".toml", tight=PRODUCT)
    pytester.makepyfile(test_suite=SUITE)
    out = pytester.path / "out"
    done = run_session(pytester, "--dut", "tight.toml", "--rig-reports", str(out))
    done.assert_outcomes(passed=1, failed=10)
    done.stdout.fnmatch_lines(
        [
            "*= out of limits =*",
            f"test_suite.py::test_limit: relay_settle = 4.2 s {ALLOWED}".replace("[", "[[]"),
            f"test_suite.py::test_caught: relay_settle = 5 s {ALLOWED}".replace("[", "[[]"),
            f"test_suite.py::test_without_device: relay_settle = 6 s {ALLOWED}".replace("[", "[[]"),
        ]
    )
    report = read_report(out)
    reasons = {row.test_id.rpartition("::")[2]: html.unescape(row.cell("reason")) for row in report.rows}
    assert reasons["test_limit"].startswith(f"relay_settle = 4.2 s {ALLOWED}. Verdict on the device: Online. ")
    assert reasons["test_limit"].endswith("Marginal: idle_current = 119 mA [1..120] MARGINAL.")
    assert reasons["test_assertion"].startswith("the relay clicked twice. Verdict on the device: Online. ")
    assert reasons["test_without_words"].startswith("assert (1 + 1) == 3. Verdict on the device: Online. ")
    in_vain = (
        "assert None where None = wait_for('connected', timeout_s=3). Verdict on the device: No network settings. "
    )
    assert reasons["test_in_vain"].startswith(in_vain)
    assert reasons["test_caught"].startswith("several things are wrong. Verdict on the device: Online. ")
    assert reasons["test_caught"].endswith(f"Also relay_settle = 5 s {ALLOWED}.")
    assert reasons["test_without_device"] == f"relay_settle = 6 s {ALLOWED}"
    assert reasons["test_verdict"].startswith("assert no_settings == 'connected'. Verdict on the device: No network")
    assert reasons["test_identity"].startswith("assert no_settings is connected. Verdict on the device: No network")
    lost = "assert None where None = wait_for('lost', timeout_s=2). Verdict on the device: Online. "
    assert reasons["test_in_vain_with_the_verdict_as_text"].startswith(lost)
    assert reasons["test_verdict_within_a_text"].startswith("seen at all: Online. ")
    assert reasons["test_verdict"].count("No network settings. ") == 1
    assert reasons["test_passes"].startswith("Online. ")
    assert reasons["test_passes"].endswith("Nothing is at fault.")
    for row in report.rows:
        judged = "What to try next" in row.below
        assert ("<details open><summary>What to try next" in row.below) is (judged and row.outcome == "Failed"), (
            row.test_id
        )
        assert row.below.count("it waits for a BlinkUp") <= 1, row.test_id  # the verdict is told once
        assert judged is (row.test_id.rpartition("::")[2] != "test_without_device")
        if row.outcome != "Failed":
            continue
        assert "Nothing is at fault" not in "".join(row.cells) + row.below, row.test_id
        assert row.cell("domain") != "none", row.test_id
        if row.below:
            said = re.search(r"<p class='rig-fail'>Failed: (.*?)</p>", row.below)
            assert said, row.test_id
            assert said.start() < row.below.index("rig-verdict") if "rig-verdict" in row.below else True
            assert reasons[row.test_id.rpartition("::")[2]].startswith(html.unescape(said[1]).rstrip("."))
    assert report.row("::test_passes").cell("domain") == "none"
    (journal,) = out.glob("*/run.jsonl")
    kept: list[dict[str, Any]] = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    (limit,) = (line for line in kept if line.get("test") == "test_suite.py::test_limit")
    assert limit["out_of_limits"] == [f"relay_settle = 4.2 s {ALLOWED}"]
    assert limit["reason"].startswith(f"relay_settle = 4.2 s {ALLOWED}")
    assert limit["domain"] == "unknown"


@pytest.mark.parametrize(
    ("failed", "said"), [(True, "it broke. Also q = 9 V. Marginal: p = 1 V."), (False, "Marginal: p = 1 V. it broke")]
)
def test_what_is_marginal_leads_only_where_the_test_passed(failed: bool, said: str) -> None:
    cells = ["<td>x</td>", '<td class="col-testId">a</td>', "<td>1 s</td>", "<td></td>"]
    row = {"reason": "it broke", "marginal": ["p = 1 V"], "out_of_limits": ["q = 9 V"]}
    row_cells(SimpleNamespace(rig=row, failed=failed), cells)
    assert cells[4] == f'<td class="col-reason">{said}</td>'
