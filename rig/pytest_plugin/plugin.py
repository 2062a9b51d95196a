"""pytest hooks. Everything that thinks lives elsewhere; hardware is opened by fixtures only."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from typing import Any

import pytest

from rig.drivers.failsafe.signals import ending_signals_interrupt
from rig.errors import BenchError, CapabilityMissing, ConfigError, SafetyTrip
from rig.pytest_plugin import mistakes, options, report
from rig.pytest_plugin.declared import judges, missing_measurements
from rig.pytest_plugin.evidence import error_row, evidence_of, properties, summarise
from rig.pytest_plugin.faults_fixture import faults
from rig.pytest_plugin.fixtures import (
    bench,
    blinkup,
    blinkup_sweep,
    brownout,
    clock,
    dut,
    environment,
    led,
    measure,
    network,
    required_capabilities,
    supply,
    surroundings,
)
from rig.pytest_plugin.report import note

__all__ = [
    "bench",
    "blinkup",
    "blinkup_sweep",
    "brownout",
    "clock",
    "dut",
    "environment",
    "faults",
    "led",
    "measure",
    "network",
    "required_capabilities",
    "supply",
    "surroundings",
]

FIRST_FAULT = pytest.StashKey[str]()
SIGNALS = pytest.StashKey[contextlib.ExitStack]()
EXIT_CODE = pytest.StashKey[int]()
GRAVITY = (options.CONFIG_INVALID, options.BENCH_FAULT, options.SAFETY_TRIP)  # of several the gravest is told


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


@pytest.hookimpl(tryfirst=True, optionalhook=True)  # xdist has an answer of its own, and the first one counts
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """`-n auto`: no workers at all on a real bench; on the simulated one whatever xdist thinks."""
    try:
        return None if options.is_simulated(config) else 0
    except ConfigError:
        return 0  # reported by pytest_configure


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "requires(*capabilities): skip the test if bench or device lacks one of them")
    config.addinivalue_line("markers", "measures(*names): fail the test if it takes none of one of these measurements")
    config.addinivalue_line("markers", "hil: judges a device on a bench")
    config.addinivalue_line("markers", "long: begins first where several processes share the tests")
    config.addinivalue_line("markers", "realtime: also run on the emulated bench, which takes as long as it says")
    if config.option.help or getattr(config.option, "markers", False):
        return  # whoever mistyped a bench may look up how to name one
    try:
        chosen, _ = options.chosen(config)
    except ConfigError as error:
        pytest.exit(f"configuration: {error}", returncode=options.CONFIG_INVALID)
    distributed = getattr(config.option, "dist", "no") != "no" and getattr(config.option, "tx", None)
    workers = getattr(config.option, "numprocesses", None) or (len(distributed) if distributed else 0)
    if workers and chosen.kind != "simulated":
        pytest.exit(
            f"-n {workers}: bench {chosen.name!r} is real and there is one of it; run without -n",
            returncode=options.CONFIG_INVALID,
        )
    if config.getoption("rig_reports"):
        report.enable(config)
    signals = contextlib.ExitStack()
    signals.enter_context(ending_signals_interrupt())
    config.stash[SIGNALS] = signals


def pytest_unconfigure(config: pytest.Config) -> None:
    signals = config.stash.get(SIGNALS, None)
    if signals is not None:
        signals.close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    folder = node.config.stash.get(report.RUN_FOLDER, None)
    node.workerinput["rig_run_folder"] = str(folder) if folder else ""


def pytest_report_header(config: pytest.Config) -> str:
    return options.announcement(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A capability or network that no bench can have would skip its test for ever; long tests don't come last."""
    if hasattr(config, "workerinput"):  # one process alone takes as long in any order, and keeps the file's
        items.sort(key=lambda item: item.get_closest_marker("long") is None)
    refused = [made for item in items for made in mistakes.in_markers(item, options.networks(config))]
    for made in refused:  # as a report: an exception in a worker of xdist would never be read by anybody
        config.hook.pytest_collectreport(report=made)
    if refused:
        items.clear()  # workers run what was collected, whatever was reported


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """After the bench broke, later tests say so instead of failing one by one."""
    first = item.session.stash.get(FIRST_FAULT, None)
    if first is not None and "bench" in getattr(item, "fixturenames", ()):
        pytest.skip(f"the bench broke earlier: {first}")


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any, request: Any) -> Generator[None, object, object]:
    try:
        return (yield)
    except CapabilityMissing as missing:
        pytest.skip(str(missing))


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    try:
        done = yield
    except CapabilityMissing as missing:
        pytest.skip(str(missing))
    left_out = missing_measurements(pyfuncitem)
    if left_out:
        pytest.fail(f"declared by its `measures` marker and never measured: {', '.join(left_out)}", pytrace=False)
    return done


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    made = yield
    if not judges(item):
        return made
    error = call.excinfo.value if call.excinfo is not None else None
    if call.excinfo is not None and isinstance(error, ConfigError):
        mistakes.shorten(item, made, call.excinfo)
    if isinstance(error, BenchError | SafetyTrip) and not isinstance(error, CapabilityMissing):
        item.session.stash.setdefault(FIRST_FAULT, f"{type(error).__name__}: {error} (in {item.nodeid})")
    if call.when == "call" or (call.when == "setup" and error is not None):
        folder = item.config.stash.get(report.RUN_FOLDER, None)
        item.user_properties += properties(item)  # JUnit takes them from the report of the teardown
        row, extras = _evidence(item, made, error, folder)
        made.rig = row  # type: ignore[attr-defined]
        made.extras = [*getattr(made, "extras", []), *extras]  # type: ignore[attr-defined]
        evidence_of(item).dut = None  # samples of a whole session would fill the memory
    elif error is not None:  # a teardown's: pytest-html loses its extras, the exit code must not
        made.rig = error_row(error)  # type: ignore[attr-defined]
    return made


def _evidence(item: pytest.Item, made: pytest.TestReport, error: BaseException | None, folder: Any) -> Any:
    raw = bool(item.config.getoption("rig_keep_raw"))
    try:
        return summarise(item, made, error, folder, raw=raw)
    except Exception as trouble:  # a report without a picture beats a session without a report
        evidence_of(item).dut = None
        row, extras = summarise(item, made, error, None, raw=False)
        row["reason"] = f"{row['reason']} [no picture: {type(trouble).__name__}: {trouble}]".strip()
        return row, extras


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if _config is None:
        return
    note(_config, report)
    _rate(_config, report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if _config is not None:
        _rate(_config, report)


def _rate(config: pytest.Config, report: pytest.TestReport | pytest.CollectReport) -> None:
    """Have the session end with the code of what went wrong, the gravest if it is several things."""
    error = (getattr(report, "rig", None) or {}).get("error")
    code = {"SafetyTrip": options.SAFETY_TRIP}.get(error or "")
    if error in ("BenchFault", "BenchConnectionError"):
        code = options.BENCH_FAULT
    elif error and mistakes.is_mistake(error):
        code = options.CONFIG_INVALID
    if code is not None:
        config.stash[EXIT_CODE] = max(code, config.stash.get(EXIT_CODE, code), key=GRAVITY.index)


_config: pytest.Config | None = None


def pytest_sessionstart(session: pytest.Session) -> None:
    global _config
    _config = session.config


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    code = config.stash.get(EXIT_CODE, None)
    if code is not None and not hasattr(config, "workerinput"):
        session.exitstatus = code
    try:
        from pytest_metadata.plugin import metadata_key
    except ImportError:
        return
    if metadata_key in config.stash:
        config.stash[metadata_key].update(report.environment(config))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    path = report.point_latest(config)
    red = [made for kind in ("failed", "error") for made in terminalreporter.stats.get(kind, [])]
    _section(
        terminalreporter, "out of limits", [f"{r.nodeid}: {line}" for r in red for line in report.out_of_limits(r)]
    )
    close = [f"{r.nodeid}: {line}" for r in terminalreporter.stats.get("passed", []) for line in report.marginal(r)]
    _section(terminalreporter, "passed, close to a limit", close)
    _section(terminalreporter, "not run, and why", report.left_out(terminalreporter.stats.get("skipped", [])))
    terminalreporter.section("bench")
    terminalreporter.write_line(options.announcement(config))
    if path is not None:
        terminalreporter.write_line(f"HTML report: {path}")


def _section(terminalreporter: Any, title: str, lines: list[str]) -> None:
    if lines:
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)


@pytest.hookimpl(optionalhook=True)
def pytest_html_report_title(report: Any) -> None:
    if _config is not None:
        report.title = f"Imp bench rig: {options.announcement(_config)}"


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_summary(prefix: list[str], summary: list[str], postfix: list[str]) -> None:
    import html

    if _config is not None:
        prefix.append(f"<p><b>{html.escape(options.announcement(_config))}</b></p>")


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_header(cells: list[str]) -> None:
    report.header_cells(cells)


@pytest.hookimpl(optionalhook=True)
def pytest_html_results_table_row(report: Any, cells: list[str]) -> None:
    _row_cells(report, cells)


_row_cells = report.row_cells
