"""Looking at a served bench and driving it: what is asked for happens to the world, and the device notices."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pigpio
import pytest

from rig.config.bench import load_bench
from rig.config.device import load_device
from rig.errors import BenchFault, ConfigError
from rig.secret import Secret
from rig.sim.imp.settings import ImpSettings
from rig.sim.physics.optics import Ambient
from rig.sim.server.control import ask
from rig.sim.server.serve import ServeOptions, SimServer

PASSWORD = "canary password 77"
HOME = ImpSettings(ssid="Home Network", password=Secret(PASSWORD))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SimServer]:
    (tmp_path / "lab.toml").write_text(f'name = "lab"\nssid = "{HOME.ssid}"\npassword = "{PASSWORD}"\n')
    options = ServeOptions(realtime=False, networks=(str(tmp_path / "lab.toml"),))
    made = SimServer(options, (load_bench("simulated"), load_device("imp003"), 3))
    made.start()
    yield made
    made.stop()


def do(server: SimServer, command: str, **arguments: Any) -> dict[str, Any]:
    return ask(server.control.port, command, **arguments)


def power(server: SimServer, on: bool) -> None:
    world = server.world
    assert world is not None
    with world.timeline.lock:
        world.rail.set_regulator(3.3)
        world.rail.set_switch(on)


def test_state_follows_the_supply(server: SimServer) -> None:
    off = do(server, "state")
    assert (off["supply"]["on"], off["imp"]["running"], off["imp"]["boots"]) == (False, False, 0)
    assert (off["supply"]["device_v"], off["supply"]["source_a"]) == (0.0, 0.0)
    assert off["imp"]["last"] is None
    power(server, True)
    do(server, "advance", seconds=4.9)
    on = do(server, "state")
    assert on["now_s"] == 4.9
    assert (on["supply"]["on"], on["imp"]["running"], on["imp"]["boots"]) == (True, True, 1)
    assert on["imp"]["led_pattern"] == "no_settings"
    assert on["imp"]["last"]["what"] == "shows no_settings"
    supply = on["supply"]
    assert supply["set_v"] == 3.3
    assert 3.2 < supply["device_v"] < supply["regulator_v"] < supply["set_v"], "each part of the way loses something"
    assert supply["source_a"] == pytest.approx(supply["load_a"], abs=0.001)
    power(server, False)
    do(server, "advance", seconds=1.0)
    dead = do(server, "state")
    assert (dead["imp"]["running"], dead["imp"]["resets"]) == (False, 1)
    assert dead["supply"]["regulator_v"] == pytest.approx(3.3), "the monitor sits before the switch"


def test_state_shows_every_light(server: SimServer) -> None:
    wiring, pi = server.world.config.blinkup, pigpio.pi("127.0.0.1", server.port)
    seen = []
    for gpio in (wiring.gpio, wiring.grey_gpio):
        pi.write(gpio, 1)
        seen.append(do(server, "state")["light"]["blinkup"])
    listening = pi._notify
    pi.stop()
    listening.join(5.0)
    assert 0.0 < seen[0] < seen[1] == 1.0
    power(server, True)
    colours = set()
    for _ in range(100):
        do(server, "advance", seconds=0.05)
        light = do(server, "state")["light"]
        colours.add((light["red"], light["green"]))
    assert {(False, False), (True, True)} <= colours, "no settings blinks amber"


def test_reset_pin_boots_anew_and_keeps_settings(server: SimServer) -> None:
    imp = server.world.imp
    imp.flash.settings = HOME
    power(server, True)
    do(server, "advance", seconds=8.0)
    before = do(server, "state")["imp"]
    assert (before["online"], before["configured"], before["boots"]) == (True, True, 1)
    pressed = do(server, "press-reset")["imp"]
    assert (pressed["running"], pressed["online"], pressed["resets"]) == (False, False, 1)
    assert pressed["last"] == {"at_s": 8.0, "what": "reset by its pin"}
    with pytest.raises(BenchFault, match=r"the device doesn't run \(3\.\d\d V at its terminals, supply on\)"):
        do(server, "press-reset")
    do(server, "advance", seconds=8.0)
    after = do(server, "state")["imp"]
    assert (after["online"], after["configured"], after["boots"], after["resets"]) == (True, True, 2, 1)
    power(server, False)
    do(server, "advance", seconds=1.0)
    assert do(server, "state")["imp"]["resets"] == 2, "the brown-out detector of the second life works, the first's not"
    with pytest.raises(BenchFault, match=r"\(0\.\d\d V at its terminals, supply off\)"):
        do(server, "press-reset")


def test_networks_come_and_go(server: SimServer, tmp_path: Path) -> None:
    server.world.imp.flash.settings = HOME
    assert do(server, "state")["networks"] == ["lab"]
    assert do(server, "network", name="none")["networks"] == []
    power(server, True)
    do(server, "advance", seconds=8.0)
    assert not do(server, "state")["imp"]["online"]
    assert do(server, "network", name=["home", str(tmp_path / "lab.toml")])["networks"] == ["home", "lab"]
    do(server, "advance", seconds=10.0)
    state = do(server, "state")
    assert state["imp"]["online"]
    assert PASSWORD not in json.dumps(state)


def test_light_lid_and_noise(server: SimServer) -> None:
    def light() -> tuple[float, ...]:
        found = do(server, "state")["light"]
        return tuple(found[name] for name in ("ambient", "flicker", "mains_hz", "snr"))

    before_v = seen_v(server)
    closed = light()
    do(server, "lid", open=True)
    assert light()[:2] == (0.5, 0.1)
    assert seen_v(server) > before_v + 0.3, "the rig's sensor sees the room"
    do(server, "light", level=0.25, mains_hz=60)
    assert light() == (0.25, 0.1, 60, 40.0)
    do(server, "noise", snr=6)
    do(server, "lid", open=False)
    assert light() == (*closed[:3], 6.0)
    assert server.world.lights.ambient == Ambient()


def seen_v(server: SimServer) -> float:
    do(server, "advance", seconds=0.2)
    now_ns = server.timeline.now_ns
    return server.world.rig_sensor.mean_v(now_ns - 1_000_000, now_ns)


@pytest.mark.parametrize(
    ("command", "arguments", "text"),
    [
        ("network", {}, "name is None"),
        ("network", {"name": [3]}, r"name is \[3\]"),
        ("network", {"name": "no-such-network"}, "no-such-network"),
        ("lid", {"open": "wide"}, "open is 'wide'; expected true or false"),
        ("light", {"level": -0.1}, "level is -0.1; expected a number from 0 to 5"),
        ("light", {"mains_hz": 400}, "mains_hz is 400; expected a number from 40 to 70"),
        ("noise", {}, "snr is None"),
    ],
)
def test_nonsense_changes_nothing(server: SimServer, command: str, arguments: dict[str, Any], text: str) -> None:
    before = do(server, "state")
    with pytest.raises(ConfigError, match=text):
        do(server, command, **arguments)
    assert do(server, "state") == before


def test_bare_pins_have_no_world() -> None:
    server = SimServer(ServeOptions(realtime=False))
    server.start()
    with pytest.raises(BenchFault, match="no command 'state'; there are advance, commands, time"):
        ask(server.control.port, "state")
    server.stop()
    with pytest.raises(ConfigError, match="network 'home', but bare pins have no device"):
        SimServer(ServeOptions(networks=("home",)))


def test_on_real_time_it_happens_now_and_not_at_the_last_step() -> None:
    server = SimServer(ServeOptions(), (load_bench("simulated"), load_device("imp003"), 3))
    server.start()
    times = [do(server, "state")["now_s"] for _ in range(20)]
    server.stop()
    assert times == sorted(set(times)), "each look is later than the one before"
