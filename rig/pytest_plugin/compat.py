"""The private parts of pytest that the plugin leans on, because there is no public way. Seen in pytest 8.2 to 9.2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest


def fixture_definitions(item: pytest.Item) -> dict[str, Sequence[pytest.FixtureDef[Any]]]:
    """Name to the definitions of each fixture that a test uses, the overriding one last.

    `Item.fixturenames` has the names alone, and a project may have a `bench` or `clock` of its own.
    """
    found = getattr(item, "_fixtureinfo", None)  # _pytest.fixtures.FuncFixtureInfo; not there on items of other plugins
    return {} if found is None else found.name2fixturedefs


def run_phases(item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
    """Set a test up, call it and tear it down, without telling the reports to anybody yet."""
    from _pytest.runner import runtestprotocol

    return runtestprotocol(item, nextitem=nextitem, log=False)


def make_new(item: pytest.Item) -> None:
    """Let a test that has run begin again, with none of its fixtures' values."""
    item._initrequest()  # type: ignore[attr-defined]  # what pytest-rerunfailures does too


def failure_at(path: str, line: int, message: str) -> Any:
    """What a report shows of a failure for which no frame stands: `path:line: message`, in the short summary too.

    A text as `longrepr` would be public, but the summary then has no message.
    """
    from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback

    return ReprExceptionInfo(
        reprtraceback=ReprTraceback([ReprEntryNative([f"{path}:{line}: {message}\n"])], None, style="native"),
        reprcrash=ReprFileLocation(path, line, message),
    )
