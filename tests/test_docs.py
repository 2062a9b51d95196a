"""The pages in docs/ say what the code does: every key, error, command, and number that can be computed."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
import tomllib
import types
import typing
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import annotated_types
import pytest
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from typer.testing import CliRunner

import rig
from rig.cli.main import app
from rig.config.bench import BenchConfig, SupplyWiring, load_bench
from rig.config.device import DeviceProfile, load_device
from rig.config.limits import Limit
from rig.config.lookup import builtin_folder
from rig.config.simulated_device import SimulatedDevice
from rig.config.spread import Spread
from rig.errors import RigError
from rig.pytest_plugin import options
from rig.secret import Secret

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = (
    "bench-file.md",
    "supply.md",
    "wiring.md",
    "how-it-works.md",
    "ci.md",
    "troubleshooting-the-rig.md",
    "faults.md",
    "devices.md",
    "networks.md",
    "suite.md",
    "verdicts.md",
    "writing-tests.md",
    "installing.md",
)
# Options of other programs: pytest, git, systemctl, pip, pyright.
FOREIGN_OPTIONS = {"--junitxml", "--branch", "--now", "--strict-markers", "--no-deps", "--pythonpath"}
ALL_PAGES = [*(DOCS / page for page in PAGES), ROOT / "reports" / "README.md"]
# Pages that also name options of other programs, or plans.
LINKING = [*ALL_PAGES, *(ROOT / page for page in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
LINKING += [DOCS / "index.md", DOCS / "claims.md", *sorted(DOCS.glob("decisions/*.md"))]
UNITS = {"_v_s": "V/s", "_v": "V", "_a": "A", "_s": "s", "_us": "us", "_hz": "Hz", "_ohm": "ohm", "_f": "F"}
# A rule in code narrows these further than the field itself says; test_narrowed_range proves the words.
NARROWED = {"supply.switch_gpio": "12, 13, 16 to 27"}
SPREAD = "number or range"


@dataclasses.dataclass(frozen=True)
class Row:
    unit: str
    range: str
    default: str
    meaning: str


def documented() -> dict[str, Row]:
    """The rows of all tables in bench-file.md whose first cell is a key."""
    rows: dict[str, Row] = {}
    for line in (DOCS / "bench-file.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("| `") else []
        if cells:
            key = cells[0].strip("`")
            assert key not in rows, f"{key} is documented twice"
            assert len(cells) == 5, f"{key}: {len(cells)} cells, expected key, unit, range, default, meaning"
            rows[key] = Row(*cells[1:])
    return rows


def unwrapped(field: FieldInfo) -> tuple[Any, list[Any]]:
    """A field's type without Optional and Annotated, and everything that constrains it."""
    kind, limits = field.annotation, list(field.metadata)
    while True:
        if typing.get_origin(kind) is typing.Annotated:
            kind, *more = typing.get_args(kind)
            limits += [part for m in more for part in (m.metadata if isinstance(m, FieldInfo) else [m])]
        elif typing.get_origin(kind) in (typing.Union, types.UnionType):
            (kind,) = [part for part in typing.get_args(kind) if part is not type(None)]
        else:
            return kind, limits


def walk(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo, Any, list[Any]]]:
    """(key, field, type, limits) of every key of a file, those of nested sections too."""
    for name, field in model.model_fields.items():
        kind, limits = unwrapped(field)
        if isinstance(kind, type) and issubclass(kind, BaseModel) and kind is not Spread:
            yield from walk(kind, f"{prefix}{name}.")
        else:
            yield prefix + name, field, kind, limits


FIELDS = {key: (field, kind, limits) for key, field, kind, limits in walk(BenchConfig)}


def number(key: str, value: float) -> str:
    return f"0x{value:02x}" if key.endswith("address") else str(value)


def range_text(key: str, kind: Any, limits: list[Any]) -> str:
    if key in NARROWED:
        return NARROWED[key]
    if typing.get_origin(kind) is typing.Literal:
        values = typing.get_args(kind)
        return " or ".join(f'`"{v}"`' for v in values) if isinstance(values[0], str) else ", ".join(map(str, values))
    if typing.get_origin(kind) is tuple:
        item = typing.get_args(kind)[0]
        return {float: "list of numbers", str: "list of texts"}.get(item, "list of tables")
    plain = {bool: "true or false", Secret: "16 hex digits", date: "date", Spread: SPREAD}
    if kind in plain:
        return plain[kind]
    if kind is str:
        patterns = [m.pattern for m in limits if getattr(m, "pattern", None)]
        return f"text matching `{patterns[0]}`" if patterns else "text"
    low, above, high, below = (
        next((getattr(m, name) for m in limits if isinstance(m, cls)), None)
        for cls, name in (
            (annotated_types.Ge, "ge"),
            (annotated_types.Gt, "gt"),
            (annotated_types.Le, "le"),
            (annotated_types.Lt, "lt"),
        )
    )
    if low is not None and high is not None:
        return f"{number(key, low)} to {number(key, high)}"
    parts = [
        f"{number(key, low)} or more" if low is not None else "",
        f"above {number(key, above)}" if above is not None else "",
        f"up to {number(key, high)}" if high is not None else "",
        f"below {number(key, below)}" if below is not None else "",
    ]
    return ", ".join(part for part in parts if part) or ("any integer" if kind is int else "any number")


def default_text(key: str, field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Spread):
        low, high = (f"{v:.10f}".rstrip("0") for v in (value.low, value.high))
        low, high = (v + "0" if v.endswith(".") else v for v in (low, high))
        return low if low == high else f"{low} to {high}"
    if value == "":
        return "empty"
    if value == ():
        return "empty list"
    return f'`"{value}"`' if isinstance(value, str) else number(key, value)


def test_every_key_is_documented_and_every_documented_key_exists() -> None:
    assert set(FIELDS) - set(documented()) == set(), "keys that docs/bench-file.md lacks"
    assert set(documented()) - set(FIELDS) == set(), "keys in docs/bench-file.md that don't exist"


@pytest.mark.parametrize("key", FIELDS)
def test_key_is_documented_as_it_is(key: str) -> None:
    field, kind, limits = FIELDS[key]
    row = documented()[key]
    unit = next((unit for ending, unit in UNITS.items() if key.replace(".", "_").endswith(ending)), "")
    assert (row.unit, row.range, row.default) == (unit, range_text(key, kind, limits), default_text(key, field))
    assert row.meaning.endswith("."), f"{key} lacks a sentence that says what it means"


def test_every_range_of_the_simulated_device_is_documented_as_it_is() -> None:
    text = (DOCS / "devices.md").read_text(encoding="utf-8")
    lines = [line.strip("|").split("|") for line in text.splitlines() if re.match(r"\| `simulation\.\w+\.", line)]
    said = {cells[0].strip(): tuple(cell.strip() for cell in cells[1:]) for cells in lines}
    assert len(said) == len(lines)
    for key, field, _, _ in walk(SimulatedDevice):
        unit = next((unit for ending, unit in UNITS.items() if key.endswith(ending)), "")
        row = said.pop(f"`simulation.{key}`", None)
        assert row is not None, f"docs/devices.md lacks simulation.{key}"
        assert row[:2] == (unit, default_text(key, field)), key
        assert len(row[2]) > 10, key
    assert not said, "ranges in docs/devices.md that don't exist"


def test_every_key_of_a_device_is_named() -> None:
    text = (DOCS / "devices.md").read_text(encoding="utf-8")
    keys = [key for key, _, _, _ in walk(DeviceProfile) if not key.startswith("simulation.")]
    for key in [*keys, *Limit.model_fields]:
        assert f"`{key}`" in text or f"`{key.rpartition('.')[2]}`" in text, key


def test_narrowed_range() -> None:
    regulator = {"ref_v": 0.5, "r1_ohm": 1.0, "r2_ohm": 1.0, "r3_ohm": 1.0}
    for gpio in (12, 13, *range(16, 28)):
        assert SupplyWiring.model_validate({"switch_gpio": gpio, "regulator": regulator}).switch_gpio == gpio
    for gpio in (*range(12), 14, 15, 28):
        with pytest.raises(ValidationError):
            SupplyWiring.model_validate({"switch_gpio": gpio, "regulator": regulator})


def error_classes() -> dict[str, type[RigError]]:
    for module in pkgutil.walk_packages(rig.__path__, "rig."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found: dict[str, type[RigError]] = {}
    waiting: list[type[RigError]] = [RigError]
    while waiting:
        cls = waiting.pop()
        if cls.__module__.split(".")[0] == "rig":
            found[cls.__name__] = cls
            waiting += cls.__subclasses__()
    return found


def test_every_error_is_explained_once() -> None:
    text = (DOCS / "troubleshooting-the-rig.md").read_text(encoding="utf-8")
    explained = re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE)
    assert sorted(explained) == sorted(error_classes())


def test_error_rows_say_what_it_means_and_what_to_try() -> None:
    for line in (DOCS / "troubleshooting-the-rig.md").read_text(encoding="utf-8").splitlines():
        if re.match(r"\| `[A-Z]\w+` \|", line):
            name, means, remedy = (cell.strip() for cell in line.strip("|").split("|"))
            assert len(means) > 20, name
            assert len(remedy) > 10, name


def test_exit_codes_are_those_of_the_code() -> None:
    words = {
        options.BENCH_FAULT: "bench fault",
        options.CONFIG_INVALID: "configuration",
        options.SAFETY_TRIP: "safety trip",
    }
    for page in ("ci.md", "troubleshooting-the-rig.md"):
        text = (DOCS / page).read_text(encoding="utf-8").lower()
        for code, word in words.items():
            assert f"\n| {code} | {word}" in text, (page, code)


@pytest.mark.parametrize("page", LINKING, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_named_files_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([\w./-]+)(?:#([\w-]+))?\)", text):
        linked = page.parent / target
        assert linked.is_file(), f"{page.name} links to {target}"
        if not anchor:
            continue
        headings = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert anchor in [re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings]
    for named in re.findall(r"`((?:fixtures|reports|docs|tests_hil|tests|benchmarks|rig)/[\w./-]*\.\w+)`", text):
        made = named == "reports/latest.html"  # by the first run
        assert made or (ROOT / named).is_file(), f"{page.name} names {named}"


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_commands_and_options_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    commands = {
        match.strip() for match in re.findall(r"(?:^|`|/|\s)rig ((?:bench|device|network|codes|supply) [a-z]+)", text)
    }
    for command in commands:
        done = CliRunner().invoke(app, [*command.split(), "--help"])
        assert done.exit_code == 0, f"{page.name}: rig {command}"
    plugin = (ROOT / "rig/pytest_plugin/options.py").read_text(encoding="utf-8")
    plugin += (ROOT / "benchmarks/profiles.py").read_text(encoding="utf-8")
    shown = CliRunner().invoke(app, ["judge", "--help"], env={"COLUMNS": "200"}).output
    shown += CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output
    for option in set(re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", text)) - FOREIGN_OPTIONS:
        assert f'"{option}"' in plugin or option in shown, f"{page.name}: {option}"


def test_the_suites_tables_are_those_of_the_data() -> None:
    text = (DOCS / "suite.md").read_text(encoding="utf-8")
    rows = tomllib.loads((ROOT / "tests_hil" / "defects.toml").read_text(encoding="utf-8"))["defect"]
    defects = [
        f"| `{row['give']}` | {', '.join(row.get('on', ['all']))} | `{row['test'].partition('[')[0]}` |" for row in rows
    ]
    assert [line for line in text.splitlines() if "::test_" in line and line.startswith("|")] == defects
    limits = load_device("imp003").limits
    assert re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]*\|$", text, flags=re.MULTILINE) == list(limits)
    for name, limit in limits.items():
        low, high = limit.low, limit.high
        said = f"up to {high}" if low is None else f"{low} or more" if high is None else f"{low} to {high}"
        unit = "" if limit.unit == "1" else limit.unit
        assert f"| `{name}` | {said} | {unit} |" in text, name
    named = set(re.findall(r"`(tests_hil/test_\w+\.py)`", text))
    assert named == {f"tests_hil/{path.name}" for path in (ROOT / "tests_hil").glob("test_*.py")}


def test_variables_exist() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "rig").rglob("*.py"))
    for page in ALL_PAGES:
        for variable in re.findall(r"\bRIG_[A-Z]+\b", page.read_text(encoding="utf-8")):
            assert f'"{variable}"' in code, f"{page.name}: {variable}"


def test_arithmetic_of_the_wiring() -> None:
    text = (DOCS / "wiring.md").read_text(encoding="utf-8")
    supply = load_bench(str(builtin_folder("fixtures") / "benches" / "example-pi4.toml")).supply
    regulator, back = supply.regulator, supply.read_back
    assert f"= **{regulator.top_v:.2f} V** |" in text
    assert f"= **{regulator.top_v - regulator.slope * regulator.dac_v:.2f} V** |" in text
    assert f"| **{regulator.slope * regulator.dac_v / 4096 * 1000:.2f} mV** |" in text
    for resistors, reference, said in (
        (0.01, 0.0, "| 1 % | exact |"),
        (0.01, 0.01, "| 1 % | 1 % |"),
        (0.001, 0.01, "| 0.1 % | 1 % |"),
    ):
        highest = highest_v(regulator, resistors, reference)
        assert f"{said} {highest:.2f} V |" in text
        assert highest < 3.6
    assert f"{3.6 / back.ratio:.2f} V at 3.6 V" in text
    assert f"{4.096 / back.gain / 32768 * back.ratio * 1000:.3f} mV" in text
    assert f"(3.3 - 1.7) / 0.35 = {1.6 / 0.35:.1f} ohm" in text
    assert f"{supply.series.ohm if supply.series else 0} ohm" in text


def highest_v(regulator: Any, resistors: float, reference: float) -> float:
    """Highest output when every resistor and the reference are off in the worst direction."""
    r1, r2, r3 = regulator.r1_ohm * (1 + resistors), regulator.r2_ohm, regulator.r3_ohm
    shrunk = 1 - resistors
    return float(regulator.ref_v * (1 + reference) * (1 + r1 / (r2 * shrunk) + r1 / (r3 * shrunk)))


def test_pins_of_the_wiring_are_those_of_the_example() -> None:
    text = (DOCS / "wiring.md").read_text(encoding="utf-8")
    config = load_bench(str(builtin_folder("fixtures") / "benches" / "example-pi4.toml"))
    assert config.supply.series is not None
    pins = {
        "blinkup.gpio": config.blinkup.gpio,
        "blinkup.grey_gpio": config.blinkup.grey_gpio,
        "supply.switch_gpio": config.supply.switch_gpio,
        "supply.series.gpio": config.supply.series.gpio,
    }
    for key, gpio in pins.items():
        assert re.search(rf"\| {gpio} \| \d+ \| `{re.escape(key)}` \|", text), key
    for address in (config.led.adc_address, config.supply.dac_address, config.supply.monitor_address):
        assert f"0x{address:02x}" in text
    off = (DOCS / "ci.md").read_text(encoding="utf-8")
    gpios = (config.supply.switch_gpio, config.supply.series.gpio, config.blinkup.gpio, config.blinkup.grey_gpio)
    assert f"pinctrl set {','.join(map(str, gpios))} op dl\n" in off
