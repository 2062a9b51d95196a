"""What pytest does differently in a session that uses the rig. Hardware is opened by fixtures only."""

from __future__ import annotations

import contextlib
import html
from collections.abc import Generator
from typing import Any

import pytest

from rig.config.bench import BenchConfig
from rig.drivers.failsafe.signals import ending_signals_interrupt
from rig.drivers.failsafe.stalls import or_stall
from rig.errors import BenchError, BenchFault, CapabilityMissing, ConfigError, HostStalled, SafetyTrip
from rig.pytest_plugin import html_columns, mistakes, selection, summary
from rig.pytest_plugin.compat import make_new, run_phases
from rig.pytest_plugin.declarations import missing_measurements
from rig.pytest_plugin.evidence import begin_again, error_row, evidence_of, properties, summarise
from rig.pytest_plugin.markers import judges
from rig.pytest_plugin.outputs import OUTPUTS
from rig.pytest_plugin.run_folder import RUN_FOLDER, note_result, point_latest, session_facts
from rig.pytest_plugin.safe_off import notices_of


class RigHooks:
    """The hooks of one session, registered when it first uses the rig.

    Extras of pytest-html are attached when the call phase (or a failing setup) is reported: it loses what a teardown
    attaches.

    Raises:
        ConfigError: there is no such bench or device, a file of theirs has a mistake, or a real bench would be shared.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._first_fault = ""
        self._stalled: dict[str, str] = {}  # by test that is to be repeated: why
        self._repeated: set[str] = set()
        self._announced = False
        bench, _ = selection.chosen(config)
        self._is_real = bench.kind != "simulated"
        _refuse_sharing(config, bench)
        self._announcement = selection.announcement(config)
        self._signals = contextlib.ExitStack()
        self._signals.enter_context(ending_signals_interrupt())

    def pytest_unconfigure(self) -> None:
        """Give the handlers of signals back."""
        self._signals.close()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker the folder of the run."""
        folder = self._config.stash.get(RUN_FOLDER, None)
        node.workerinput["rig_run_folder"] = str(folder) if folder else ""

    def pytest_report_header(self) -> str:
        """Say on which bench and device the session runs."""
        self._announced = True
        return self._announcement

    def pytest_report_collectionfinish(self) -> str | list[str]:
        """Where only a collected test told that the rig is used, the header was written by then."""
        said = [] if self._announced else [self._announcement]
        self._announced = True
        return said

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """A test during which the machine stood still is repeated once; the supply was off in between."""
        if not self._is_real or not isinstance(item, pytest.Function):
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = run_phases(item, nextitem)
        if item.nodeid in self._stalled:
            why = self._stalled.pop(item.nodeid)
            self._repeated.add(item.nodeid)
            begin_again(item, f"repeated, because the machine stood still the first time: {why}")
            make_new(item)
            reports = run_phases(item, nextitem)
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """After the bench broke, later tests say so instead of failing one by one."""
        if self._first_fault and "bench" in getattr(item, "fixturenames", ()):
            pytest.skip(f"the bench broke earlier: {self._first_fault}")

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, object, object]:
        """A test must have measured what its marker declares."""
        done = yield
        left_out = missing_measurements(pyfuncitem)
        if left_out:
            pytest.fail(f"declared by its `measures` marker and never measured: {', '.join(left_out)}", pytrace=False)
        return done

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add evidence, verdict and measurements to the report of a test."""
        made = yield
        if not judges(item):
            return made
        error = call.excinfo.value if call.excinfo is not None else None
        if self._is_real and isinstance(error, BenchFault):
            error = or_stall(error)
        if call.excinfo is not None and isinstance(error, ConfigError):
            mistakes.shorten(item, made, call.excinfo)
        if isinstance(error, HostStalled) and item.nodeid not in self._repeated:
            self._stalled[item.nodeid] = str(error)
        elif isinstance(error, BenchError | SafetyTrip) and not isinstance(error, CapabilityMissing):
            self._first_fault = self._first_fault or f"{type(error).__name__}: {error} (in {item.nodeid})"
        if call.when == "call" or (call.when == "setup" and error is not None):
            self._attach_evidence(item, made, error)
        elif error is not None:  # a teardown's: pytest-html loses its extras, the exit code must not
            made.rig = error_row(error)  # type: ignore[attr-defined]
        return made

    def _attach_evidence(self, item: pytest.Item, made: pytest.TestReport, error: BaseException | None) -> None:
        evidence_of(item).notes += notices_of(self._config)
        item.user_properties += properties(item)  # JUnit takes them from the report of the teardown
        outputs = self._config.stash.get(OUTPUTS, None)
        raw = bool(self._config.getoption("rig_keep_raw"))
        try:
            row, extras = summarise(item, made, error, outputs, raw=raw)
        except Exception as trouble:  # a report without a picture beats a session without a report
            evidence_of(item).dut = None
            row, extras = summarise(item, made, error, None, raw=False)
            row["reason"] = f"{row['reason']} [no picture: {type(trouble).__name__}: {trouble}]".strip()
        made.rig = row  # type: ignore[attr-defined]
        made.extras = [*getattr(made, "extras", []), *extras]  # type: ignore[attr-defined]
        evidence_of(item).dut = None  # samples of a whole session would fill the memory

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Append the result of a test to the journal."""
        note_result(self._config, report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Write what pytest-html is to tell of the run."""
        try:
            from pytest_metadata.plugin import metadata_key
        except ImportError:
            return
        if metadata_key in self._config.stash:
            self._config.stash[metadata_key].update(session_facts(self._config))

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """List what did not run, what is marginal, and where the report is."""
        summary.write(terminalreporter, self._announcement, point_latest(self._config))

    def add_to_html(self, html_report: Any) -> None:
        """Put the rig's title and columns into a report that pytest-html began before the rig was used."""
        html_columns.add_afterwards(html_report, self._announcement)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Name bench and device in the title."""
        report.title = html_columns.title_of(self._announcement)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Name bench and device at the head of the table."""
        prefix.append(f"<p><b>{html.escape(self._announcement)}</b></p>")

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Add the columns of verdict, fault domain and reason."""
        html_columns.header_cells(cells)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """Fill the columns of verdict, fault domain and reason."""
        html_columns.row_cells(report, cells)


def _refuse_sharing(config: pytest.Config, bench: BenchConfig) -> None:
    """Raises ConfigError if several processes would use a real bench."""
    if bench.kind == "simulated":
        return
    distributed = getattr(config.option, "dist", "no") != "no" and getattr(config.option, "tx", None)
    workers = getattr(config.option, "numprocesses", None) or (len(distributed) if distributed else 0)
    if not workers and hasattr(config, "workerinput"):
        workers = config.workerinput["workercount"]
    if workers:
        raise ConfigError(f"-n {workers}: bench {bench.name!r} is real and there is one of it; run without -n")
