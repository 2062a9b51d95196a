"""When a session is one of the rig: an option of the rig is given, a suite asks for its report, or a test uses it.

Until then the plugin reads no file, prints no line and takes no signal. From then on `rig.pytest_plugin.hooks` is
registered, for this session alone: state lies in the plugin objects of a session and in `config.stash`, so that one
pytest session can run inside another.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Literal

import pytest

from rig.errors import CapabilityMissing, ConfigError
from rig.pytest_plugin import options
from rig.pytest_plugin.markers import uses_rig

# Names of this session's plugins.
DETECTOR, HOOKS, SAFE_OFF, REDACTION = "rig-use", "rig-hooks", "rig-safe-off", "rig-redaction"
# Of several the gravest is told.
GRAVITY = (options.CONFIG_INVALID, options.BENCH_LOCKED, options.BENCH_FAULT, options.SAFETY_TRIP)


def is_active(config: pytest.Config) -> bool:
    """Whether this session is one of the rig by now."""
    return config.pluginmanager.has_plugin(HOOKS)


def activate(config: pytest.Config) -> None:
    """Make this session one of the rig, if it isn't yet.

    Raises:
        ConfigError: there is no such bench or device, a file of theirs has a mistake, or a real bench would be shared.
    """
    if is_active(config):
        return
    from rig.pytest_plugin.hooks import RigHooks  # takes a second to load where nothing of the rig is loaded yet
    from rig.pytest_plugin.redacting import Redactor
    from rig.pytest_plugin.safe_off import SafeOff

    hooks = RigHooks(config)
    config.pluginmanager.register(hooks, HOOKS)
    config.pluginmanager.register(SafeOff(config), SAFE_OFF)
    config.pluginmanager.register(Redactor(config), REDACTION)
    detector = config.pluginmanager.get_plugin(DETECTOR)
    if detector is not None and detector.html_report is not None:
        hooks.add_to_html(detector.html_report)


def begin(config: pytest.Config) -> None:
    """As `activate`, but a mistake ends the session. Whoever mistyped a bench may still look up how to name one."""
    if config.option.help or getattr(config.option, "markers", False):
        return
    try:
        activate(config)
    except ConfigError as error:
        pytest.exit(f"configuration: {error}", returncode=options.CONFIG_INVALID)


def scope_of_the_bench(config: pytest.Config) -> Literal["function", "session"]:
    """Scope of the fixture `bench`: that of a real bench is the session, where the session itself names the bench.

    RIG_BENCH alone does not: it belongs to the machine, and no file is read until a test uses the rig.
    """
    name, _ = options.bench_name(config)
    if name == options.DEFAULT_BENCH or not options.given(config):
        return "function"
    from rig.pytest_plugin import selection

    try:
        return "function" if selection.is_simulated(config) else "session"
    except ConfigError:  # told as soon as the bench is used
        return "function"


class UseDetector:
    """Watches one session for the first use of the rig, and for the exit code that its errors ask for."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._exit_code: int | None = None
        self.html_report: Any = None

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """The bench is chosen as soon as a test is found that uses it; long tests don't come last."""
        if hasattr(config, "workerinput"):  # one process alone takes as long in any order, and keeps the file's
            items.sort(key=lambda item: item.get_closest_marker("long") is None)
        if not is_active(config):
            first = next((item for item in items if uses_rig(item)), None)
            if first is None:
                return
            try:
                activate(config)
            except ConfigError as error:
                from rig.pytest_plugin.mistakes import in_choice

                self._refuse(items, [in_choice(first, error)])
                return
        from rig.pytest_plugin.mistakes import in_markers
        from rig.pytest_plugin.selection import networks

        self._refuse(items, [made for item in items for made in in_markers(item, networks(config))])

    def _refuse(self, items: list[pytest.Item], mistakes: list[pytest.CollectReport]) -> None:
        """As reports: an exception in a worker of xdist would never be read by anybody."""
        for made in mistakes:
            self._config.hook.pytest_collectreport(report=made)
        if mistakes:
            items.clear()  # workers run what was collected, whatever was reported

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self) -> Generator[None, object, object]:
        """Skip a test whose fixture asks for what the bench lacks, also the one by which the rig is first used."""
        try:
            return (yield)
        except CapabilityMissing as missing:
            pytest.skip(str(missing))

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self) -> Generator[None, object, object]:
        """Skip a test that asks for what the bench lacks."""
        try:
            return (yield)
        except CapabilityMissing as missing:
            pytest.skip(str(missing))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A controller of xdist collects nothing: it learns by the first such report that the rig is used."""
        if getattr(report, "rig", None) is not None:
            begin(self._config)
            self._rate(report)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Rate a mistake that was found while tests were collected."""
        if getattr(report, "rig", None) is not None:
            self._rate(report)

    def _rate(self, report: Any) -> None:
        """Have the session end with the code of what went wrong, the gravest if it is several things."""
        from rig.pytest_plugin.mistakes import exit_code_of

        code = exit_code_of(report.rig.get("error") or "")
        if code is not None:
            self._exit_code = code if self._exit_code is None else max(code, self._exit_code, key=GRAVITY.index)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """End with the exit code of what went wrong."""
        if self._exit_code is not None and not hasattr(session.config, "workerinput"):
            session.exitstatus = self._exit_code

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """pytest-html makes its table before anything is collected; kept in case the rig's columns come later."""
        self.html_report = report
