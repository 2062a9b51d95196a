"""What the rig adds to pytest-html's table: verdict, fault domain and reason of each test."""

from __future__ import annotations

import html
import re
from types import SimpleNamespace
from typing import Any

_TEST_ID = re.compile(r'(<td class="col-testId">)(.*)(</td>)', re.DOTALL)  # pytest-html inserts ids as they are


def header_cells(cells: list[str]) -> None:
    """Columns for verdict, fault domain and reason, between the test's name and its duration."""
    cells.insert(2, '<th class="sortable" data-column-type="verdict">Verdict</th>')
    cells.insert(3, '<th class="sortable" data-column-type="domain">Fault domain</th>')
    cells.insert(4, "<th>Reason</th>")


def marginal(made: Any) -> list[str]:
    """The measurements of a test that were inside their limits, but only just."""
    return (getattr(made, "rig", None) or {}).get("marginal") or []


def out_of_limits(made: Any) -> list[str]:
    """The measurements of a test that were outside their limits, with the limits and whose they are."""
    return (getattr(made, "rig", None) or {}).get("out_of_limits") or []


def why_skipped(made: Any) -> str:
    """Why a test was skipped; empty if it wasn't."""
    if not getattr(made, "skipped", False) or not isinstance(made.longrepr, tuple):
        return ""
    return str(made.longrepr[2]).removeprefix("Skipped: ")


def row_cells(report: Any, cells: list[str]) -> None:
    """Fill the rig's columns of one row."""
    row = getattr(report, "rig", None) or {}
    phase = "::setup" if why_skipped(report) else ""  # a skipped test has no phases that anybody asks about
    cells[1] = _TEST_ID.sub(lambda found: f"{found[1]}{html.escape(found[2].removesuffix(phase))}{found[3]}", cells[1])
    said = row.get("reason", "") or why_skipped(report).partition("; ")[0]
    close = [f"Marginal: {line}." for line in marginal(report)]
    if getattr(report, "failed", False):  # a red row begins with what made it red
        outside = [f"Also {line}." for line in out_of_limits(report) if line not in said]
        parts = [f"{said.rstrip('.')}.", *outside, *close] if outside or close else [said]
    else:
        parts = [*close, said]
    reason = " ".join(" ".join(parts).split())
    cells.insert(2, f'<td class="col-verdict">{html.escape(str(row.get("verdict", "")))}</td>')
    cells.insert(3, f'<td class="col-domain">{html.escape(str(row.get("domain", "")))}</td>')
    cells.insert(4, f'<td class="col-reason">{html.escape(reason)}</td>')


def add_afterwards(html_report: Any, announcement: str) -> None:
    """Title and columns of a report that was begun before a test used the rig; rows there already get empty cells.

    `html_report` is what pytest-html hands to `pytest_html_report_title`.
    """
    html_report.title = title_of(announcement)
    header = list(html_report.table_header)
    header_cells(header)
    html_report.table_header = header
    for rows in html_report.data["tests"].values():
        for row in rows:
            row_cells(SimpleNamespace(), row["resultsTableRow"])


def title_of(announcement: str) -> str:
    """The title of a report."""
    return f"Imp bench rig: {announcement}"
