"""The arrows between rooms: who may import whom. They point down, and none of them closes a circle."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent / "rig"

# From the ground up: a room imports rooms of the lines above its own only.
STOREYS = (
    {"secret"},
    {"redaction"},
    {"errors"},
    {"clock"},
    {"config", "recording"},
    {"blinkup", "led", "supply", "network"},
    {"drivers", "sim", "diagnosis"},
    {"bench"},
    {"report"},
    {"cli", "pytest_plugin"},
    {"testing", "__init__", "__main__"},
)
FLOOR = {room: floor for floor, rooms in enumerate(STOREYS) for room in rooms}
ADAFRUIT = ("adafruit_ads1x15", "adafruit_mcp4725", "adafruit_ina219", "board", "busio")
HARDWARE = ("pigpio", "gpiozero", *ADAFRUIT, "spidev", "lgpio", "gpiod", "smbus2")
MAY_SIMULATE = ("bench/backend.py", "cli/sim.py", "cli/sim_world.py", "pytest_plugin/faults_fixture.py", "sim/")
SCIENCES = ("blinkup/", "led/", "supply/", "diagnosis/")
FILES = {str(path.relative_to(ROOT)): path for path in sorted(ROOT.rglob("*.py"))}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, wherever it does so, and if only for a type checker."""
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


def room_of(name: str) -> str:
    """The room of a file under rig/: its folder there, or its own name."""
    return name.split("/")[0].removesuffix(".py")


def module_of(name: str) -> str:
    """The module of a file under rig/."""
    return "rig." + name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


MODULES = {module_of(name): name for name in FILES}


def imported_files(name: str) -> set[str]:
    """The files under rig/ that a file imports; a package's own `__init__` only where nothing deeper is meant."""
    wanted = imports(FILES[name])
    deeper = {module for module in wanted if module in MODULES}
    packages = {m for m in deeper if any(other.startswith(m + ".") for other in deeper)}
    return {MODULES[module] for module in deeper - packages} - {name}


@pytest.mark.parametrize("name", FILES)
def test_arrows_point_down(name: str) -> None:
    room = room_of(name)
    assert room in FLOOR, f"rig/{name} is in a room that no storey has: add it to STOREYS"
    for other in imported_files(name):
        there = room_of(other)
        if there not in (room, "__init__"):
            assert FLOOR[there] < FLOOR[room], f"rig/{name} imports {module_of(other)}, which is not below it"


def test_no_circle() -> None:
    """Not even one that only a type checker sees."""
    graph = {name: imported_files(name) for name in FILES if not name.endswith("__init__.py")}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("sim/")])
def test_the_simulation_knows_data_files_and_clock_only(name: str) -> None:
    """It shares no table and no codec with what judges it."""
    ground = {"config", "clock", "errors", "secret", "sim", "__init__"}
    assert {room_of(other) for other in imported_files(name)} <= ground


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(SCIENCES)])
def test_sciences_know_no_hardware_and_no_clock(name: str) -> None:
    assert not touching(FILES[name], (*HARDWARE, "rig.clock", "time", "threading"))


@pytest.mark.parametrize("name", [name for name in FILES if not name.startswith(MAY_SIMULATE)])
def test_nothing_else_imports_the_simulation(name: str) -> None:
    assert not touching(FILES[name], ("rig.sim",))


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("drivers/")])
def test_drivers_know_no_diagnosis(name: str) -> None:
    assert not touching(FILES[name], ("rig.diagnosis", "rig.bench", "rig.report"))


@pytest.mark.parametrize("name", FILES)
def test_waiting_asks_the_clock(name: str) -> None:
    """Only the wall clock itself, and what runs a world along the wall, may sleep."""
    text = FILES[name].read_text(encoding="utf-8")
    if name not in ("clock.py", "sim/server/realtime.py"):
        assert "time.sleep(" not in text


def test_public_names_stand_in_one_module() -> None:
    """One name, one thing: a class or function that two modules define under one name has to be renamed on import."""
    found: dict[str, list[str]] = {}
    for name, path in FILES.items():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(name)
    twice = {name: files for name, files in found.items() if len(files) > 1 and name not in ALLOWED_TWICE}
    assert not twice


# The simulated imp has codecs of its own, so that a mistake in one is not made in the other (docs/decisions).
ALLOWED_TWICE: frozenset[str] = frozenset()


def test_packages_do_not_shadow_their_modules() -> None:
    """`import rig.a.b` gives the module, not a function of that name which the package exports."""
    shadowed = []
    for name, path in FILES.items():
        if not name.endswith("/__init__.py"):
            continue
        exported = {
            alias.asname or alias.name
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if node.module != module_of(name)
        }
        modules = {child.stem for child in path.parent.glob("*.py")} | {
            c.name for c in path.parent.iterdir() if c.is_dir()
        }
        shadowed += [f"{module_of(name)}.{word}" for word in sorted(exported & modules)]
    assert not shadowed
