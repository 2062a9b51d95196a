"""The private parts of pytest that the plugin leans on, because there is no public way. Seen in pytest 8.2 to 9.2."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
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


class _Filtered:
    """A stream that changes what is written into another one."""

    def __init__(self, stream: Any, change: Callable[[str], str]) -> None:
        self._stream = stream
        self._change = change

    def write(self, text: str) -> Any:
        return self._stream.write(self._change(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def filter_terminal(terminal: Any, change: Callable[[str], str]) -> Callable[[], None]:
    """Let `change` filter each text that the terminal reporter writes; call what is returned to end that."""
    writer = terminal._tw
    stream = writer._file
    writer._file = _Filtered(stream, change)

    def undo() -> None:
        writer._file = stream

    return undo


def is_of_pytest(value: object) -> bool:
    """Whether a part of a report is one of pytest's own, whose attributes may be filtered."""
    return type(value).__module__.startswith("_pytest.") and hasattr(value, "__dict__")


def take_over_html(plugins: Iterable[Any], write: Callable[[Path, str], Path]) -> None:
    """Let `write` write the report of pytest-html (seen in 4.2); it gets path and text, and says where it wrote."""
    for plugin in plugins:
        if type(plugin).__module__.startswith("pytest_html.") and hasattr(plugin, "_write_report"):
            plugin._write_report = functools.partial(_write_report, plugin, write)


def _write_report(plugin: Any, write: Callable[[Path, str], Path], text: str) -> None:
    plugin._report_path = write(plugin._report_path, text)
