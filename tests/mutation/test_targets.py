"""Where a break is applied: found by name and syntax tree, or refused because it is gone, ambiguous or no change."""

from __future__ import annotations

import ast
import re

import pytest

from mutation.rows import with_entry
from mutation.targets import TargetError, changed

SOURCE = '''"""A module."""

LIMIT_V: float = 3.6
LOW, HIGH = 0.25, 0.10
CODES = {
    "red": made(1, colour="R"),
    "green": made(2, colour="G"),
}


class Meter:
    """Reads."""

    scale = 2.0

    def read(self, volts: float) -> float:
        """What it reads."""
        offset = 0.5 if self.zeroed else 0.0
        if (
            volts > LIMIT_V
            or volts < 0
        ):
            raise ValueError(f"{volts:.1f} V", 1 + 1)
        self.count += 1
        note("read", volts, unit="V")
        if self.slow:
            return volts
        return offset + self.scale * volts

    def twice(self, volts: float) -> float:
        def once() -> float:
            return self.read(volts)

        return sum(once() for _ in range(2) if volts != 1)
'''


@pytest.mark.parametrize(
    ("name", "part", "at", "becomes", "line", "reads"),
    [
        ("LIMIT_V", "value", "", "9.0", 3, "LIMIT_V: float = (9.0)"),
        ("HIGH", "value", "", "0.5", 4, "LOW, HIGH = 0.25, (0.5)"),
        ("CODES", "value", "", {"green": "None"}, 7, '    "green": (None),'),
        ("Meter.scale", "value", "", "1.0", 14, "    scale = (1.0)"),
        ("Meter.read", "value", "offset", "0.0", 18, "        offset = (0.0)"),
        ("Meter.read", "value", "self.count", "0", 24, "        self.count += (0)"),
        ("Meter.read", "condition", "LIMIT_V", "False", 20, "            ("),
        ("Meter.read", "condition", "self.zeroed", "True", 18, "        offset = 0.5 if (True) else 0.0"),
        ("Meter.read", "compare", "0", "False", 21, "            or (False)"),
        ("Meter.read", "return", "self.scale", "volts", 28, "        return (volts)"),
        ("Meter.read", "return", "self.slow", "0", 27, "            return (0)"),
        ("Meter.read", "statement", "note", "", 25, "        pass"),
        ("Meter.read", "statement", "LIMIT_V", "return 0", 23, "            return 0"),
        ("Meter.read", "argument", "note", {"1": "0", "unit": '"A"'}, 25, '        note("read", (0), unit=("A"))'),
        ("Meter.read", "expression", "offset + (self.scale*volts)", "1", 28, "        return (1)"),
        ("Meter.read", "body", "", "return 1.0", 18, "        return 1.0"),
        ("Meter.twice", "condition", "volts", "True", 34, "        return sum(once() for _ in range(2) if (True))"),
        ("Meter.twice.once", "return", "", "1", 32, "            return (1)"),
    ],
)
def test_one_place_is_changed_and_lines_keep_their_numbers(
    name: str, part: str, at: str, becomes: str | dict[str, str], line: int, reads: str
) -> None:
    made = changed(SOURCE, name, part, at, becomes)
    ast.parse(made)
    assert made.splitlines()[line - 1] == reads
    assert made.count("\n") == SOURCE.count("\n")
    after = [old == new for old, new in zip(SOURCE.splitlines(), made.splitlines(), strict=True)]
    assert not all(after)


@pytest.mark.parametrize(
    ("name", "part", "at", "becomes", "says"),
    [
        ("LIMIT", "value", "", "1", "LIMIT: 'LIMIT' is gone; is LIMIT_V meant?"),
        ("Meter.reads", "body", "", "return", "Meter.reads: 'reads' is gone; is read meant?"),
        ("Gauge.read", "body", "", "return", "Gauge.read: 'Gauge' is gone"),
        ("Meter.read", "value", "gain", "1", "Meter.read: the value at `gain` is gone"),
        ("Meter.read", "condition", "", "True", "Meter.read: the condition is ambiguous:\n  line 18: self.zeroed\n"),
        ("Meter.read", "compare", "volts", "True", "Meter.read: the compare at `volts` is ambiguous"),
        ("Meter.read", "expression", "volts", "1", "Meter.read: the expression at `volts` is ambiguous"),
        ("CODES", "value", "", {"blue": "1"}, "CODES: blue is gone; expected one of red, green"),
        ("LIMIT_V", "value", "", "3.60", "LIMIT_V: 3.6 is what it would become: nothing would change"),
        ("LIMIT_V", "value", "", "1 +", "LIMIT_V: '1 +' is no Python source"),
        ("LIMIT_V", "value", "", "", "LIMIT_V: becomes = '' is no Python expression"),
        ("LIMIT_V", "body", "", "1", "LIMIT_V: only a function has a body that can be replaced by statements"),
        ("Meter.read", "retrun", "", "1", "Meter.read: there is no part 'retrun'; expected body, value, condition"),
    ],
)
def test_what_is_gone_or_ambiguous_is_refused(
    name: str, part: str, at: str, becomes: str | dict[str, str], says: str
) -> None:
    with pytest.raises(TargetError, match=re.escape(says)):
        changed(SOURCE, name, part, at, becomes)


def test_a_name_that_is_defined_twice_is_ambiguous() -> None:
    source = "if one:\n    def read(): return 1\nelse:\n    def read(): return 2\n"
    with pytest.raises(TargetError, match=r"read: 'read' is ambiguous, in lines 2, 4"):
        changed(source, "read", "return", "", "3")


DATA = """\
[[code]]  # comments stay
id = "searching"
after = ["joining", "online"]

[[code]]
id = "joining"
after = ["online"]
"""


def test_an_entry_of_a_data_file_is_found_by_its_keys() -> None:
    made = with_entry(DATA, "code.id=joining.after", ["nothing"])
    assert made == DATA.replace('["online"]', '["nothing"]')
    assert with_entry(DATA, "code.after=joining.id", "lost") == DATA.replace('"searching"', '"lost"')


@pytest.mark.parametrize(
    ("place", "becomes", "says"),
    [
        ("code.id=lost.after", [], "'id=lost' is gone"),
        ("code.after=online.id", "x", "'after=online' is ambiguous"),
        ("code.id=joining.before", [], "'before' is gone"),
        ("codes.id=joining.after", [], "'codes' is gone"),
        ("code.id=joining.after", ["online"], "nothing would change"),
    ],
)
def test_an_entry_that_is_gone_or_ambiguous_is_refused(place: str, becomes: object, says: str) -> None:
    with pytest.raises(TargetError, match=re.escape(says)):
        with_entry(DATA, place, becomes)
