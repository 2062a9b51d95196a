"""Takes every secret that this process knows out of what a session shows and writes: the last filter of all.

It sees texts where they are made (reports of tests, warnings, log records, the terminal) and once more in the files
that are there at the end. A text that a test writes to the terminal itself, under `-s`, is not among them.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from rig.pytest_plugin.compat import filter_terminal, is_of_pytest
from rig.redaction import redacted, redacted_data
from rig.report.redacted_files import redact_file

MOST_DEPTH = 12  # of the parts of a report: an exception chain has seven
# What other plugins call the files that they write, among the options of a session.
FILE_OPTIONS = ("xmlpath", "htmlpath", "report_log", "json_report_file", "log_file")


class Redactor:
    """The filter of one session."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._undo = contextlib.ExitStack()
        self._filtered = False
        before = logging.getLogRecordFactory()
        logging.setLogRecordFactory(_redacting_factory(before))
        self._undo.callback(logging.setLogRecordFactory, before)
        self._filter_terminal()

    def _filter_terminal(self) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is not None and not self._filtered:
            self._filtered = True
            self._undo.callback(filter_terminal(terminal, redacted))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """The terminal is there by now, if it wasn't when the session began to use the rig."""
        self._filter_terminal()

    def pytest_make_parametrize_id(self, val: object) -> str | None:
        """A test that is run with a secret isn't named after it."""
        return redacted(val) if isinstance(val, str) and redacted(val) != val else None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Filter what other plugins have put into the report of a test, too."""
        made = yield
        redact_report(made)
        return made

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Filter what collecting a file has failed with."""
        made = yield
        redact_report(made)
        return made

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Filter a warning before anybody keeps it."""
        said = str(warning_message.message)
        if redacted(said) != said:
            warning_message.message = UserWarning(redacted(said))

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Filter the files that other plugins have written, and let go of log and terminal."""
        if not hasattr(self._config, "workerinput"):
            for path in self._files():
                with contextlib.suppress(OSError):
                    redact_file(path)
        self._undo.close()

    def _files(self) -> list[Path]:
        named = (getattr(self._config.option, name, None) for name in FILE_OPTIONS)
        paths = [Path(str(name)) for name in named if name]
        return [path for path in dict.fromkeys(paths) if path.is_file()]


def redact_report(made: Any) -> None:
    """Filter the texts of a report in place. Names of tests stay as they are: other plugins know them by these."""
    for name in ("longrepr", "sections", "user_properties", "extras", "rig", "wasxfail"):
        value = getattr(made, name, None)
        if value:
            setattr(made, name, _clean(value))


def _clean(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, tuple):
        return tuple(_clean(item, depth + 1) for item in value)
    if isinstance(value, list):
        return [_clean(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return redacted_data(value)
    if depth < MOST_DEPTH and is_of_pytest(value):
        for name, part in vars(value).items():
            setattr(value, name, _clean(part, depth + 1))
    return value


def _redacting_factory(before: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    """A factory of log records without secrets: in the message with its arguments, and in an exception's text."""

    def made(*args: Any, **named: Any) -> logging.LogRecord:
        record = before(*args, **named)
        try:
            said = record.getMessage()
        except Exception:  # whoever formats the record complains better
            return record
        if redacted(said) != said:
            record.msg, record.args = redacted(said), ()
        if record.exc_info and isinstance(record.exc_info, tuple) and record.exc_info[0] is not None:
            text = logging.Formatter().formatException(record.exc_info)
            if redacted(text) != text:
                record.exc_text = redacted(text)
        return record

    return made
