"""Where a run's files go when the folder that was meant for them can't take them: nothing that was measured is lost."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from rig.pytest_plugin import options
from rig.pytest_plugin.compat import take_over_html
from rig.report.journal import NAME
from rig.report.private import Readers, write_whole
from rig.report.redacted_files import redacted_markup

TOLD = "kept_elsewhere"  # in the report of a test: what a worker had to say of its files


class Outputs:
    """The files of one run. A file that can't be written goes into a folder of the system's temporary ones.

    The terminal tells of each, and the session ends with the exit code of a fault of the bench.
    """

    def __init__(self, config: pytest.Config, folder: Path, readers: Readers) -> None:
        self._config = config
        self.folder = folder
        self.readers: Readers = readers
        self.told: list[str] = []  # files that lie elsewhere
        self.remarks: list[str] = []  # what is worth a line and is no fault
        self.html: Path | None = None
        self._elsewhere: Path | None = None

    def instead(self, path: Path, error: OSError) -> Path:
        """Another place for a file that can't be written, once told.

        Raises:
            OSError: there is no other place either.
        """
        if self._elsewhere is None:
            self._elsewhere = Path(tempfile.mkdtemp(prefix="rig-reports-"))
        inside = path.relative_to(self.folder) if path.is_relative_to(self.folder) else Path(path.name)
        other = self._elsewhere / inside
        other.parent.mkdir(parents=True, exist_ok=True)
        self.tell(f"{path} can't be written ({error.strerror or error}); it is in {other}")
        return other

    def tell(self, line: str) -> None:
        """Keep a line of what went wrong for the end of the session, once."""
        if line not in self.told:
            self.told.append(line)

    def write_html(self, path: Path, text: str) -> Path:
        """Write the report of pytest-html without secrets; returns where it is."""
        clean = redacted_markup(text)
        try:
            write_whole(path, clean, self.readers)
        except OSError as error:
            try:
                path = self.instead(path, error)
                write_whole(path, clean, self.readers)
            except OSError as again:
                self.tell(f"{path} can't be written anywhere ({again.strerror or again}); the journal has the results")
                return path
        self.html = path
        return path

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        """pytest-html is there by now."""
        take_over_html(self._config.pluginmanager.get_plugins(), self.write_html)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What a worker of xdist could not write where it should."""
        for line in (getattr(report, "rig", None) or {}).get(TOLD, ()):
            self.tell(line)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """A file of another plugin that can't be written costs neither the report nor the summary."""
        try:
            return (yield)
        except OSError as error:
            self.tell(f"{error.filename or 'a file'} can't be written ({error.strerror or error})")
            if self.html is None:
                for plugin in self._config.pluginmanager.get_plugins():
                    if type(plugin).__module__.startswith("pytest_html.") and hasattr(plugin, "_write_report"):
                        plugin.pytest_sessionfinish(session)
            return None

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what lies elsewhere."""
        if self.told or self.remarks:
            terminalreporter.section("reports")
            for line in (*self.told, *self.remarks):
                terminalreporter.write_line(line)


class ExitCode:
    """Ends a session whose files lie elsewhere with the code of a bench fault, unless something graver happened."""

    def __init__(self, outputs: Outputs) -> None:
        self._outputs = outputs

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """After all others have written their files."""
        done = yield
        if self._outputs.told and session.exitstatus != options.SAFETY_TRIP:
            session.exitstatus = options.BENCH_FAULT
        return done


OUTPUTS = pytest.StashKey[Outputs]()


def forget_folder(folder: Path) -> None:
    """Remove the folder of a run that could not begin, with what could be written of its journal."""
    with contextlib.suppress(OSError):
        (folder / NAME).unlink(missing_ok=True)
        folder.rmdir()
