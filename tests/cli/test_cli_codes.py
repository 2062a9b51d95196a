"""`rig codes`: the catalogue as a person sees it."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from rig.cli.bar import LETTERS, bar, slice_ms
from rig.cli.main import app
from rig.led import CodeReading, load_catalogue

RUNNER = CliRunner(env={"COLUMNS": "250"})


def lines(*arguments: str) -> list[str]:
    done = RUNNER.invoke(app, list(arguments))
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def test_list_has_every_code_of_the_catalogue() -> None:
    listed = [line.split()[0] for line in lines("codes", "list") if line.split()]
    assert [c for c in load_catalogue().ids if listed.count(c) != 1] == []


def test_list_for_a_device_leaves_out_what_it_can_not_show() -> None:
    listed = {line.split()[0] for line in lines("codes", "list", "--dut", "imp003") if line.split()}
    assert {"no_settings", "getting_ip", "imp003_no_wlan"} <= listed
    assert not {"fastrom", "modem", "eth_wait", "blessed", "legacy_install"} & listed


@pytest.mark.parametrize("code_id", load_catalogue().ids)
def test_show_tells_what_the_catalogue_knows(code_id: str) -> None:
    code = load_catalogue()[code_id]
    shown = "\n".join(lines("codes", "show", code_id))
    assert code.meaning in shown
    assert all(source in shown for source in code.sources)
    assert code.certainty in shown
    assert ("colours    unknown" in shown) == (not code.colours_known)
    for reading in code.readings:
        assert bar(reading).plain in shown
        for cell in reading.cells:
            assert str(cell.hi_ms) in shown or not cell.ms


def test_show_of_a_known_light() -> None:
    shown = lines("codes", "show", "getting_ip")
    assert "    . dark 500 ms" in shown
    assert "    R red 250 ms" in shown
    assert "    A amber 250 ms" in shown
    assert "    ..........RRRRRAAAAA  one letter is 50 ms" in shown


def test_show_of_unknown_colours_invents_none() -> None:
    shown = lines("codes", "show", "modem")
    drawn = [line.split("  one letter")[0].strip() for line in shown if "one letter" in line]
    assert drawn == ["..........??????????..........?????"]


def test_bar_keeps_proportions_and_width() -> None:
    for code in load_catalogue():
        for reading in code.readings:
            for widest in (24, 60):
                made = bar(reading, widest)
                step_ms = slice_ms(reading, widest)
                assert 1 <= len(made.plain) <= widest + len(reading.cells)
                at = 0
                for cell in reading.cells:
                    letters = made.plain[at:].split(LETTERS[cell.colour])[0]
                    assert letters == ""
                    count = max(1, round(cell.ms / step_ms)) if cell.ms else 10
                    at += count
                assert at == len(made.plain)


def test_bar_has_the_colours_of_the_light() -> None:
    styles = [str(span.style) for span in bar(CodeReading.parse("D500 R250 A250 G100", "cyclic")).spans]
    assert [style.split(" on ")[1] for style in styles] == ["grey15", "red3", "orange1", "green3"]


def test_colour_on_a_terminal_and_none_in_a_pipe() -> None:
    assert "\x1b[" not in RUNNER.invoke(app, ["codes", "list"]).stdout
    forced = CliRunner(env={"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "250", "NO_COLOR": None})
    assert "\x1b[" in forced.invoke(app, ["codes", "list"]).stdout


def test_unknown_id_and_device_are_clear_errors() -> None:
    done = RUNNER.invoke(app, ["codes", "show", "conected"])
    assert done.exit_code == 12
    assert "no light code 'conected'; is 'connected' meant? known: no_settings" in done.stderr
    done = RUNNER.invoke(app, ["codes", "list", "--dut", "imp9"])
    assert done.exit_code == 12
    assert "no device named 'imp9'" in done.stderr
