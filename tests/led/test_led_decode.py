"""Every row with known colours is named from its own waveform, in noise, and nothing else is."""

from __future__ import annotations

import led_golden
import numpy as np
import pytest
from led_light import NOISY_LIT, QUIET, STANDARD, Runs, Scene, pattern, samples

from rig.led import Catalogue, Decoded, decode, load_catalogue

ALL = load_catalogue()
WIFI = ALL.for_device("wifi")
LEGACY = ALL.for_device("wifi", "legacy")
IMP003 = ALL.for_device("wifi", "imp003")
CYCLIC = [
    row.id
    for row in led_golden.rows()
    if row.kind == "cyclic" and not any(cell[0] == "L" for cell in row.readings[0]) and row.id != "legacy_no_settings"
]
SHOWN_BY = {
    "legacy_blinkup_fail": LEGACY,
    "legacy_download": LEGACY,
    "fastrom": ALL.for_device("wifi", "imp006"),
    "spi_not_found": IMP003,
    "spi_error": IMP003,
    "imp003_no_wlan": IMP003,
    "imp003_flash_unsupported": IMP003,
    "imp004m_flash_blank": ALL.for_device("wifi", "imp004m"),
}


def see(runs: Runs, scene: Scene = QUIET, codes: Catalogue = WIFI, seed: int = 1) -> Decoded:
    times, volts = samples(runs, scene, seed)
    return decode(times, volts, calibration=scene.calibration(), codes=codes)


def said(decoded: Decoded) -> list[str | None]:
    return [span.code for span in decoded if span.duration_s > 0.3]


@pytest.mark.parametrize("code_id", CYCLIC)
@pytest.mark.parametrize("scene", [QUIET, NOISY_LIT], ids=["quiet", "noisy-lit"])
def test_each_known_row_from_its_own_waveform(code_id: str, scene: Scene) -> None:
    codes = SHOWN_BY.get(code_id, WIFI)
    period_s = sum(lo + hi for _, lo, hi, _ in led_golden.row(code_id).readings[0]) / 2000
    runs = pattern(code_id, max(4.5, 2.2 * period_s), phase_s=0.37 * period_s)
    decoded = see(runs, scene, codes)
    assert said(decoded) == [code_id]
    assert decoded.spans[0].confidence > 0.9


@pytest.mark.parametrize("name", STANDARD)
def test_a_boot_at_the_standard_conditions(name: str) -> None:
    stages = [("no_settings", 3.0), ("blinkup_ok", 3.0), ("searching", 4.5), ("joining", 5.5), ("getting_ip", 3.0)]
    stages += [("resolving", 2.0), ("connecting_server", 3.5), ("connected", 3.0), ("lost", 3.0)]
    runs: Runs = []
    for code_id, duration_s in stages:
        runs += [("G", 3.0)] if code_id == "blinkup_ok" else pattern(code_id, duration_s)
    runs += [("D", 3.0)]
    scene = STANDARD[name]
    decoded = see(runs, scene)
    assert said(decoded) == [code_id for code_id, _ in stages] + ["normal_operation"]
    ends = np.cumsum([duration for _, duration in stages]) * scene.clock
    found = [span.end_s for span in decoded if span.code][:-1]
    # neighbours share a dark cell: its cut can't be seen; joining begins like searching, up to the third flash
    tolerance = np.array([2.7 if code_id == "searching" else 0.9 for code_id, _ in stages])
    assert (np.abs(np.array(found) - ends) < tolerance).all()


@pytest.mark.parametrize("code_id", ["no_settings", "connecting_server", "connected"])
def test_what_a_slow_sensor_leaves_behind_is_no_colour(code_id: str) -> None:
    """Amber that fades over 20 ms passes the red level; that is no red cell."""
    scene = Scene(snr=6.0, rise_s=0.015, fall_s=0.02, ambient=0.5, rate_hz=800.0)
    for seed in (1, 2):
        decoded = see(pattern(code_id, 5.25, phase_s=0.3), scene, ALL.for_device("wifi", "imp003"), seed)
        assert said(decoded) == [code_id]
        assert decoded.spans[0].confidence > 0.97


@pytest.mark.parametrize(("colours", "codes"), [("GG", WIFI), ("AR", WIFI), ("RR", LEGACY)])
def test_a_row_with_unknown_colours_is_a_set(colours: str, codes: Catalogue) -> None:
    span = see(pattern("offline", 6.0, colours=colours), codes=codes).spans[0]
    assert span.code == "wps"
    assert "offline" in span.alternatives


def test_other_rows_with_unknown_colours() -> None:
    cellular = ALL.for_device("cellular")
    for code_id, colours, codes in [
        ("proxy_addr", "ARR", WIFI),
        ("proxy_cred", "ARRR", WIFI),
        ("sim", "RAAA", cellular),
        ("registering", "RRRA", cellular),
        ("reg_denied", "RAA", cellular),
        ("ppp_check", "AAAAR", cellular),
        ("eth_wait", "AA", ALL.for_device("ethernet", "imp005")),
    ]:
        assert said(see(pattern(code_id, 7.0, colours=colours), codes=codes)) == [code_id], code_id


def test_modem_and_ppp_can_not_be_told_apart_but_from_connecting_server() -> None:
    cellular = ALL.for_device("cellular")
    (span,) = see(pattern("modem", 7.0, colours="RA"), codes=cellular)
    assert (span.code, span.alternatives) == ("modem", ("ppp",))
    assert said(see(pattern("modem", 7.0, colours="AR"), codes=cellular)) == ["connecting_server"]


def test_equal_lights_name_the_first_and_list_the_others() -> None:
    everything = ALL.for_device("wifi", "legacy", "factory")
    (span,) = see(pattern("no_settings", 6.0), codes=everything)
    assert (span.code, span.alternatives) == ("no_settings", ("legacy_no_settings",))
    span = see([("D", 1.0), ("G", 9.0), ("D", 1.0)], codes=everything).spans[1]
    assert (span.code, span.alternatives[:2]) == ("update", ("legacy_install", "blessed"))


@pytest.mark.parametrize("scene", [QUIET, NOISY_LIT], ids=["quiet", "noisy-lit"])
def test_single_lights(scene: Scene) -> None:
    before, after = pattern("no_settings", 3.0), pattern("connected", 3.0)
    assert said(see([*before, ("G", 3.0), *after], scene)) == ["no_settings", "blinkup_ok", "connected"]
    assert said(see([*before, ("G", 8.0), *after], scene)) == ["no_settings", "update", "connected"]
    failed = see([*before, ("R", 1.2), *before], scene)
    assert said(failed) == ["no_settings", "reception_error", "no_settings"]
    assert said(see([*before, ("D", 6.0)], scene)) == ["no_settings", "normal_operation"]
    assert said(see([*before, ("R", 6.0)], scene)) == ["no_settings", "power_fault"]


def test_quick_green_of_old_devices() -> None:
    blinks = [("G", 0.25), ("D", 0.25)] * 6
    decoded = see([*pattern("no_settings", 5.0), ("D", 0.5), *blinks, *pattern("searching", 6.75)], codes=LEGACY)
    assert decoded.codes == ("no_settings", "legacy_blinkup_ok", "searching")
    assert "connected" not in see([*pattern("no_settings", 5.0), ("D", 0.5), *blinks], codes=LEGACY).codes


def test_fast_red_is_a_power_fault_with_rate_and_duty() -> None:
    rng = np.random.default_rng(4)
    runs: Runs = []
    for _ in range(25):
        runs += [("R", float(rng.uniform(0.08, 0.16))), ("D", float(rng.uniform(0.06, 0.2)))]
    (span,) = see(runs)
    assert span.code == "power_fault"
    expected = len(runs) / 2 / sum(length for _, length in runs)
    assert span.details["rate_hz"] == pytest.approx(expected, rel=0.1)
    red = sum(length for colour, length in runs if colour == "R") / sum(length for _, length in runs)
    assert span.details["duty"] == pytest.approx(red, abs=0.06)


def test_the_led_dims_with_the_supply_green_first() -> None:
    runs = pattern("connecting_server", 14.0) + pattern("connected", 6.0)
    times, bright = samples(runs, QUIET)
    _, dim = samples(runs, Scene(ratio=1.0))  # green lost more than red
    share = 0.8 * times / times[-1]
    faded = (bright * (1 - share) + dim * share) * (1 - 0.15 * times / times[-1])
    decoded = decode(times, faded, calibration=QUIET.calibration(), codes=WIFI)
    assert said(decoded) == ["connecting_server", "connected"]


def test_segments_are_the_colours_seen() -> None:
    decoded = see([("D", 1.0), ("R", 0.5), ("D", 0.5), ("A", 0.25), ("R", 0.25), ("D", 1.0), ("G", 0.7), ("D", 0.6)])
    expected = ["dark", "red", "dark", "amber", "red", "dark", "green", "dark"]
    kept = [s for s in decoded.segments if s.end_s - s.start_s > 0.06]
    assert [s.colour for s in kept] == expected
    assert kept[6].end_s - kept[6].start_s == pytest.approx(0.7, abs=0.04)


def test_times_need_not_start_at_zero() -> None:
    decoded = see(pattern("lost", 5.0), Scene(start_s=1234.5))
    assert decoded.spans[0].start_s == pytest.approx(1234.5, abs=0.02)
    assert decoded.spans[-1].end_s == pytest.approx(1239.5, abs=0.03)
