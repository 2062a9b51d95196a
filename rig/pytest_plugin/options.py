"""The plugin's options and exit codes. Importing this reads nothing else of the rig: any pytest session pays for it."""

from __future__ import annotations

import argparse
import os

import pytest

from rig.errors import ConfigError

DEFAULT_BENCH = "simulated"
DEFAULT_CYCLES = 2
BENCH_VARIABLE = "RIG_BENCH"

BENCH_FAULT, BENCH_LOCKED, CONFIG_INVALID, SAFETY_TRIP = 10, 11, 12, 13

# What each option is where nobody gave it. One that is given makes the session one of the rig.
UNGIVEN = {
    "bench": None,
    "require_hardware": False,
    "dut": None,
    "rig_seed": None,
    "sim_defect": None,
    "rig_cycles": DEFAULT_CYCLES,
    "rig_keep_raw": False,
    "rig_reports": None,
    "bench_wait": None,
    "rig_max_unwatched": None,
}


def add(parser: pytest.Parser) -> None:
    """Add the options and ini keys of the rig to pytest's."""
    group = parser.getgroup("rig", "imp bench rig")
    group.addoption(
        "--bench",
        metavar="NAME|PATH",
        help=f"bench to run on: a name in fixtures/benches or a .toml file (default: {DEFAULT_BENCH}; "
        f"environment {BENCH_VARIABLE}, ini rig_bench)",
    )
    group.addoption(
        "--bench-wait",
        type=_wait,
        metavar="TIME",
        help="wait so long for a bench that another program uses, as in 10m (default: not at all, exit code 11; "
        "environment RIG_BENCH_WAIT)",
    )
    group.addoption(
        "--rig-max-unwatched",
        type=_unwatched,
        metavar="SECONDS",
        help="let the device have power for so long with no test looking at it, for a debugger (default: "
        "supply.max_unwatched_s of the bench file, 30)",
    )
    group.addoption("--require-hardware", action="store_true", help="refuse to run on a simulated bench")
    group.addoption("--dut", metavar="NAME|PATH", help="device profile, instead of the one that the bench file names")
    group.addoption("--rig-seed", type=int, metavar="N", help="draw the simulated individuals from this seed")
    group.addoption(
        "--sim-defect",
        action="append",
        metavar="NAME[,KEY=NUMBER...]",
        help="give the simulated device a defect, as in led.dim,factor=0.3 (docs/devices.md); may be repeated",
    )
    group.addoption(
        "--rig-cycles",
        type=_cycles,
        default=DEFAULT_CYCLES,
        metavar="N",
        help=f"power cycles of the endurance test (default: {DEFAULT_CYCLES}, which only shows that it works)",
    )
    group.addoption(
        "--rig-keep-raw",
        action="store_true",
        help="keep the light of BlinkUp data in recordings; it contains the Wi-Fi password",
    )
    group.addoption(
        "--rig-reports",
        metavar="DIR",
        help="where runs are written (default: reports; outside of tests_hil a report is written only if this is given "
        "or a conftest.py asks for one)",
    )
    parser.addini("rig_bench", "bench to run on, see --bench", default="")
    parser.addini(
        "rig_fixtures", "folders of benches, devices and networks of one's own (docs/installing.md)", type="paths"
    )


def _cycles(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} power cycles; expected 1 or more")
    return number


def _wait(text: str) -> float:
    from rig.drivers.failsafe.bench_lock import parse_wait

    try:
        return parse_wait(text)
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _unwatched(text: str) -> float:
    seconds = float(text)
    if not 1.0 <= seconds <= 86400.0:
        raise argparse.ArgumentTypeError(f"{text} seconds; expected 1 to 86400")
    return seconds


def bench_name(config: pytest.Config) -> tuple[str, str]:
    """(name or path, where it was said)."""
    for value, source in (
        (config.getoption("bench"), "--bench"),
        (os.environ.get(BENCH_VARIABLE), BENCH_VARIABLE),
        (str(config.getini("rig_bench") or ""), "rig_bench in the ini file"),
    ):
        if value:
            return str(value), source
    return DEFAULT_BENCH, "default"


def given(config: pytest.Config) -> bool:
    """Whether an option of the rig was given, on the command line or as `rig_bench` in the ini file.

    `RIG_BENCH` does not count: it belongs to the machine, where tests of other things run too.
    """
    return bool(config.getini("rig_bench")) or any(config.getoption(name) != value for name, value in UNGIVEN.items())
