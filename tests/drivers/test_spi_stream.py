"""BlinkUp by SPI, through a controller that behaves as the real one and drives the simulated bench's LED."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fake_spidev
import pytest
from bench_files import SIMULATED, edited

from rig.bench.bench import Bench, open_bench
from rig.bench.dut import DeviceUnderTest
from rig.blinkup import ClearConfig, InvalidOption, WifiConfig
from rig.blinkup.frame import frame_for
from rig.config.bench import BenchConfig, load_bench
from rig.drivers.optical.spi_stream import SpiStreamTx
from rig.errors import BenchConnectionError, BenchFault, CapabilityMissing
from rig.sim.world import SimulatedWorld

MOSI, GATE = 10, 25
CLEAR = frame_for(ClearConfig(), rate_hz=142.0)
CORES = {"pi3": (250_000_000, 65_536), "pi4": (500_000_000, 65_536), "pi5": (200_000_000, 65_534)}


def bench_file(
    folder: Path, *, model: str = "pi4", active_high: bool = True, gate: bool = False, more: str = ""
) -> str:
    gated = f"gate_gpio = {GATE}\n" if gate else ""
    section = (
        f'gpio = {MOSI}\nvia = "spi"\nactive_high = {str(active_high).lower()}\n{more}'
        f'[blinkup.spi]\nmodel = "{model}"\n{gated}'
    )
    path = folder / "spi.toml"
    path.write_text(edited(SIMULATED, [("gpio = 17\ngrey_gpio = 27\n", section)]), encoding="utf-8")
    return str(path)


class Controller:
    """The fake below the client, put between the client and a world's LED once there is one."""

    def __init__(self) -> None:
        self.world: SimulatedWorld | None = None
        self.sleep: Callable[[float], None] = lambda _: None
        self.levels: list[int] = []
        self.wire = fake_spidev.Wire(*CORES["pi4"], sleep=lambda s: self.sleep(s), on_change=self.drive)

    def drive(self, level: int) -> None:
        self.levels.append(level)
        if self.world is not None:
            with self.world.timeline.lock:
                self.world.gpio.drive_external(MOSI, level)


@pytest.fixture
def controller(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Controller:
    made = Controller()
    monkeypatch.setitem(sys.modules, "spidev", fake_spidev.module(made.wire))
    bufsiz = tmp_path / "bufsiz"
    bufsiz.write_text("65536\n", encoding="ascii")
    monkeypatch.setattr("rig.drivers.optical.spi_stream.BUFSIZ", bufsiz)
    start = SimulatedWorld.start

    def started(world: SimulatedWorld) -> None:
        made.world = world
        start(world)

    monkeypatch.setattr(SimulatedWorld, "start", started)
    return made


@contextlib.contextmanager
def opened(controller: Controller, path: str, seed: int = 3) -> Iterator[Bench]:
    with open_bench(path, seed=seed) as bench:
        controller.sleep = bench.clock.sleep
        yield bench


@pytest.fixture(params=["pi3", "pi4", "pi5"])
def model(request: pytest.FixtureRequest, controller: Controller) -> str:
    controller.wire.core_hz, controller.wire.max_divisor = CORES[request.param]
    return str(request.param)


def lit(bench: Bench) -> bool:
    return float(bench.world._lights.blinkup) > 0


def test_frame_gets_the_simulated_device_online(controller: Controller, model: str, tmp_path: Path) -> None:
    with opened(controller, bench_file(tmp_path, model=model)) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on()
        dut.watch_for(2.0)
        dut.send(dut.wifi(bench.networks.provide("home")), rate_hz=142.0)
        assert dut.wait_for("connected", timeout_s=20.0), dut.observation().outcome.summary
    (_, _, mode) = controller.wire.transfers[-1]
    assert mode == (1 if model == "pi5" else 0)


def test_receipt_says_that_no_pin_was_watched_and_what_the_sensor_saw(controller: Controller, tmp_path: Path) -> None:
    with opened(controller, bench_file(tmp_path)) as bench:
        bench.world.rig_sensor.gains = type(bench.world.rig_sensor.gains)(0.45, 0.75, 0.3)
        receipt = DeviceUnderTest(bench).send(ClearConfig())
        assert (receipt.captured, receipt.sent_as_planned) == ("light", True)
        assert receipt.decoded_back is not False
        assert receipt.contrast_v == pytest.approx(0.3, abs=0.05)
        bench.world.rig_sensor.gains = type(bench.world.rig_sensor.gains)(0.45, 0.75, 0.0)
        receipt = DeviceUnderTest(bench).send(ClearConfig())
        assert (receipt.captured, receipt.sent_as_planned) == ("nothing", None)
        assert receipt.verdict.startswith("not captured")


@pytest.mark.parametrize("active_high", [True, False])
def test_dark_before_and_after(controller: Controller, tmp_path: Path, active_high: bool) -> None:
    with opened(controller, bench_file(tmp_path, active_high=active_high)) as bench:
        assert controller.levels == [int(not active_high)], "the line was made dark before anything else"
        assert not lit(bench)
        dut = DeviceUnderTest(bench)
        dut.send_frame(CLEAR)
        assert int(active_high) in controller.levels
        assert not lit(bench)
    assert controller.levels[-1] == int(not active_high)


def test_without_a_gate_dark_by_the_end_of_the_transfer(controller: Controller, tmp_path: Path) -> None:
    with opened(controller, bench_file(tmp_path)) as bench:
        sending = bench.optical.start(CLEAR)
        while not lit(bench):
            bench.clock.sleep(0.001)
        bench.optical.off()
        assert not sending.busy
        assert not lit(bench)


def test_gate_is_open_while_sending_only_and_closes_at_once(controller: Controller, tmp_path: Path) -> None:
    with opened(controller, bench_file(tmp_path, gate=True)) as bench:
        levels = []
        bench.world.gpio.on_change(GATE, levels.append)
        sending = bench.optical.start(CLEAR)
        while not lit(bench):
            bench.clock.sleep(0.001)
        assert levels == [1]
        began_s = bench.clock.now_s()
        with pytest.raises(BenchFault, match="still sending; LED off now"):
            sending.finish()
        assert levels == [1, 0]
        assert bench.clock.now_s() > began_s
        dut = DeviceUnderTest(bench)
        dut.send_frame(CLEAR)
        assert levels == [1, 0, 1, 0]


def test_no_client_no_controller_and_a_silent_one_are_named(
    controller: Controller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench_file(tmp_path)
    controller.wire.exists = False
    with pytest.raises(BenchConnectionError, match=r"/dev/spidev0\.0 can't be opened in mode 0.*dtparam=spi=on"):
        open_bench(path)
    controller.wire.exists, controller.wire.fails = True, True
    with pytest.raises(BenchFault, match="does not take data"):
        open_bench(path)
    monkeypatch.setitem(sys.modules, "spidev", None)
    with pytest.raises(BenchConnectionError, match="pip install spidev"):
        open_bench(path)


def test_transfer_that_fails_is_a_bench_fault(controller: Controller, tmp_path: Path) -> None:
    with opened(controller, bench_file(tmp_path)) as bench:
        controller.wire.fails = True
        with pytest.raises(BenchFault, match=r"the transfer failed.*timed out"):
            DeviceUnderTest(bench).send_frame(CLEAR)
        controller.wire.fails = False


def test_small_bufsiz_is_obeyed_in_one_transfer_or_refused(controller: Controller, tmp_path: Path) -> None:
    (tmp_path / "bufsiz").write_text("4096\n", encoding="ascii")
    controller.wire.bufsiz = 4096
    config = WifiConfig(ssid="s" * 32, password="p" * 63, token="0123456789abcdef", plan="fedcba9876543210")
    with opened(controller, bench_file(tmp_path)) as bench:
        before = len(controller.wire.transfers)
        with pytest.raises(ValueError, match=r"in a transfer of 4096 bytes"):
            DeviceUnderTest(bench).send(config, rate_hz=60.0)
        assert len(controller.wire.transfers) == before, "no light"
        DeviceUnderTest(bench).send(ClearConfig(), rate_hz=142.0)
        assert len(controller.wire.transfers) == before + 1
        assert len(controller.wire.transfers[-1][0]) <= 4096


def test_limits_are_those_of_the_shortest_frame(controller: Controller, tmp_path: Path) -> None:
    with opened(controller, bench_file(tmp_path)) as bench:
        lowest_hz = bench.optical.limits.min_rate_hz
        assert 1 < lowest_hz < 2
        bench.optical.start(frame_for(ClearConfig(), rate_hz=1.01 * lowest_hz))
        bench.optical.off()
        with pytest.raises(ValueError, match="can't send 113 symbols"):
            bench.optical.start(frame_for(ClearConfig(), rate_hz=0.98 * lowest_hz))


def test_trilevel_is_refused_with_the_reason(controller: Controller, tmp_path: Path) -> None:
    with opened(controller, bench_file(tmp_path)) as bench:
        assert not bench.optical.has_grey
        with pytest.raises(InvalidOption, match="one data line has two levels"):
            bench.optical.start(frame_for(ClearConfig(), code="trilevel"))
        with pytest.raises(CapabilityMissing, match=r"blinkup\.trilevel"):
            DeviceUnderTest(bench).send(ClearConfig(), code="trilevel")


def test_grey_leg_on_spi_is_a_mistake_in_the_bench_file(tmp_path: Path) -> None:
    path = bench_file(tmp_path, more="grey_gpio = 27\n")
    with pytest.raises(ValueError, match="can't switch a grey leg in step"):
        load_bench(path)


def test_gate_shares_no_pin(tmp_path: Path) -> None:
    path = Path(bench_file(tmp_path, gate=True))
    path.write_text(path.read_text(encoding="utf-8").replace(f"gate_gpio = {GATE}", "gate_gpio = 23"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"GPIO 23 is used twice: by blinkup\.spi\.gate_gpio and by supply"):
        load_bench(str(path))


def test_simulated_bench_without_a_controller_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spidev", None)
    with pytest.raises(BenchConnectionError, match=r'blinkup\.via = "spi" needs the spidev client'):
        open_bench(bench_file(tmp_path))


def test_core_clock_of_the_file_beats_the_models(controller: Controller, tmp_path: Path) -> None:
    controller.wire.core_hz = 400_000_000
    config = load_bench(bench_file(tmp_path))
    spi = config.blinkup.spi.model_copy(update={"core_hz": 400_000_000})
    wiring = config.blinkup.model_copy(update={"spi": spi})
    assert isinstance(config, BenchConfig)

    class Still:
        def now_s(self) -> float:
            return 0.0

        def spawn(self, target: Any, name: str) -> Any:
            target()
            return self

        def join(self) -> None: ...

    sender = SpiStreamTx(wiring, Still(), None)  # type: ignore[arg-type]
    sender.start(CLEAR).finish()
    data, clock_hz, _ = controller.wire.transfers[-1]
    bits = (len(data) - 16) * 8 / round(CLEAR.wave.duration_us * 142 / 1e6)
    assert clock_hz / round(bits) == pytest.approx(142.0, rel=1e-4)
