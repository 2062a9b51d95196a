"""A row of the guide, a cause, and a simulated device that shows the row because of the cause."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from guide_rows import ROWS, cycles_seen, stretches
from imp_lives import Life, settings_for

from rig.config.device import load_device
from rig.config.network import AnyNetwork, NetworkProfile, load_any_network
from rig.config.spread import spread
from rig.sim.faults.device import Defects
from rig.sim.imp.settings import ImpSettings, StoredProxy

TOKEN, PLAN = "00112233445566aa", "aa66554433221100"
ENROLLED = ImpSettings(token=TOKEN, plan=PLAN)


def device(name: str, **behaviour: float) -> Callable[[int], Life]:
    def born(seed: int) -> Life:
        profile = load_device(name)
        ranges = profile.simulation.behaviour.model_copy(update={k: spread(v) for k, v in behaviour.items()})
        simulation = profile.simulation.model_copy(update={"behaviour": ranges})
        return Life(seed, device=profile.model_copy(update={"simulation": simulation}))

    return born


def around(life: Life, *names: str) -> AnyNetwork:
    networks = tuple(load_any_network(name) for name in names)
    life.set_networks(networks)
    return networks[0]


def configured(life: Life, name: str, settings: ImpSettings | None = None) -> None:
    network = around(life, name)
    known = settings_for(network) if isinstance(network, NetworkProfile) else ENROLLED
    life.imp.flash.settings = settings or known


def live(life: Life, until_s: float) -> Life:
    life.power()
    life.run_to(until_s)
    return life


def told(life: Life, settings: ImpSettings, at_s: float = 5.0, until_s: float = 15.0) -> Life:
    live(life, at_s)
    firmware = life.imp._firmware
    assert firmware is not None
    firmware.blinkup_received(settings)  # type: ignore[attr-defined]
    life.run_to(until_s)
    return life


def misheard(life: Life) -> Life:
    live(life, 5.0)
    firmware = life.imp._firmware
    assert firmware is not None
    firmware.blinkup_begins()  # type: ignore[attr-defined]
    life.run(1.0)
    firmware.blinkup_failed("bad CRC")  # type: ignore[attr-defined]
    life.run_to(12.0)
    return life


def on(name: str, network: str, until_s: float = 25.0, settings: ImpSettings | None = None, **defects: float) -> object:
    def story(seed: int) -> Life:
        life = device(name)(seed)
        for defect in defects:
            Defects(life).inject(defect.replace("__", "."))
        configured(life, network, settings)
        return live(life, until_s)

    return story


def broken(name: str, defect: str, until_s: float = 20.0) -> object:
    def story(seed: int) -> Life:
        life = device(name)(seed)
        Defects(life).inject(defect)
        return live(life, until_s)

    return story


def home(**more: object) -> ImpSettings:
    return ImpSettings(ssid="Bench-ProxyOnly", password="a firm handshake", **more)  # type: ignore[arg-type]


NO_PROXY, WRONG_USER = StoredProxy("proxy.elsewhere", 3128), StoredProxy("proxy.bench", 3128, "imp", "not this")

# Rows that go on for as long as their cause does.
CYCLIC: dict[str, object] = {
    "no_settings": lambda seed: live(device("imp003")(seed), 8.0),
    "legacy_no_settings": lambda seed: live(device("imp001-impos30")(seed), 8.0),
    "legacy_blinkup_fail": lambda seed: misheard(device("imp001-impos30")(seed)),
    "eth_wait": on("imp005", "unplugged"),
    "wps": on("imp004m", "home", settings=ImpSettings(wps_pin="", token=TOKEN, plan=PLAN)),
    "searching": on("imp003", "5ghz"),
    "joining": on("imp003", "wep-ascii"),
    "proxy_addr": on("imp003", "proxy-only", settings=home(proxy=NO_PROXY)),
    "proxy_cred": on("imp005", "proxy-only", settings=home(proxy=WRONG_USER)),
    "modem": on("impC001", "mobile", modem__silent=1),
    "sim": on("impC001", "mobile-no-sim", 35.0),
    "registering": on("impC001", "mobile-no-cell", 35.0),
    "reg_denied": on("impC001", "mobile-denied", 45.0),
    "ppp": on("impC001", "mobile-no-ppp", 45.0),
    "ppp_check": on("impC001", "mobile-ppp-dead", 50.0),
    "getting_ip": on("imp002", "mac-filter"),
    "resolving": on("imp001", "no-dns"),
    "connecting_server": on("imp006", "captive-portal"),
    "connected": on("imp006", "5ghz"),
    "lost": on("imp004m", "dropping"),
    "offline": on("imp003", "home", app__leaves=1),
    "fastrom": broken("imp006", "flash.missing"),
    "imp004m_flash_blank": broken("imp004m", "flash.blank"),
    "imp003_no_wlan": broken("imp003", "radio.unpowered"),
    "spi_not_found": broken("imp003", "flash.missing"),
    "spi_error": broken("imp005", "flash.error"),
    "imp003_flash_unsupported": broken("imp003", "flash.unsupported", 40.0),
}
# Elsewhere in this file, or in test_imp_ledtable.py: those that are no repeating row, and those of factories.
OTHERS = {
    "blinkup_ok", "legacy_blinkup_ok", "reception_error", "update", "legacy_download", "legacy_install",
    "normal_operation", "flash_ingest", "power_fault", "rejected", "runtime_loop",
}  # fmt: skip
FACTORY = {"blessed", "bless_failed"}  # shown by a factory's own firmware


def test_every_row_has_its_cause() -> None:
    assert len(ROWS) == 40
    assert set(ROWS) == set(CYCLIC) | OTHERS | FACTORY


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("row", CYCLIC)
def test_cause_shows_its_row(row: str, seed: int) -> None:
    life: Life = CYCLIC[row](seed)  # type: ignore[operator]
    assert cycles_seen(life, row) >= 2.0, life.runs(0.0, life.timeline.now_s)[-12:]


def test_the_looker_tells_rows_apart() -> None:
    """Or the tests above could not fail."""
    life = live(device("imp003")(1), 8.0)
    assert cycles_seen(life, "no_settings") >= 2
    for row in set(CYCLIC) - {"no_settings", "legacy_no_settings"}:
        assert cycles_seen(life, row) < 1.0, row


@pytest.mark.parametrize("seed", range(4))
def test_good_blinkup_is_three_seconds_of_green(seed: int) -> None:
    life = told(device("imp004m")(seed), ENROLLED)
    assert [g for g in stretches(life, "G") if abs(g - 3.0 * life.factor) < 1e-6], stretches(life, "G")


@pytest.mark.parametrize(("single", "flashes"), [(0.1, 6), (0.9, 1)])
def test_old_ones_flash_green_for_three_seconds_or_once(single: float, flashes: int) -> None:
    life = told(device("imp001-impos30", legacy_single_flash=single)(3), ENROLLED, until_s=12.0)
    green = stretches(life, "G")
    assert len(green) == flashes
    if flashes == 6:
        assert green == [pytest.approx(0.25 * life.factor, abs=1e-6)] * 6
        assert cycles_seen(life, "legacy_no_settings", 8.5) >= 2
    else:
        assert 0.1 * 0.97 <= green[0] <= 0.5 * 1.03


@pytest.mark.parametrize("seed", range(4))
def test_bad_blinkup_is_one_long_red_then_as_before(seed: int) -> None:
    life = misheard(device("imp005")(seed))
    reds = stretches(life, "R", 5.5)
    assert len(reds) == 1
    assert 0.5 * 0.97 <= reds[0] <= 2.0 * 1.03
    assert cycles_seen(life, "no_settings", 8.5) >= 2


@pytest.mark.parametrize("seed", range(4))
def test_update_is_green_as_long_as_it_lasts_then_a_restart_and_online(seed: int) -> None:
    life: Life = on("imp003", "home", 45.0, os__outdated=1)(seed)  # type: ignore[operator]
    truth = life.imp.truth
    assert (truth.updates, truth.restarts, truth.resets, truth.online) == (1, 1, 0, True)
    took_s = life.times("restart: update installed")[0] - life.times("update begins")[0]
    assert 5 * 0.97 <= took_s <= 25 * 1.03 + 0.01
    assert max(stretches(life, "G")) == pytest.approx(took_s, abs=0.02)
    assert cycles_seen(life, "connected", life.times("online")[1]) >= 2


def test_old_update_is_downloaded_long_and_short_then_installed_solid() -> None:
    life = device("imp001-impos30", update_s=24.0)(2)
    Defects(life).inject("os.outdated")
    configured(life, "home")
    live(life, 45.0)
    assert cycles_seen(life, "legacy_download") >= 2
    assert max(stretches(life, "G")) == pytest.approx(0.3 * 24.0 * life.factor, abs=0.02)
    assert life.imp.truth.online
    assert not life.imp.legacy


def test_dark_is_what_is_left_when_the_window_is_over() -> None:
    life: Life = on("imp003", "home", 100.0)(1)  # type: ignore[operator]
    assert life.imp.truth.online
    assert life.led_log[-1][1] == "D"
    assert life.timeline.now_s - life.led_log[-1][0] / 1e9 > 30


@pytest.mark.parametrize("name", ["imp003", "imp004m", "imp005", "imp006"])
def test_first_start_takes_in_the_flash_in_green_then_restarts(name: str) -> None:
    life: Life = broken(name, "flash.fresh", 45.0)(5)  # type: ignore[operator]
    (green,) = stretches(life, "G")
    assert 10 * 0.97 <= green <= 30 * 1.03
    assert (life.imp.truth.boots, life.imp.truth.restarts) == (2, 1)
    assert cycles_seen(life, "no_settings") >= 2


def test_collapsing_supply_is_fast_red() -> None:
    life = device("imp002")(4)
    configured(life, "home")
    life.rail.set_series(True)
    live(life, 8.0)
    assert life.imp.truth.resets > 8
    reds = stretches(life, "R")
    assert len(reds) > 8
    assert max(reds) < 0.4
    assert {colour for _, colour in life.led_log} == {"R", "D"}


def test_rejected_is_green_then_amber() -> None:
    life: Life = on("imp004m", "rejecting", 20.0)(1)  # type: ignore[operator]
    amber_s = life.times("shows no_settings")[0]
    assert cycles_seen(life, "connected", life.times("shows connected")[0]) >= 1
    assert cycles_seen(life, "no_settings", amber_s) >= 2


@pytest.mark.parametrize("seed", range(4))
def test_runtime_error_is_green_and_red_in_turns(seed: int) -> None:
    life: Life = on("imp003", "home", 45.0, app__crashes=1)(seed)  # type: ignore[operator]
    shown = life.shown()
    assert shown.count("connected") >= 3
    assert shown[shown.index("connected") :][:4] == ["connected", "lost", "connected", "lost"]
    assert life.imp.truth.boots == 1
    first_s, second_s = life.times("runtime error")[:2]
    assert {"G", "R"} <= {colour for colour, _ in life.runs(first_s - 1.5, second_s)}
