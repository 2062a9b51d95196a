"""A mistake of a test or of a data file, found while a test runs: the message and the test's own line, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import _pytest
import pluggy
import pytest
from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback, Traceback

import rig
from rig.config.bench_networks import DeclaredNetworks
from rig.errors import ConfigError
from rig.pytest_plugin.evidence import error_row

NOT_THE_TESTS = tuple(str(Path(package.__file__ or "").parent) for package in (rig, _pytest, pluggy))


def is_mistake(error: str) -> bool:
    """Whether the error of that class name is a mistake of configuration."""
    waiting: list[type[ConfigError]] = [ConfigError]
    while waiting:
        found = waiting.pop()
        if found.__name__ == error:
            return True
        waiting += found.__subclasses__()
    return False


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
    own = _own(excinfo)
    made.longrepr = _at_the_test(item, excinfo) if not own else _at_its_lines(item, excinfo, own)


def _own(excinfo: pytest.ExceptionInfo[BaseException]) -> Traceback:
    return excinfo.traceback.filter(
        lambda entry: not str(entry.path).startswith(NOT_THE_TESTS) and not entry.ishidden(excinfo)
    )


def _at_its_lines(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException], own: Traceback) -> Any:
    style = item.config.getoption("tbstyle", "auto")
    shown = pytest.ExceptionInfo.from_exception(excinfo.value)
    shown.traceback = own  # its last line is where the summary says that it happened
    return shown.getrepr(
        style="long" if style == "auto" else style,
        showlocals=item.config.getoption("showlocals", False),
        tbfilter=False,
        chain=False,
    )


def _at_the_test(item: pytest.Item, excinfo: pytest.ExceptionInfo[BaseException]) -> ReprExceptionInfo:
    """Where none of its lines has run yet: what a marker of it asks for can't be."""
    path, line, _ = item.location
    said = excinfo.exconly()
    return ReprExceptionInfo(
        reprtraceback=ReprTraceback([ReprEntryNative([f"{path}:{(line or 0) + 1}: {said}\n"])], None, style="native"),
        reprcrash=ReprFileLocation(str(path), (line or 0) + 1, said),
    )
