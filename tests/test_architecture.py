"""The arrows between rooms: who may import whom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "rig"

JUDGES = ("rig.blinkup", "rig.led", "rig.diagnosis")
ADAFRUIT = ("adafruit_ads1x15", "adafruit_mcp4725", "adafruit_ina219", "board", "busio")
HARDWARE = ("pigpio", "gpiozero", *ADAFRUIT, "spidev", "lgpio")
MAY_SIMULATE = ("bench/backend.py", "cli/sim.py", "cli/sim_world.py", "pytest_plugin/faults_fixture.py", "sim/")


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever it does so."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def touching(path: Path, packages: tuple[str, ...]) -> set[str]:
    return {name for name in imports(path) if any(name == p or name.startswith(p + ".") for p in packages)}


FILES = {str(path.relative_to(ROOT)): path for path in sorted(ROOT.rglob("*.py"))}


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("sim/")])
def test_the_simulation_shares_nothing_with_its_judges(name: str) -> None:
    assert not touching(FILES[name], JUDGES)


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(("blinkup/", "led/", "diagnosis/"))])
def test_judges_know_no_hardware_and_no_clock(name: str) -> None:
    assert not touching(FILES[name], (*HARDWARE, "rig.clock", "rig.bench", "rig.sim", "time", "threading"))


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith(MAY_SIMULATE)])
def test_nothing_else_imports_the_simulation(name: str) -> None:
    assert not touching(FILES[name], ("rig.sim",))


@pytest.mark.parametrize("name", FILES)
def test_waiting_asks_the_clock(name: str) -> None:
    """Only the wall clock itself, and what runs a world along the wall, may sleep."""
    text = FILES[name].read_text(encoding="utf-8")
    if name not in ("clock.py", "sim/realtime.py"):
        assert "time.sleep(" not in text
