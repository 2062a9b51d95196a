"""The entry point of the plugin: options, markers and fixtures, which any pytest session on this machine pays for.

These modules import next to nothing. All else is loaded by `rig.pytest_plugin.use`, once a session uses the rig.
"""

from __future__ import annotations

import pytest

from rig.errors import ConfigError
from rig.pytest_plugin import markers, options, use
from rig.pytest_plugin.fixtures import (
    bench_fixture,
    blinkup_fixture,
    blinkup_sweep_fixture,
    brownout_fixture,
    clock_fixture,
    dut_fixture,
    environment_fixture,
    faults_fixture,
    led_fixture,
    measure_fixture,
    network_fixture,
    real_bench_fixture,
    required_capabilities_fixture,
    supply_fixture,
    surroundings_fixture,
)

__all__ = [
    "bench_fixture",
    "blinkup_fixture",
    "blinkup_sweep_fixture",
    "brownout_fixture",
    "clock_fixture",
    "dut_fixture",
    "environment_fixture",
    "faults_fixture",
    "led_fixture",
    "measure_fixture",
    "network_fixture",
    "real_bench_fixture",
    "required_capabilities_fixture",
    "supply_fixture",
    "surroundings_fixture",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    options.add(parser)


@pytest.hookimpl(tryfirst=True, optionalhook=True)  # xdist has an answer of its own, and the first one counts
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """`-n auto`: no workers at all on a real bench; on the simulated one whatever xdist thinks.

    Workers are started before anything is collected. So a bench that somebody named is looked at, whoever uses it.
    """
    name, _ = options.bench_name(config)
    if name == options.DEFAULT_BENCH:
        return None
    from rig.pytest_plugin import selection

    try:
        return None if selection.is_simulated(config) else 0
    except ConfigError:
        return 0  # told as soon as the bench is used


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    for line in markers.LINES:
        config.addinivalue_line("markers", line)
    config.pluginmanager.register(use.UseDetector(config), use.DETECTOR)
    if options.given(config):
        use.begin(config)
    if config.getoption("rig_reports"):
        from rig.pytest_plugin import report

        report.enable_report(config)
