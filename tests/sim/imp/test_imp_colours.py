"""Each simulated device has colours of its own where nobody knows them, and the known ones where they are."""

from __future__ import annotations

import random

import pytest

from rig.sim.imp.colours import draw_led_table
from rig.sim.imp.ledtable import LED_STATES, LedPattern

TABLES = [draw_led_table(random.Random(seed)) for seed in range(60)]
ASSUMED = sorted(name for name, pattern in LED_STATES.items() if pattern.assumed)


def look(pattern: LedPattern) -> list[tuple[bool, bool, int]]:
    return [(cell.red, cell.green, cell.ms) for cell in pattern.cells]


def turned(pattern: LedPattern) -> list[list[tuple[bool, bool, int]]]:
    cells = look(pattern)
    return [cells[i:] + cells[:i] for i in range(len(cells))]


def test_a_seed_is_a_table() -> None:
    assert draw_led_table(random.Random(5)) == TABLES[5]
    assert set(TABLES[0]) == set(LED_STATES)


def test_known_rows_are_never_changed() -> None:
    for table in TABLES:
        for name, pattern in LED_STATES.items():
            if not pattern.assumed and not any(cell.ms_range for cell in pattern.cells):
                assert table[name] == pattern


@pytest.mark.parametrize("name", ASSUMED)
def test_unknown_rows_keep_their_lengths_and_vary_in_colour(name: str) -> None:
    assert len({tuple(look(table[name])) for table in TABLES}) > 5
    for table in TABLES:
        cells = table[name].cells
        assert [cell.ms for cell in cells] == [cell.ms for cell in LED_STATES[name].cells]
        dark = [not (cell.red or cell.green) for cell in cells]
        as_listed = [not (cell.red or cell.green) for cell in LED_STATES[name].cells]
        assert dark == as_listed or (name in ("wps", "offline") and dark == [not d for d in as_listed])
        ring = zip(cells, cells[1:] + cells[:1], strict=True)
        assert all((a.red, a.green) != (b.red, b.green) for a, b in ring), "neighbours look like one"


def test_unknown_rows_look_like_no_known_one_and_pairs_are_told_apart() -> None:
    known = [look(p) for p in LED_STATES.values() if p.kind == "cyclic" and not p.assumed]
    for table in TABLES:
        for name in ASSUMED:
            assert not any(turn in known for turn in turned(table[name])), name
        for one, other in (("modem", "ppp"), ("wps", "offline")):
            assert look(table[one]) not in turned(table[other])
        denied = {(cell.red, cell.green) for cell in table["reg_denied"].cells} - {(False, False)}
        assert len(denied) > 1
