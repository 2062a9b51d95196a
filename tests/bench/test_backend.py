"""Opening a bench: what is missing is named, what was opened is closed, and what it can't do it says."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench_files import SIMULATED, edited

from rig.bench.backend import Backend, connect
from rig.bench.bench import Bench, open_bench
from rig.bench.dut import DeviceUnderTest
from rig.config.capabilities import STANDARD_SURROUNDINGS
from rig.drivers.pigpio_link import daemon_answers
from rig.errors import BenchConnectionError, ConfigError, DeviceNotReady


def pi_bench(folder: Path, port: int, via: str = "pigpiod") -> str:
    text = edited(
        SIMULATED.split("[simulation]")[0],
        [('kind = "simulated"', 'kind = "raspberry-pi"'), ('name = "simulated"', 'name = "pi"')],
    )
    path = folder / "pi.toml"
    path.write_text(f'{text}\n[gpio]\nhost = "127.0.0.1"\nport = {port}\n[i2c]\nvia = "{via}"\n', encoding="utf-8")
    return str(path)


@pytest.fixture
def closed_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def test_daemon_that_is_not_there_is_named_with_the_next_step(tmp_path: Path, closed_port: int) -> None:
    with pytest.raises(
        BenchConnectionError, match=f"no pigpiod answers at 127.0.0.1:{closed_port}.*systemctl start pigpiod"
    ):
        open_bench(pi_bench(tmp_path, closed_port))


def test_host_that_is_not_there_is_named() -> None:
    with pytest.raises(BenchConnectionError, match=r"no pigpiod answers at no-such-host\.invalid:8888"):
        connect("no-such-host.invalid", 8888, lambda: None)


def test_machine_without_an_i2c_bus_is_named_and_nothing_stays_open(tmp_path: Path, sim: Bench) -> None:
    connections = sim.world.daemon._server._connections
    before = len(connections)
    path = pi_bench(tmp_path, sim.world.daemon.port, via="blinka")
    sim.supply.let_lapse()
    sim.clock.sleep(0.4)  # the dead-man of the simulated bench runs out: its daemon is nobody's then
    with pytest.raises(BenchConnectionError, match=r"no I2C bus that Blinka can open.*\"kernel\".*\"pigpiod\""):
        open_bench(path)
    for _ in range(500):  # the other side notices in its own time
        if len(connections) == before:
            break
        time.sleep(0.01)
    assert len(connections) == before


def test_closing_lets_go_of_everything_even_when_one_part_fails() -> None:
    closed: list[str] = []

    def fail() -> None:
        closed.append("second")
        raise OSError("stuck")

    parts = [lambda: closed.append("first"), fail, lambda: closed.append("third")]
    backend = Backend(*[None] * 9, on_close=parts)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="stuck"):
        backend.close()
    assert closed == ["third", "second", "first"]
    backend.close()
    assert len(closed) == 3


@pytest.mark.parametrize(
    "error", [BrokenPipeError(32, "Broken pipe"), ConnectionResetError(), AttributeError("s"), OSError(9, "Bad fd")]
)
def test_whatever_the_client_raises_a_gone_daemon_is_one_error(error: Exception) -> None:
    with pytest.raises(BenchConnectionError, match="switching off: pigpiod does not answer any more") as caught:  # noqa: SIM117
        with daemon_answers("switching off"):
            raise error
    assert caught.value.__cause__ is error


def test_a_gone_daemon_is_named_by_supply_and_led_and_at_the_end(gone: Bench) -> None:
    for act in (gone.supply.enable, gone.supply.off, gone.optical.off, gone.close):
        with pytest.raises(BenchConnectionError, match="pigpiod does not answer any more"):
            act()
    gone.close()  # everything was let go of


def test_closing_twice_is_no_error(sim: Bench) -> None:
    sim.close()
    sim.close()


# what a bench can do


def test_simulated_bench_can_do_everything(sim: Bench) -> None:
    names = {"network", "network:home", "environment", "supply.series", "blinkup.trilevel"}
    assert names <= sim.capabilities
    for name in names:
        sim.require(name)
    with pytest.raises(ConfigError, match=r"no network is named 'atlantis', .*there are 5ghz, .*home"):
        sim.require("network:atlantis")
    assert sim.facts["Bench"].startswith("simulated (SIMULATED")
    assert sim.facts["Seed"] == "3"


def test_network_is_put_on_the_air(sim: Bench) -> None:
    assert sim.world.networks.present == ()
    sim.networks.provide("no-dns")
    assert [n.ssid for n in sim.world.networks.present] == ["Bench-NoDNS"]
    with pytest.raises(ConfigError, match="atlantis"):
        sim.networks.provide("atlantis")
    assert [n.ssid for n in sim.world.networks.present] == ["Bench-NoDNS"]


def test_surroundings_reach_the_sensor(sim: Bench) -> None:
    levels = {}
    for name in ("quiet-dark", "quiet-lit", "noisy-dark"):
        sim.environment.apply(STANDARD_SURROUNDINGS[name])
        seen = []
        for _ in range(100):
            sim.clock.sleep(0.005)
            seen.append(sim.led_input.read()[1])
        levels[name] = seen
    mean = {name: sum(seen) / len(seen) for name, seen in levels.items()}
    swing = {name: max(seen) - min(seen) for name, seen in levels.items()}
    assert mean["quiet-lit"] > mean["quiet-dark"] + 0.1
    assert swing["noisy-dark"] > 3 * swing["quiet-dark"]


# the device's enrolment


def no_secrets(folder: Path) -> str:
    text = edited(SIMULATED, [('token = "0123456789abcdef"\n', ""), ('plan = "fedcba9876543210"\n', "")])
    path = folder / "plain.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_enrolment_comes_from_the_file_else_from_the_environment(
    sim: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_TOKEN", "aaaaaaaaaaaaaaaa")
    monkeypatch.setenv("RIG_PLAN", "bbbbbbbbbbbbbbbb")
    assert sim.enrolment() == ("0123456789abcdef", "fedcba9876543210")
    with open_bench(no_secrets(tmp_path)) as other:
        assert other.enrolment() == ("aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb")
        monkeypatch.delenv("RIG_PLAN")
        with pytest.raises(ConfigError, match="no enrolment plan; set RIG_PLAN") as caught:
            other.enrolment()
        assert "aaaaaaaa" not in str(caught.value)
        monkeypatch.delenv("RIG_TOKEN")
        with pytest.raises(ConfigError, match="no enrolment token; set RIG_TOKEN"):
            DeviceUnderTest(other).wifi(sim.networks.provide("home"))


# the device under test


def test_device_that_never_asks_for_settings_has_failed_not_the_bench(
    sim: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rig.bench.dut.UNCONFIGURED_TIMEOUT_S", 2.0)
    dut = DeviceUnderTest(sim)
    with sim.world.timeline.lock:
        sim.world.rail.set_contact(1e6)  # the device's plug has fallen out
    with pytest.raises(DeviceNotReady, match="can't be brought to 'no settings'"):
        dut.make_unconfigured()


def test_configured_device_is_cleared_by_light(sim: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rig.bench.dut.UNCONFIGURED_TIMEOUT_S", 4.0)
    dut = DeviceUnderTest(sim)
    home = sim.networks.provide("home")
    dut.make_unconfigured()
    dut.send(dut.wifi(home), rate_hz=142.0)
    assert dut.wait_for("connected", timeout_s=20.0) == "connected"
    dut.power_off()
    again = DeviceUnderTest(sim)
    again.make_unconfigured()
    assert again.acquisition.state.code == "no_settings"
    assert [a.details["what"] for a in again.acquisition.result()[0].actions if a.kind == "blinkup"] == ["clear"]


def test_waiting_for_what_never_comes_ends_in_time(sim: Bench) -> None:
    dut = DeviceUnderTest(sim)
    dut.power_on()
    start_s = sim.clock.now_s()
    assert dut.wait_for("connected", timeout_s=3.0) is None
    assert sim.clock.now_s() - start_s == pytest.approx(3.0, abs=0.01)


def test_network_settings_may_be_wrong_on_purpose(sim: Bench) -> None:
    dut = DeviceUnderTest(sim)
    home = sim.networks.provide("home")
    config = dut.wifi(home)
    assert (config.ssid, config.password) == ("Bench-Home", "a firm handshake")
    assert dut.wifi(home, ssid="other").ssid == "other"
    assert dut.wifi(home, password="").password == ""
