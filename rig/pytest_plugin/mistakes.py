"""A mistake of a test or of a data file, found while a test runs: the message and the test's own line, nothing else."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pluggy
import pytest

import rig
from rig.config.bench_networks import DeclaredNetworks
from rig.errors import ConfigError
from rig.pytest_plugin import options
from rig.pytest_plugin.compat import failure_at
from rig.pytest_plugin.evidence import error_row

# Where the code of the rig and of pytest lies (`pytest.Item` stands in the package that does pytest's work).
NOT_THE_TESTS = tuple(str(Path(inspect.getfile(part)).parent) for part in (rig, pytest.Item, pluggy))


def is_mistake(error: str) -> bool:
    """Whether the error of that class name is a mistake of configuration."""
    waiting: list[type[ConfigError]] = [ConfigError]
    while waiting:
        found = waiting.pop()
        if found.__name__ == error:
            return True
        waiting += found.__subclasses__()
    return False


def exit_code_of(error: str) -> int | None:
    """The exit code that an error of that class name asks for; None if it leaves the one that pytest has."""
    if error == "SafetyTrip":
        return options.SAFETY_TRIP
    if error in ("BenchFault", "BenchConnectionError", "HostStalled"):
        return options.BENCH_FAULT
    if error == "BenchInUse":
        return options.BENCH_LOCKED
    return options.CONFIG_INVALID if error and is_mistake(error) else None


def in_choice(item: pytest.Item, error: ConfigError) -> pytest.CollectReport:
    """A failed report: the bench that this test would use can't be chosen."""
    return pytest.CollectReport(
        nodeid=item.nodeid, outcome="failed", longrepr=f"configuration: {error}", result=[], rig=error_row(error)
    )


def in_markers(item: pytest.Item, networks: DeclaredNetworks) -> list[pytest.CollectReport]:
    """A failed report for each word of `requires` markers that no bench can have."""
    return [
        pytest.CollectReport(
            nodeid=item.nodeid,
            outcome="failed",
            longrepr=f"{error}\nasked for by {item.nodeid}",  # xdist shows texts that are the same only once
            result=[],
            rig=error_row(error),
        )
        for marker in item.iter_markers("requires")
        for capability in marker.args
        if isinstance(capability, str)  # else refused when the test is to run
        if (error := _mistake(capability, networks)) is not None
    ]


def _mistake(capability: str, networks: DeclaredNetworks) -> ConfigError | None:
    try:
        networks.check_capability(capability)
    except ConfigError as error:
        return error
    return None


def shorten(item: pytest.Item, made: pytest.TestReport, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Let the report of a `ConfigError` show the test's own lines; --full-trace and --tb=native show all."""
    if item.config.getoption("fulltrace", False) or item.config.getoption("tbstyle", "auto") == "native":
        return
    own = [entry for entry in excinfo.traceback if _is_the_tests(entry, excinfo)]
    made.longrepr = _at_its_lines(item, excinfo) if own else _at_the_test(item, excinfo)


def _is_the_tests(entry: Any, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
    return not str(entry.path).startswith(NOT_THE_TESTS) and not entry.ishidden(excinfo)


def _at_its_lines(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
    style = item.config.getoption("tbstyle", "auto")
    shown = pytest.ExceptionInfo.from_exception(excinfo.value)
    # The last line of what is left is where the summary says that it happened.
    shown.traceback = excinfo.traceback.filter(lambda entry: _is_the_tests(entry, excinfo))
    return shown.getrepr(
        style="long" if style == "auto" else style,
        showlocals=item.config.getoption("showlocals", False),
        tbfilter=False,
        chain=False,
    )


def _at_the_test(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
    """Where none of its lines has run yet: what a marker of it asks for can't be."""
    path, line, _ = item.location
    return failure_at(str(path), (line or 0) + 1, excinfo.exconly())
