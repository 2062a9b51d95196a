"""Device profiles: one extends another, mistakes are named where they are, and every value says how sure it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from rig.bench.conversions import facts_of
from rig.config.capabilities import check_capability_name
from rig.config.certainty import dotted_keys
from rig.config.device import DEVICE_CAPABILITIES, IMP_MODELS, DeviceProfile, LedTag, load_device
from rig.config.inherit import merge_data
from rig.config.spread import Spread
from rig.diagnosis import DeviceFacts
from rig.errors import ConfigError
from rig.led import load_catalogue
from rig.led.catalogue import LINKS, OTHER_TAGS
from rig.led.catalogue import MODELS as CATALOGUE_MODELS

DEVICES = Path(__file__).parents[2] / "fixtures" / "devices"
NAMES = sorted(path.stem for path in DEVICES.glob("*.toml"))
# Nothing but names, and what carries its marks itself, is without one.
UNMARKED = ("name", "title", "extends", "model", "certainty", "simulation.", "limits")


def write(folder: Path, name: str, text: str) -> str:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def product(folder: Path, text: str, name: str = "thing") -> DeviceProfile:
    return load_device(write(folder, name, f'extends = "imp003"\nname = "{name}"\n{text}'))


# the shipped ones


def test_there_is_a_profile_of_every_imp() -> None:
    assert set(IMP_MODELS) <= set(NAMES)
    assert {load_device(name).imp for name in NAMES} == set(IMP_MODELS)


@pytest.mark.parametrize("name", NAMES)
def test_every_judging_value_has_a_mark_with_its_source(name: str) -> None:
    device = load_device(name)
    for key in dotted_keys(device):
        value: object = device
        for part in key.split("."):
            value = getattr(value, part) if isinstance(value, BaseModel) else value
        if key.startswith(UNMARKED) or isinstance(value, Spread) or value is None:
            continue
        mark = device.mark_of(key)
        assert key in device.certainty, f"{name}: {key} has no mark"
        assert mark.source or mark.mark == "assumed", f"{name}: {key} is {mark.mark} by nobody"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_documented_or_from_the_forum_names_its_source(name: str) -> None:
    device = load_device(name)
    for section in ("currents", "timing", "thresholds", "light", "behaviour", "board", "rare"):
        ranges = getattr(device.simulation, section)
        for key in type(ranges).model_fields:
            value = getattr(ranges, key)
            if isinstance(value, Spread):
                assert value.certainty in ("doc", "prod", "forum", "inferred", "assumed", "unknown"), key
                assert value.source or value.certainty == "assumed", f"{name}: {section}.{key}"


@pytest.mark.parametrize(
    ("name", "bands", "more", "less"),
    [
        ("imp001", ("2.4",), {"wps"}, {"ethernet", "ble", "radio.cellular", "radio.5ghz"}),
        ("imp002", ("2.4",), {"wps"}, {"ethernet", "ble", "radio.cellular", "radio.5ghz"}),
        ("imp003", ("2.4",), {"wps"}, {"ethernet", "ble", "radio.cellular", "radio.5ghz"}),
        ("imp004m", ("2.4",), {"wps", "ble"}, {"ethernet", "radio.cellular", "radio.5ghz"}),
        ("imp005", ("2.4", "5"), {"ethernet", "radio.5ghz"}, {"wps", "ble", "radio.cellular"}),
        ("imp006", ("2.4", "5"), {"wps", "ble", "radio.5ghz"}, {"ethernet", "radio.cellular"}),
        ("impC001", (), {"radio.cellular"}, {"wps", "ethernet", "radio.wifi", "ble"}),
    ],
)
def test_each_has_what_the_maker_says(name: str, bands: tuple[str, ...], more: set[str], less: set[str]) -> None:
    device = load_device(name)
    assert device.radio.bands_ghz == bands
    assert more <= device.capabilities
    assert not less & device.capabilities
    assert (device.supply.min_v, device.supply.wifi_min_v, device.supply.max_v) == (1.8, 2.5, 3.6)


@pytest.mark.parametrize("name", NAMES)
def test_each_shows_only_rows_that_it_can(name: str) -> None:
    device = load_device(name)
    rows = set(load_catalogue().for_device(*device.led_tags).ids)
    assert ("searching" in rows) == bool(device.radio.bands_ghz)
    assert ("modem" in rows) == device.radio.cellular
    assert ("eth_wait" in rows) == device.radio.ethernet
    assert ("wps" in rows) == device.radio.wps
    assert ("spi_not_found" in rows) == ("spi-flash" in device.startup_checks)
    assert ("fastrom" in rows) == ("fastrom" in device.startup_checks)
    assert ("legacy_download" in rows) == (device.impos <= 30)


@pytest.mark.parametrize("written", ["[2.4, 5]", '["2.4", "5"]', '[2.4, "5"]'])
def test_bands_need_no_quotes(tmp_path: Path, written: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        f'name = "mine"\ntitle = "M"\nextends = "imp003"\n[radio]\nbands_ghz = {written}\n', encoding="utf-8"
    )
    assert load_device(str(path)).radio.bands_ghz == ("2.4", "5")


def test_capabilities_are_words_that_tests_may_require() -> None:
    for name in NAMES:
        assert load_device(name).capabilities <= set(DEVICE_CAPABILITIES)
    for word in DEVICE_CAPABILITIES:
        check_capability_name(word)
    with pytest.raises(
        ConfigError, match=r"unknown capability 'radio\.6ghz'; is 'radio\.5ghz' meant\? there are .*radio\.5ghz"
    ):
        check_capability_name("radio.6ghz")


@pytest.mark.parametrize(
    ("name", "impos", "minor", "transition", "sae"),
    [
        ("imp003", 40, None, True, False),
        ("imp003", 42, 5, False, False),
        ("imp003", 42, 6, True, False),
        ("imp003", 42, None, None, False),
        ("imp003", 43, None, True, False),
        ("imp003", 41, None, None, False),
        ("imp001-impos30", 30, None, None, False),
        ("imp005", 40, None, True, False),
        ("imp005", 42, None, None, None),
        ("imp005", 42, 6, True, True),
        ("imp006", 42, 5, False, False),
        ("imp006", 44, None, True, True),
        ("imp006-2g4", 44, None, True, False),
        ("impC001", 44, None, False, False),
    ],
)
def test_who_joins_wpa3_is_what_the_help_page_says(
    name: str, impos: int, minor: int | None, transition: bool | None, sae: bool | None
) -> None:
    device = load_device(name).model_copy(update={"impos": impos, "impos_minor": minor})
    assert (device.joins_transition, device.joins_sae) == (transition, sae)
    known = {word for word in device.capabilities if word.startswith("wpa3.")}
    assert known == {word for word, it in (("wpa3.transition", transition), ("wpa3.sae", sae)) if it}


def test_facts_for_the_verdict_come_from_the_profile(tmp_path: Path) -> None:
    assert facts_of(load_device("imp003")) == DeviceFacts(model="imp003", impos=40)
    text = "[expected]\nconnect_s = 4.5\nstuck_s = 12.0\n[supply]\nwifi_min_v = 2.6\n"
    facts = facts_of(product(tmp_path, text))
    assert (facts.model, facts.healthy_connect_s, facts.stuck_s, facts.min_wifi_v) == ("imp003", 4.5, 12.0, 2.6)


def test_tags_of_a_profile_are_those_of_the_catalogue() -> None:
    assert sorted(get_args(LedTag)) == sorted((*LINKS, *CATALOGUE_MODELS, *OTHER_TAGS))


def test_a_legacy_device_and_the_same_time_for_healthy_and_stuck_are_fine(tmp_path: Path) -> None:
    text = 'impos = 30\nled_tags = ["wifi", "imp003", "legacy"]\n[expected]\nconnect_s = 10\n'
    device = product(tmp_path, text)
    assert (device.impos, device.expected.connect_s, device.expected.stuck_s) == (30, 10, 10)


def test_the_unit_of_a_limit_is_also_that_of_a_grandparent(tmp_path: Path) -> None:
    write(tmp_path, "old", 'extends = "imp003"\nname = "old"\n[limits.relay_click]\nunit = "s"\nhigh = 1.0\n')
    write(tmp_path, "mid", 'extends = "old.toml"\nname = "mid"\n')
    new = 'extends = "mid.toml"\nname = "new"\n[limits.relay_click]\nunit = "{}"\nhigh = 2.0\n'
    assert load_device(write(tmp_path, "new", new.format("s"))).limits["relay_click"].high == 2.0
    with pytest.raises(ConfigError, match=r"new\.toml: limits\.relay_click\.unit = 'min': 'mid\.toml', .* in 's'"):
        load_device(write(tmp_path, "new", new.format("min")))


# extending


def test_a_product_says_only_what_differs(tmp_path: Path) -> None:
    parent, child = load_device("imp003"), product(tmp_path, "[simulation.board]\nregulator_ohm = [0.2, 0.4]\n")
    assert (child.name, child.imp, child.extends) == ("thing", "imp003", "imp003")
    assert child.supply == parent.supply
    assert child.simulation.currents == parent.simulation.currents
    assert (child.simulation.board.regulator_ohm.low, child.simulation.board.regulator_ohm.high) == (0.2, 0.4)
    assert child.simulation.board.bulk_f == parent.simulation.board.bulk_f


def test_generations_add_up_by_path_and_by_name(tmp_path: Path) -> None:
    write(
        tmp_path,
        "old",
        'extends = "imp005"\nname = "old"\n[supply]\nmax_current_a = 0.55\n[expected]\nstuck_s = 20.0\n',
    )
    (tmp_path / "sub").mkdir()
    new = load_device(
        write(tmp_path / "sub", "new", 'extends = "../old.toml"\nname = "new"\n[expected]\nstuck_s = 30.0\n')
    )
    assert (new.imp, new.supply.max_current_a, new.expected.stuck_s) == ("imp005", 0.55, 30.0)
    assert new.radio.ethernet


def test_a_range_is_replaced_with_its_mark_and_a_value_loses_the_mark_of_another(tmp_path: Path) -> None:
    text = "[supply]\nmin_v = 2.0\n[simulation.currents]\ntransmit_a = { low = 0.1, high = 0.2 }\n"
    child = product(tmp_path, text)
    transmit = child.simulation.currents.transmit_a
    assert (transmit.low, transmit.high, transmit.certainty, transmit.source) == (0.1, 0.2, "assumed", "")
    assert child.mark_of("supply.min_v").mark == "assumed"
    assert child.mark_of("supply.wifi_min_v").mark == "doc"
    own = product(tmp_path, '[supply]\nmin_v = 2.0\n[certainty]\n"supply.min_v" = "prod"\n', "own")
    assert own.mark_of("supply.min_v").mark == "prod"


def test_a_limit_is_replaced_as_a_whole(tmp_path: Path) -> None:
    child = product(tmp_path, '[limits.idle_current]\nunit = "mA"\nhigh = 60.0\n')
    assert (child.limits["idle_current"].low, child.limits["idle_current"].high) == (None, 60.0)
    assert child.limits["off_current"] == load_device("imp003").limits["off_current"]


def test_lists_are_replaced_as_a_whole() -> None:
    assert merge_data({"a": [1, 2], "b": {"c": 1, "d": 2}}, {"a": [3], "b": {"d": 4}}) == {
        "a": [3],
        "b": {"c": 1, "d": 4},
    }
    assert merge_data({"a": {"b": 1}}, {"a": 2}) == {"a": 2}
    assert merge_data({"a": 2}, {"a": {"b": 1}}) == {"a": {"b": 1}}


def test_merging_leaves_the_parent_as_it_was() -> None:
    parent = {"a": {"b": {"c": 1}}, "certainty": {"a.b.c": "doc"}}
    merge_data(parent, {"a": {"b": {"c": 2}}})
    assert parent == {"a": {"b": {"c": 1}}, "certainty": {"a.b.c": "doc"}}


MISTAKES = [
    pytest.param(
        'extends = "imp9"\nname = "x"',
        [r"x\.toml: extends: no device named 'imp9'", "there are: .*imp003"],
        id="no_parent",
    ),
    pytest.param(
        'extends = "no/where.toml"\nname = "x"', [r"x\.toml: extends: device file", "does not exist"], id="no_file"
    ),
    pytest.param('extends = 3\nname = "x"', [r"x\.toml: extends = 3; expected the name"], id="no_text"),
    pytest.param(
        'extends = "imp003"',
        [r"x\.toml: name: missing; expected a name of its own, not that of 'imp003'"],
        id="no_name",
    ),
    pytest.param(
        'extends = "imp003"\nname = "x"\n[supply]\nnominal = 3.3',
        [r"x\.toml: supply\.nominal: unknown key; .*docs/devices\.md"],
        id="unknown_key",
    ),
    pytest.param('extends = "imp003"\nname = "x"\nsupply = 3', [r"x\.toml: supply"], id="section_is_a_number"),
    pytest.param('extends = "imp003"\nname = "x"\n[supply]\nmax_v = 5.0', [r"supply\.max_v = 5\.0"], id="too_much"),
    pytest.param(
        'extends = "imp003"\nname = "x"\n[certainty]\n"supply.maxv" = "doc"',
        [r"certainty of 'supply\.maxv': there is no such key"],
        id="mark_for_nothing",
    ),
    pytest.param(
        'extends = "imp003"\nname = "x"\n[certainty]\n"supply.max_v" = "sure"', ["'doc', 'prod', 'forum'"], id="no_mark"
    ),
    pytest.param('extends = "imp003"\nname = "x"\nmodel = "imp007"', [r"model = 'imp007'"], id="no_imp"),
    pytest.param(
        'extends = "imp003"\nname = "x"\n[radio]\nbands_ghz = []\nwps = false', ["at least one of"], id="no_way"
    ),
    pytest.param('extends = "imp003"\nname = "x"\n[radio]\nbands_ghz = []\nethernet = true', ["wps needs"], id="wps"),
    pytest.param('extends = "imp003"\nname = "x"\nsupply = 3', ["supply = 3: expected a section"], id="section"),
    pytest.param(
        'extends = "imp003"\nname = "x"\nled_tags = 3\n[radio]\nwps = 7\n[simulation.board]\nbulk_f = "ten"',
        [
            "led_tags = 3: expected a list",
            "wps = 7: expected true or false",
            "bulk_f = 'ten': expected a number, or a range",
        ],
        id="wrong_kinds",
    ),
    pytest.param('extends = "imp003"\nname = "imp003"', ["that of the file it extends"], id="name_of_the_parent"),
    pytest.param('extends = "imp003"\nname = "my thing"', [r"name = 'my thing'"], id="name_of_two_words"),
    pytest.param(
        'extends = "imp003"\nname = "x"\n[limits.time_to_conect]\nunit = "s"\nhigh = 3.0',
        [
            r"limits\.time_to_conect: no such limit; is 'time_to_connect' meant\?",
            "quantity of your own, give it a name .* as in 'my_time_to_conect'",
        ],
        id="misspelt_limit",
    ),
    pytest.param(
        'extends = "imp003"\nname = "x"\n[limits.boot_red]\nunit = "s"\nlow = 0.1\nhigh = 0.2\nmarginal = 0.05',
        ["marginal = 0.05 leaves nothing"],
        id="all_is_marginal",
    ),
    pytest.param(
        'extends = "imp003"\nname = "x"\n[simulation.board]\nbulk_f = -1e-4', ["bulk_f = -0.0001"], id="negative"
    ),
    pytest.param('extends = "imp003"\nname = "x"\n[simulation.board]\npipe_red = 70', ["pipe_red = 70"], id="pipe"),
    pytest.param(
        'extends = "imp003"\nname = "x"\n[limits.time_to_connect]\nunit = "ms"\nhigh = 3000.0',
        [r"x\.toml: limits\.time_to_connect\.unit = 'ms'", "'imp003', which it extends, has it in 's'"],
        id="unit_of_a_limit",
    ),
    pytest.param(
        'extends = "imp003"\nname = "x"\n[limits.idle_current]\nunit = "mA"\nhigh = 20.0\ncertainty = "measured"',
        [r"limits\.idle_current\.certainty = 'measured': expected 'doc', 'prod', 'forum', 'inferred', 'assumed' or"],
        id="certainty_of_a_limit",
    ),
    pytest.param(
        'extends = "imp003"\nname = "x"\n[simulation.board]\nbulk_f = { low = 0, high = 1e-4, certainty = "sure" }',
        [r"bulk_f\.certainty = 'sure': expected 'doc'"],
        id="certainty_of_a_range",
    ),
    pytest.param(
        'extends = "imp003"\nname = "x"\nimpos = 30',
        [r"x\.toml: impos = 30: up to 30 .* expected 'legacy' among led_tags = \['wifi', 'imp003'\]"],
        id="legacy_without_its_tag",
    ),
    pytest.param(
        'extends = "imp003"\nname = "x"\n[expected]\nconnect_s = 12',
        [
            r"expected: connect_s = 12, stuck_s = 10: expected connect_s <= stuck_s",
            "doesn't say is as in 'imp003', which",
        ],
        id="healthy_but_stuck",
    ),
    pytest.param(
        'extends = "imp003"\nname = "x"\n[supply]\nmax_v = 3.0',
        [
            r"x\.toml: supply: min_v = 1\.8, wifi_min_v = 2\.5, nominal_v = 3\.3, max_v = 3: expected min_v < wifi_",
            "what the file doesn't say is as in 'imp003', which it extends",
        ],
        id="order_of_the_supply",
    ),
    pytest.param(
        'extends = "imp003"\nname = "x"\nled_tags = ["wifi", "imp03"]',
        [r"x\.toml: led_tags\.1 = 'imp03': expected 'wifi', .* or 'factory'; is 'imp003' meant\?"],
        id="unknown_tag",
    ),
    pytest.param("", [r"x\.toml: title: missing; expected a value, or extends = the profile"], id="empty"),
]


@pytest.mark.parametrize(("text", "said"), MISTAKES)
def test_mistakes_are_named(tmp_path: Path, text: str, said: list[str]) -> None:
    path = write(tmp_path, "x", text)
    with pytest.raises(ConfigError) as caught:
        load_device(path)
    for part in said:
        assert re.search(part, str(caught.value)), str(caught.value)


def test_a_limit_of_ones_own_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    own = 'extends = "imp003"\nname = "x"\n[limits.relay_click]\nunit = "s"\nhigh = 3.0'
    assert load_device(write(tmp_path, "x", "\ufeff" + own)).limits["relay_click"].high == 3.0


def test_a_circle_is_refused_with_its_members(tmp_path: Path) -> None:
    write(tmp_path, "a", 'extends = "b.toml"\nname = "a"')
    write(tmp_path, "b", 'extends = "./c.toml"\nname = "b"')
    path = write(tmp_path, "c", 'extends = "a.toml"\nname = "c"')
    with pytest.raises(ConfigError, match=r"extends goes in a circle: c -> a -> b -> c"):
        load_device(path)
    own = write(tmp_path, "own", 'extends = "own.toml"\nname = "own"')
    with pytest.raises(ConfigError, match=r"circle: own -> own"):
        load_device(own)


def test_a_parents_mistake_is_the_parents(tmp_path: Path) -> None:
    write(tmp_path, "bad", 'extends = "imp003"\nname = "bad"\n[supply]\nwatts = 1')
    path = write(tmp_path, "good", 'extends = "bad.toml"\nname = "good"')
    with pytest.raises(ConfigError, match=r"bad\.toml: supply\.watts: unknown key") as caught:
        load_device(path)
    assert "good.toml" not in str(caught.value)


def test_a_file_that_stands_alone_still_does(tmp_path: Path) -> None:
    text = 'name = "gadget"\ntitle = "Gadget"\nled_tags = ["wifi"]\n[supply]\nnominal_v = 3.3\nmin_v = 1.8\n'
    alone = load_device(write(tmp_path, "gadget", text + "wifi_min_v = 2.5\nmax_v = 3.6\nmax_current_a = 0.6\n"))
    assert (alone.imp, alone.model, alone.mark_of("supply.min_v").mark) == ("gadget", None, "assumed")


@pytest.mark.parametrize(
    "name",
    ["boot_to_relay", "time_to_disconnect", "idle_current_2", "online_current_5v", "time_to_connected", "boot_to_lcd"],
)
def test_a_quantity_of_ones_own_may_resemble_a_shipped_one(tmp_path: Path, name: str) -> None:
    text = f'extends = "imp003"\nname = "x"\n[limits.{name}]\nunit = "s"\nhigh = 3.0'
    assert load_device(write(tmp_path, "x", text)).limits[name].high == 3.0


@pytest.mark.parametrize(
    "limit", ["low = 2.0\nhigh = 1.0", "certainty = 'prod'", "low = 1.0\nhigh = 1.1\nmarginal = 0.2"]
)
@pytest.mark.parametrize("name", ["relay_settle", "time_to_connect"])
def test_of_a_limit_nothing_is_said_to_be_the_parents(tmp_path: Path, name: str, limit: str) -> None:
    text = f'extends = "imp003"\nname = "x"\n[limits.{name}]\nunit = "s"\n{limit}'
    with pytest.raises(ConfigError, match=rf"limits\.{name}: ") as caught:
        load_device(write(tmp_path, "x", text))
    assert "which it extends" not in str(caught.value)


def test_of_a_range_nothing_is_said_to_be_the_parents(tmp_path: Path) -> None:
    text = 'extends = "imp003"\nname = "x"\n[simulation.timing]\nboot_to_red_s = { low = 2.0, high = 1.0 }'
    with pytest.raises(ConfigError, match="low must not exceed high") as caught:
        load_device(write(tmp_path, "x", text))
    assert "which it extends" not in str(caught.value)
