"""The simulated imp's LED table, pinned row by row to the golden list."""

from __future__ import annotations

import random
import re

import pytest
from imp_light import ROOT

from rig.sim.imp.ledtable import LED_STATES, NS_PER_MS, LedCell, LedPattern, draw_pattern, pattern_at

COLOURS = {"D": (False, False), "R": (True, False), "A": (True, True), "G": (False, True)}
HAPPENINGS = {"power_fault", "rejected", "runtime_loop"}  # made by the supply or of other states: no rows
IRREGULAR_TEXT = {"fastrom", "reception_error", "flash_ingest", "legacy_blinkup_ok"}  # pinned one by one below


def golden() -> dict[str, list[str]]:
    rows = {}
    for line in (ROOT / "fixtures/golden/led_codes.txt").read_text("utf-8").splitlines():
        fields = [field.strip() for field in line.split(";")]
        if len(fields) > 2:
            rows[fields[0]] = fields[1:]
    return rows


GOLDEN = golden()


def lit(cells: tuple[LedCell, ...]) -> list[tuple[bool, bool, int]]:
    return [(cell.red, cell.green, cell.ms) for cell in cells]


def test_the_table_has_the_golden_rows_and_no_others() -> None:
    assert len(GOLDEN) == 40
    assert set(LED_STATES) == set(GOLDEN) - HAPPENINGS
    assert {name for name, row in GOLDEN.items() if row[0] in ("irregular", "sequence")} == HAPPENINGS


@pytest.mark.parametrize("name", sorted(set(GOLDEN) - HAPPENINGS))
def test_kind(name: str) -> None:
    assert LED_STATES[name].kind == GOLDEN[name][0]


@pytest.mark.parametrize("name", sorted(set(GOLDEN) - HAPPENINGS - IRREGULAR_TEXT))
def test_cells(name: str) -> None:
    kind, text, _, certainty, assumed, *_ = [*GOLDEN[name], "", ""]
    pattern = LED_STATES[name]
    first_reading = text.split("|")[0].split()
    colours = iter(re.sub(r"\(.*\)", "", assumed).split())
    expected = []
    for cell in first_reading:
        letter, ms = cell[0], cell[1:].rstrip("?")
        expected.append((*COLOURS[next(colours) if letter == "L" else letter], int(ms) if kind != "solid" else 0))
    assert next(colours, None) is None
    assert lit(pattern.cells) == expected
    assert [cell.exact for cell in pattern.cells] == [not cell.endswith("?") for cell in first_reading]
    assert pattern.assumed is ("L" in text) is certainty.startswith("unknown")


def test_rows_with_ranges_and_words() -> None:
    assert GOLDEN["reception_error"][1] == "R1000? (500..2000)"
    assert LED_STATES["reception_error"].cells == (LedCell(True, False, 1000, (500, 2000), exact=False),)
    assert GOLDEN["fastrom"][1] == "R2000 D50..300?"
    red, dark = LED_STATES["fastrom"].cells
    assert (red, dark.red, dark.green, dark.ms_range) == (LedCell(True, False, 2000), False, False, (50, 300))
    assert 50 <= dark.ms <= 300
    assert GOLDEN["flash_ingest"][1] == "G10000..30000 then reboot"
    (green,) = LED_STATES["flash_ingest"].cells
    assert (green.red, green.green, green.ms_range) == (False, True, (10000, 30000))
    assert 10000 <= green.ms <= 30000
    assert GOLDEN["legacy_blinkup_ok"][1].startswith("G250 D250 for 3000")
    assert lit(LED_STATES["legacy_blinkup_ok"].cells) == [(False, True, 250), (False, False, 250)]
    assert LED_STATES["legacy_blinkup_ok"].duration_ms == 3000
    assert not any(LED_STATES[name].assumed for name in IRREGULAR_TEXT)


def test_drawn_lengths_stay_in_their_ranges_and_differ() -> None:
    for name, pattern in LED_STATES.items():
        drawn = [draw_pattern(pattern, random.Random(seed)) for seed in range(30)]
        ranged = [i for i, cell in enumerate(pattern.cells) if cell.ms_range]
        for one in drawn:
            for i, cell in enumerate(one.cells):
                low, high = pattern.cells[i].ms_range or (pattern.cells[i].ms, pattern.cells[i].ms)
                assert low <= cell.ms <= high, name
        for i in ranged:
            assert len({one.cells[i].ms for one in drawn}) > 10, name


def steps(pattern: LedPattern, until_ms: int) -> list[tuple[int, bool, bool]]:
    seen, at = [], 0
    while at is not None and at < until_ms * NS_PER_MS:
        red, green, following = pattern_at(pattern, at)
        seen.append((at // NS_PER_MS, red, green))
        assert following is None or following > at
        if following is not None:
            assert pattern_at(pattern, following - 1) == (red, green, following)
        at = following
    return seen


def test_cyclic_pattern_over_time() -> None:
    assert steps(LED_STATES["getting_ip"], 2000) == [
        (0, False, False),
        (500, True, False),
        (750, True, True),
        (1000, False, False),
        (1500, True, False),
        (1750, True, True),
    ]


def test_once_pattern_ends_dark() -> None:
    assert steps(LED_STATES["blinkup_ok"], 9000) == [(0, False, True), (3000, False, False)]
    legacy = steps(LED_STATES["legacy_blinkup_ok"], 9000)
    assert [at for at, _, _ in legacy] == list(range(0, 3001, 250))
    assert [green for _, _, green in legacy] == [True, False] * 6 + [False]
    assert pattern_at(LED_STATES["blinkup_ok"], 3000 * NS_PER_MS) == (False, False, None)


def test_solid_pattern_never_changes() -> None:
    assert pattern_at(LED_STATES["update"], 10**15) == (False, True, None)
    assert pattern_at(LED_STATES["bless_failed"], 0) == (True, False, None)


def test_time_before_the_start_is_refused() -> None:
    with pytest.raises(ValueError, match="before its start"):
        pattern_at(LED_STATES["lost"], -1)
