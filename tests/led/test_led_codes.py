"""The catalogue is the golden file, and what a device can show."""

from __future__ import annotations

from pathlib import Path

import led_golden as golden
import pytest

from rig.errors import ConfigError, RigError
from rig.led import CodesError, load_catalogue

ROWS = golden.rows()
IRREGULAR = {"power_fault": "R fast, or solid R"}
LITERAL = {"legacy_blinkup_ok": "G250 D250 for 3000, by users seen as one quick G"}


def test_rows_are_those_of_the_golden_file_in_its_order() -> None:
    assert load_catalogue().ids == tuple(row.id for row in ROWS)
    assert len(ROWS) == 40


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_row_says_what_the_golden_file_says(row: golden.Row) -> None:
    code = load_catalogue()[row.id]
    assert code.kind == row.kind
    assert code.who == row.who
    stated, _, rule = row.certainty.partition(" (")
    assert code.certainty == stated
    assert code.constraint == rule.removesuffix(")")
    assert code.meaning
    assert code.sources
    if row.kind == "sequence":
        assert code.sequence == tuple(row.text.replace(", repeating", "").split(" then "))
    elif row.id in IRREGULAR:
        assert row.text == IRREGULAR[row.id]
        shown = {(r.kind, "".join(c.colour for c in r.cells)) for r in code.readings}
        assert shown == {("irregular", "RD"), ("solid", "R")}
        assert code.assumed
    elif row.id in LITERAL:
        assert row.text == LITERAL[row.id]
        blinks, flash = code.readings
        assert [(c.colour, c.lo_ms, c.hi_ms) for c in blinks.cells] == [("G", 250, 250), ("D", 250, 250)] * 6
        assert [(c.colour, c.sure) for c in flash.cells] == [("G", False)]
    elif row.kind == "solid":
        assert [[c.colour for c in r.cells] for r in code.readings] == [[row.text]]
    else:
        _same_cells(row, code.readings)


def _same_cells(row: golden.Row, readings: tuple) -> None:
    assert len(readings) == len(row.readings)
    for reading, expected in zip(readings, row.readings, strict=True):
        assert len(reading.cells) == len(expected)
        for cell, (colour, lo, hi, sure) in zip(reading.cells, expected, strict=True):
            assert (cell.colour, cell.sure) == (colour, sure)
            if sure or lo != hi:
                assert (cell.lo_ms, cell.hi_ms) == (lo, hi)
            else:
                assert cell.ms == lo
                assert cell.lo_ms < lo < cell.hi_ms


def test_device_filter() -> None:
    codes = load_catalogue()
    wifi = codes.for_device("wifi")
    assert {"searching", "connected", "offline", "power_fault", "proxy_addr", "wps"} <= set(wifi.ids)
    assert not {"modem", "eth_wait", "fastrom", "legacy_download", "spi_error", "blessed"} & set(wifi.ids)
    assert "searching" not in codes.for_device("cellular", "impC001")
    assert "modem" in codes.for_device("cellular", "impC001")
    assert "wps" not in codes.for_device("wifi", "imp005")
    assert {"eth_wait", "spi_error"} <= set(codes.for_device("ethernet", "imp005").ids)
    assert "spi_error" in codes.for_device("wifi", "imp003")
    assert "legacy_download" in codes.for_device("wifi", "legacy")
    assert "bless_failed" in codes.for_device("factory")


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    codes = load_catalogue()
    with pytest.raises(CodesError, match="imp007"):
        codes.for_device("imp007")
    with pytest.raises(CodesError, match=r"serching.*searching"):
        codes.only(["serching"])
    assert codes.only(["lost", "connected"]).ids == ("connected", "lost")
    assert "lost" not in codes.without(["lost"])
    assert issubclass(CodesError, ConfigError)
    assert issubclass(CodesError, RigError)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ('id = "x"\nkind = "cyclic"\nreadings = ["D500 B500"]', "B500"),
        ('id = "x"\nkind = "cyclic"\nreadings = ["D500 R"]', "milliseconds"),
        ('id = "x"\nkind = "cyclic"', "readings"),
        ('id = "x"\nkind = "blinking"\nreadings = ["D500 R500"]', "blinking"),
        ('id = "x"\nkind = "cyclic"\nreadings = ["R500 R250"]', "two colours"),
        ('id = "x"\nkind = "solid"\nreadings = ["G500"]', "solid"),
        ('id = "x"\nkind = "once"\nreadings = ["R1000?(1200..2000)"]', "1200"),
        ('id = "x"\nkind = "sequence"\nsequence = ["y"]', "'y'"),
        ('id = "x"\nkind = "cyclic"\nreadings = ["D500 R500"]\ncolor = "red"', "color"),
        ('id = "x"', "kind"),
        ("id = ", "no catalogue"),
    ],
)
def test_a_wrong_user_catalogue_names_file_and_fault(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[[code]]\n" + row, "utf-8")
    with pytest.raises(CodesError) as caught:
        load_catalogue(path)
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_a_user_catalogue_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[[code]]\nid = "mine"\nkind = "cyclic"\nreadings = ["D100 R200"]\n', "utf-8")
    assert load_catalogue(path)["mine"].period_ms == 300
