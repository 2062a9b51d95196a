"""What a test leaves in the report: verdict, reason, picture, measurements; and its recording on disk."""

from __future__ import annotations

import base64
import functools
import gc
import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import pytest_html

from rig.bench.dut import DeviceUnderTest
from rig.diagnosis import FaultDomain, Observation, without_blame
from rig.drivers.optical.receipt import Receipt
from rig.errors import BenchError, ConfigError, RigError, SafetyTrip
from rig.pytest_plugin.outputs import Outputs
from rig.pytest_plugin.recordings import store_recording
from rig.report import journal
from rig.report.measurement import Measurement
from rig.report.sweep import COLUMNS, UNITS, Sweep

NOT_JUDGED = "not judged"
PACKETS = "packets"  # in a row: keyed hashes of the packets that were sent
RECORDINGS = "recordings"

_ENUM_MEMBER = re.compile(r"<\w+\.[^<>']*'([^']*)'>")  # pytest shortens long ones in the middle

EVIDENCE = pytest.StashKey["Evidence"]()


@dataclass
class Evidence:
    """Collected while a test runs."""

    dut: DeviceUnderTest | None = None
    measurements: list[Measurement] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)


def evidence_of(item: pytest.Item) -> Evidence:
    """What a test has left for its report so far."""
    return item.stash.setdefault(EVIDENCE, Evidence())


def begin_again(item: pytest.Item, why: str) -> None:
    """Forget what a test has left; its next attempt says why there is one."""
    item.stash[EVIDENCE] = Evidence(notes=[why])
    item.user_properties.clear()


def properties(item: pytest.Item) -> list[tuple[str, object]]:
    """The measurements as properties of the test, as JUnit files have them."""
    return [(f"measure.{m.name}", str(m).partition(" = ")[2]) for m in evidence_of(item).measurements]


def error_row(error: BaseException | None) -> dict[str, Any]:
    """What the table row says of an error; empty cells if it is none of the rig's."""
    row: dict[str, Any] = {"verdict": "", "domain": "", "reason": "", "error": ""}
    if isinstance(error, RigError):
        row["error"] = type(error).__name__
        row["domain"] = "bench" if isinstance(error, BenchError | SafetyTrip) else ""
        if isinstance(error, ConfigError):
            row["domain"] = FaultDomain.CONFIGURATION.value
        row["reason"] = str(error)
    return row


def summarise(
    item: pytest.Item, report: pytest.TestReport, error: BaseException | None, outputs: Outputs | None, *, raw: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """(facts for the table row and the journal, extras for pytest-html). Pictures are drawn from blanked light."""
    evidence = evidence_of(item)
    row = error_row(error)
    told = evidence.dut.observation().outcome.summary if evidence.dut is not None and evidence.dut.observed else ""
    failure = without_blame(why_failed(report, told))
    blocks: list[str] = list(evidence.blocks)
    if failure and not row["reason"]:
        blocks.insert(0, f"<p class='rig-fail'>Failed: {html.escape(failure)}</p>")
    extras: list[dict[str, Any]] = []
    if evidence.dut is not None and evidence.dut.observed:
        seen = evidence.dut.observation()
        row["observed"] = journal.plain(observed(seen))
        outcome = seen.outcome
        row["verdict"] = NOT_JUDGED if row["domain"] == "bench" else outcome.verdict.value
        if report.failed and outcome.fault_domain is FaultDomain.NONE:  # of what was judged; the test asked for more
            outcome = replace(outcome, fault_domain=FaultDomain.UNKNOWN, summary=without_blame(outcome.summary))
        row["domain"] = row["domain"] or outcome.fault_domain.value
        row["reason"] = row["reason"] or _reason(failure, outcome.summary)
        bench = row["verdict"] == NOT_JUDGED
        blocks.append(_bench_block(row["reason"]) if bench else _outcome_block(outcome, failure))
        blocks += _limited_blocks(seen)
        blocks += [_receipt_block(n, receipt) for n, receipt in enumerate(evidence.dut.receipts, 1)]
        blocks.append(image_block(_drawing()(seen.recording, seen.decoded, title=item.name), "observation"))
        row[PACKETS] = [receipt.packet_hmac for receipt in evidence.dut.receipts]
        if outputs is not None:
            kept = store_recording(item, evidence.dut, seen, outputs, raw=raw)
            row |= kept
            if "recording" in kept:
                blocks.append(f"<p>Recording: <code>{html.escape(kept['recording'])}</code></p>")
    row["reason"] = row["reason"] or failure
    row["measurements"] = [{**journal.plain(m), "grade": m.grade} for m in evidence.measurements]
    row["marginal"] = [str(m) for m in evidence.measurements if m.grade == "marginal"]
    row["out_of_limits"] = [m.complaint for m in evidence.measurements if m.grade == "fail"]
    if evidence.measurements:
        lines = "".join(f"<li class='rig-{m.grade}'>{html.escape(str(m))}</li>" for m in evidence.measurements)
        blocks.append(f"<p><b>Measurements</b></p><ul>{lines}</ul>")
    if evidence.notes:
        blocks.append("<ul>" + "".join(f"<li>{html.escape(note)}</li>" for note in evidence.notes) + "</ul>")
    if blocks:
        extras.insert(0, pytest_html.extras.html(f"<div class='rig-evidence'>{''.join(blocks)}</div>"))
    return row, extras


def why_failed(report: pytest.TestReport, verdict: str = "") -> str:
    """The first line of what a failed test says, with where a value is from, but without pytest's own words.

    Where that is `verdict`, the sentence on the device, the assertion itself: it says what the test asked.
    """
    if not report.failed:
        return ""
    crash = getattr(report.longrepr, "reprcrash", None)
    said = str(report.longrepr or "") if crash is None else str(crash.message)
    first, *more = [line.strip() for line in said.splitlines() if line.strip()] or [""]
    if verdict and more and first.removeprefix("AssertionError: ") == verdict:
        first, *more = more
    first, named = _ENUM_MEMBER.subn(r"\1", first)
    if named:  # where it is from is an outcome with all its evidence
        more = []
    if more and (where := more[0].removeprefix("+").strip()).startswith("where "):  # "assert None" alone says nothing
        first = f"{first} {where}"
    for word in ("AssertionError: ", "Failed: ", "measurement "):
        first = first.removeprefix(word)
    return first


def _reason(failure: str, summary: str) -> str:
    """Why the test failed, if it did, before what was seen of the device."""
    if not failure or summary in failure:
        return failure or summary
    return f"{failure.rstrip('.')}. Verdict on the device: {summary}"


@functools.cache
def _drawing() -> Callable[..., bytes]:
    """`picture`, loaded when it is needed first: a controller that hands its tests to workers draws nothing."""
    from rig.report.pictures.observation import picture

    # All modules are loaded by now and stay. To search them for garbage again and again took 3 % of a session.
    gc.collect()
    gc.freeze()
    return picture


def observed(seen: Observation) -> dict[str, Any]:
    """What the journal keeps of an observation: the outcome, the LED's spans, what limits them, what the rig did."""
    return {
        "outcome": seen.outcome,
        "spans": seen.decoded.spans,
        "problems": [{"kind": p.kind, "text": p.text, "numbers": p.numbers} for p in seen.decoded.problems],
        "actions": seen.recording.actions,
    }


def _bench_block(reason: str) -> str:
    """Instead of a verdict: what a broken bench saw says nothing about the device."""
    return (
        "<p class='rig-verdict'><b>bench fault</b> (the device is not judged; fault domain: bench)</p>"
        f"<p>{html.escape(reason)}</p>"
    )


def _outcome_block(outcome: Any, failure: str) -> str:
    """The verdict, once; what to try next lies open where somebody has to try something."""
    evidence = "".join(
        f"<li><b>{item.start_s:.2f}-{item.end_s:.2f} s</b> {html.escape(item.text)} "
        f"<i>({html.escape(item.source)})</i></li>"
        for item in outcome.evidence
    )
    advice = "".join(f"<li>{html.escape(line)}</li>" for line in outcome.advice)
    against = "".join(f"<li>{html.escape(v.value)}: {html.escape(why)}</li>" for v, why in outcome.alternatives)
    return (
        f"<p class='rig-verdict'><b>{html.escape(outcome.verdict.value)}</b> "
        f"(confidence {outcome.confidence:.0%}, fault domain: {html.escape(outcome.fault_domain.value)})</p>"
        + ("" if outcome.summary in failure else f"<p>{html.escape(outcome.summary)}</p>")
        + f"<details><summary>Evidence ({len(outcome.evidence)})</summary><ul>{evidence}</ul></details>"
        + (
            f"<details{' open' if failure else ''}><summary>What to try next</summary><ol>{advice}</ol></details>"
            if advice
            else ""
        )
        + (f"<details><summary>Why not something else</summary><ul>{against}</ul></details>" if against else "")
    )


def _limited_blocks(seen: Observation) -> list[str]:
    """A line for each weak source whose voltage had to be limited to what bench and device allow."""
    return [
        f"<p class='rig-limited'>Supply profile {html.escape(str(action.details.get('profile')))}: limited at "
        f"{action.details['limited_set_points']} set points, where its source gave "
        f"{action.details['source_lowest_v']:.2f} to {action.details['source_highest_v']:.2f} V</p>"
        for action in seen.recording.actions
        if "limited_set_points" in action.details
    ]


def _receipt_block(number: int, receipt: Receipt) -> str:
    """What left the BlinkUp LED's pins, as a small table; of the packet only its hash."""
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(text)}</td></tr>" for name, text in receipt.rows()
    )
    said = html.escape(receipt.verdict)
    return f"<details class='rig-receipt'><summary>BlinkUp {number}: {said}</summary><table>{rows}</table></details>"


def sweep_block(sweep: Sweep) -> str:
    """A sweep's table and picture."""
    from rig.report.pictures.sweep import sweep_png

    head = "".join(f"<th>{html.escape(name)}</th>" for name in COLUMNS)
    rows = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in sweep.rows())
    title = html.escape(f"Sweep of {sweep.plan.axis} ({UNITS[sweep.plan.axis]})")
    return f"<p><b>{title}</b></p><table><tr>{head}</tr>{rows}</table>{image_block(sweep_png(sweep), 'sweep')}"


def image_block(data: bytes, what: str) -> str:
    """A PNG as it stands in a self-contained report."""
    return f"<img class='rig-picture' alt='{html.escape(what)}' src='data:image/png;base64,{_base64(data)}'>"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
