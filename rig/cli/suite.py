"""`rig test`: the suite that judges a device, from wherever the rig is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from rig.config.lookup import builtin_folder
from rig.errors import ConfigError

SUITE = "tests_hil"
INI = Path(__file__).with_name("suite.ini")
EPILOG = (
    "Example: rig test --bench my-bench.toml -k led. Arguments are pytest's; a file of the suite is given by its name, "
    "as in rig test test_led.py. `rig test -- --help` lists pytest's options. Reports are written into ./reports. "
    "Exit codes: those of pytest, 10 bench fault, 12 configuration mistake, 13 safety trip."
)
CONTEXT = {"allow_extra_args": True, "ignore_unknown_options": True}


def run_suite(context: typer.Context) -> None:
    """Judge a device with the whole suite: pytest on the tests_hil that is installed with the rig."""
    command = [sys.executable, "-P", "-m", "pytest", *pytest_arguments(context.args, builtin_folder(SUITE))]
    sys.stdout.flush()
    os.execv(sys.executable, command)  # so that signals and the exit code are pytest's own


def pytest_arguments(given: Sequence[str], suite: Path) -> list[str]:
    """What pytest is told beside what was `given`: its ini file, where test names begin, and the suite.

    Whatever pytest keeps goes into the present folder: the suite's own may be read-only.

    Raises:
        ConfigError: the suite is not there.
    """
    if not suite.is_dir():
        raise ConfigError(f"{suite}: the suite is not installed; expected a folder of tests; install the rig again")
    placed = [_in_suite(argument, suite) for argument in given]
    whole = [] if placed != list(given) else [str(suite)]
    settings = ["-c", str(INI), "--rootdir", str(suite.parent), "-o", f"cache_dir={Path.cwd() / '.pytest_cache'}"]
    return [*settings, *whole, *placed]


def _in_suite(argument: str, suite: Path) -> str:
    """The path of a test file of the suite that is given as `test_led.py` or `tests_hil/test_led.py::test_name`."""
    name, separator, test = argument.partition("::")
    path = suite / name.removeprefix(f"{SUITE}/")
    return f"{path}{separator}{test}" if name.endswith(".py") and path.is_file() else argument
