"""docs/writing-tests.md: its example runs as it stands, and its tables are those of the code."""

from __future__ import annotations

import dataclasses
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rig.testing
from rig.bench.dut import DeviceUnderTest, Observation
from rig.clock import Clock
from rig.config.capabilities import EnvironmentControl
from rig.diagnosis import Outcome
from rig.drivers.optical.receipt import Receipt
from rig.pytest_plugin import fixtures, markers
from rig.pytest_plugin.measure import Measure
from rig.supply import Supply
from rig.supply.supply import SupplyReading

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "writing-tests.md").read_text(encoding="utf-8")
OF = {"dut": DeviceUnderTest, "measure": Measure, "supply": Supply, "clock": Clock, "environment": EnvironmentControl}
FOUND: dict[str, Any] = {"observation": Observation, "outcome": Outcome, "receipt": Receipt, "reading": SupplyReading}
# What is no part of a test: the acquisition below, and whether it has begun.
UNTOLD = {"acquisition", "observed", "stream_to", "end_stream"}


def first_cells() -> list[str]:
    return [line.split("|")[1].strip() for line in PAGE.splitlines() if line.startswith("| `")]


def signature(function: Callable[..., Any]) -> str:
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return str(inspect.Signature([p.replace(annotation=inspect.Parameter.empty) for p in parameters])).replace("'", '"')


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The folder `my_tests` of the page."""
    folder = tmp_path / "my_tests"
    folder.mkdir()
    for name, language in (("thermostat.toml", "toml"), ("test_thermostat.py", "python")):
        (text,) = re.findall(rf"`my_tests/{re.escape(name)}`.*?```{language}\n(.*?)```", PAGE, flags=re.DOTALL)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    options = ("--dut", "my_tests/thermostat.toml", "--rig-reports", "reports", "-n0", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", "my_tests", *options, *more]
    chosen = {key: value for key, value in os.environ.items() if not key.startswith(("RIG_", "PYTEST"))}
    chosen["PYTHONPATH"] = str(ROOT)
    return subprocess.run(
        command, cwd=folder.parent, env=chosen, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_example_is_green(example: Path) -> None:
    done = run(example)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert "1 passed" in done.stdout
    (journal,) = example.parent.glob("reports/*/run.jsonl")
    for name in ("outage_to_online", "online_current", "blinkup_edge_error", "read_back"):
        assert f'"name": "{name}"' in journal.read_text(encoding="utf-8")


def test_the_example_is_red_as_the_page_says_if_its_limit_is_broken(example: Path) -> None:
    profile = example / "thermostat.toml"
    profile.write_text(
        profile.read_text(encoding="utf-8").replace("high = 12.0\nmarginal = 1.0", "high = 0.1"), "utf-8"
    )
    done = run(example)
    assert done.returncode == 1
    said = re.search(
        r"^(my_tests/\S+: outage_to_online = [\d.]+ \+- 0.01 s OUT OF LIMITS.*)$", done.stdout, re.MULTILINE
    )
    assert said, done.stdout[-3000:]
    wanted = "by [limits.outage_to_online] of 'thermostat' (my_tests/thermostat.toml); prod: specification of"
    assert wanted in said[1]
    assert wanted in PAGE


def test_calls_are_those_of_the_code() -> None:
    calls = [cell.strip("`") for cell in first_cells() if re.match(r"`\w+(\.\w+)?\(", cell)]
    calls = [call for call in calls if call.partition("(")[0].partition(".")[0] in OF]
    assert len(calls) > 20
    for call in calls:
        place, _, arguments = call.partition("(")
        fixture, _, method = place.partition(".")
        assert f"({arguments}" == signature(getattr(OF[fixture], method or "__call__")), call


@pytest.mark.parametrize(("fixture", "kind"), [("dut", DeviceUnderTest), ("measure", Measure)])
def test_every_call_is_told(fixture: str, kind: type) -> None:
    public = {n for n, v in vars(kind).items() if not n.startswith("_") and n not in UNTOLD and callable(v)}
    told = {found for cell in first_cells() for found in re.findall(rf"^`{fixture}\.(\w+)\(", cell)}
    assert told == public


def test_attributes_are_those_of_the_code() -> None:
    named = [pair for cell in first_cells() for pair in re.findall(r"`(\w+)\.(\w+)`", cell) if pair[0] in FOUND]
    assert len(named) > 12
    for of, name in named:
        kind = FOUND[of]
        fields = {field.name for field in dataclasses.fields(kind)}
        assert name in fields or isinstance(getattr(kind, name, None), property), f"{of}.{name}"
    assert {name for of, name in named if of == "observation"} == {f.name for f in dataclasses.fields(Observation)}


def test_fixtures_and_markers_are_those_of_the_plugin() -> None:
    told = {cell.strip("`") for cell in first_cells() if re.fullmatch(r"`\w+`", cell)}
    defined = set(re.findall(r'@pytest\.fixture\(name="(\w+)"', inspect.getsource(fixtures)))
    assert told == {name for name in defined if not name.startswith("_")} - {markers.AUTOUSE}
    named = {found for cell in first_cells() for found in re.findall(r"^`@pytest\.mark\.(\w+)", cell)}
    assert named >= set(markers.EXAMPLES)
    registered = {re.split(r"[:(]", line)[0] for line in markers.LINES}
    assert named <= registered


def test_types_of_the_fixtures_are_told_and_exported() -> None:
    rows = [[cell.strip(" `") for cell in line.split("|")[1:4]] for line in PAGE.splitlines() if line.startswith("| `")]
    fixture_rows = [row for row in rows if re.fullmatch(r"\w+", row[0]) and len(row) == 3]
    assert len(fixture_rows) > 10
    for fixture, kind, _ in fixture_rows:
        assert hasattr(rig.testing, kind), fixture
        assert f"| `{fixture}` | `{kind}` |" in (rig.testing.__doc__ or ""), fixture


def test_python_on_the_page_imports_the_public_api_alone() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert blocks
    for block in blocks:
        assert set(re.findall(r"^(?:from|import) (rig[\w.]*)", block, flags=re.MULTILINE)) <= {"rig", "rig.testing"}


def test_the_readme_and_the_suites_page_lead_here() -> None:
    assert "(docs/writing-tests.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(writing-tests.md)" in (ROOT / "docs" / "suite.md").read_text(encoding="utf-8")
