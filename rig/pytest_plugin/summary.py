"""What the terminal says at the end of a session: limits missed or nearly so, tests left out, the bench, the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.pytest_plugin.html_columns import marginal, out_of_limits, why_skipped


def write(terminal: pytest.TerminalReporter, announcement: str, report: Path | None) -> None:
    """Write the rig's sections; `report` is where the HTML report lies, if there is one."""
    red = [made for kind in ("failed", "error") for made in terminal.stats.get(kind, [])]
    _section(terminal, "out of limits", [f"{made.nodeid}: {line}" for made in red for line in out_of_limits(made)])
    passed = terminal.stats.get("passed", [])
    close = [f"{made.nodeid}: {line}" for made in passed for line in marginal(made)]
    _section(terminal, "passed, close to a limit", close)
    _section(terminal, "not run, and why", left_out(terminal.stats.get("skipped", [])))
    terminal.section("bench")
    terminal.write_line(announcement)
    if report is not None:
        terminal.write_line(f"HTML report: {report}")


def left_out(skipped: list[pytest.TestReport]) -> list[str]:
    """A line for each reason for which tests were skipped: the reason, and the tests."""
    tests: dict[str, list[str]] = {}
    for made in skipped:
        tests.setdefault(why_skipped(made).partition("; ")[0], []).append(made.nodeid.rpartition("::")[2])
    return [f"{reason}: {', '.join(names)}" for reason, names in tests.items()]


def _section(terminal: pytest.TerminalReporter, title: str, lines: list[str]) -> None:
    if lines:
        terminal.section(title)
        for line in lines:
            terminal.write_line(line)
