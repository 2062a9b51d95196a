"""A device with a defect is told what is wrong with it, by what was seen: the bench isn't blamed, nor the network."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from rig.bench.bench import Bench
from rig.bench.dut import DeviceUnderTest, Observation
from rig.blinkup import FAST_HZ, ClearConfig
from rig.config.bench import load_bench
from rig.config.device import load_device
from rig.config.network import NetworkProfile
from rig.config.simulated_bench import SimulatedDefect
from rig.diagnosis import FaultDomain, Verdict
from rig.errors import CapabilityMissing, ConfigError
from rig.led.timing import first_run
from rig.sim.imp.settings import ImpSettings


@dataclass(frozen=True)
class Case:
    device: str
    defect: str
    verdict: Verdict
    domain: FaultDomain
    network: str = ""
    by_light: bool = False
    watch_s: float = 12.0


DUT, NONE = FaultDomain.DUT, FaultDomain.NONE
CASES = [
    Case("imp003", "flash.missing", Verdict.SPI_FLASH_FAULT, DUT),
    Case("imp006", "flash.missing", Verdict.FASTROM_FAULT, DUT),
    Case("imp005", "flash.error", Verdict.SPI_FLASH_FAULT, DUT),
    Case("imp005", "flash.shared_bus", Verdict.SPI_FLASH_FAULT, DUT),
    Case("imp006", "flash.shared_bus", Verdict.FASTROM_FAULT, DUT),
    Case("imp004m", "flash.blank", Verdict.SPI_FLASH_FAULT, DUT),
    Case("imp003", "flash.unsupported", Verdict.SPI_FLASH_FAULT, DUT, watch_s=25.0),
    Case("imp003", "radio.unpowered", Verdict.MODULE_FAULT, DUT),
    Case("imp003", "imp.dead", Verdict.DEAD, DUT),
    Case("imp003", "radio.deaf", Verdict.NETWORK_NOT_FOUND, FaultDomain.CONFIGURATION, "home"),
    Case("imp003", "os.refuses_transition_mode", Verdict.JOIN_REFUSED, FaultDomain.CONFIGURATION, "wpa3-transition"),
    Case("imp003", "app.crashes", Verdict.RUNTIME_LOOP, DUT, "home", watch_s=40.0),
    Case("imp003", "boot.crash", Verdict.MODULE_FAULT, DUT),
    Case("imp006", "boot.crash", Verdict.MODULE_FAULT, DUT, "home"),
    Case("imp003", "os.bricked_by_update", Verdict.MODULE_FAULT, DUT, "home", watch_s=45.0),
    Case("imp003", "app.leaves", Verdict.DELIBERATELY_OFFLINE, NONE, "home", watch_s=20.0),
    Case("imp003", "os.outdated", Verdict.CONNECTED, NONE, "home", watch_s=50.0),
    Case("imp003", "regulator.weak", Verdict.BROWNOUT_LOOP, DUT, "home", watch_s=10.0),
    Case("imp003", "blinkup.weak_sensor", Verdict.BLINKUP_NOT_RECEIVED, DUT, "home", by_light=True),
    Case("imp003", "flash.settings_stuck", Verdict.SETTINGS_NOT_KEPT, DUT, "home", by_light=True),
]


def opened(device: str, *defects: SimulatedDefect, seed: int = 3) -> Bench:
    config = load_bench("simulated")
    assert config.simulation is not None
    simulation = config.simulation.model_copy(update={"defects": defects})
    return Bench(config.model_copy(update={"simulation": simulation}), load_device(device), seed=seed)


def observed(case: Case) -> Observation:
    with opened(case.device, SimulatedDefect(name=case.defect)) as bench:
        dut = DeviceUnderTest(bench)
        network = bench.networks.provide(case.network) if case.network else None
        if isinstance(network, NetworkProfile) and case.by_light:
            dut.make_unconfigured()
            dut.send(dut.wifi(network), rate_hz=FAST_HZ)
        else:
            if isinstance(network, NetworkProfile):
                known = ImpSettings(ssid=network.ssid, password=network.password.get_secret_value())
                bench.world.imp.flash.settings = known
            dut.power_on()
        dut.watch_for(case.watch_s)
        return dut.observation()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.device}-{case.defect}")
def test_defect_is_named_and_the_device_blamed(case: Case) -> None:
    outcome = observed(case).outcome
    assert (outcome.verdict, outcome.fault_domain) == (case.verdict, case.domain), outcome.summary


@pytest.mark.parametrize(
    ("device", "defect", "network", "step"),
    [
        ("imp003", "flash.missing", "", "solder joints of the flash"),
        ("imp003", "flash.shared_bus", "", "nothing else drives the flash's bus, such as a second microcontroller"),
        ("imp006", "os.refuses_transition_mode", "wpa3-transition", "impOS 42.0 to 42.5 does not join it"),
    ],
)
def test_the_cause_is_among_the_next_steps(device: str, defect: str, network: str, step: str) -> None:
    outcome = observed(Case(device, defect, Verdict.UNDECIDED, DUT, network)).outcome
    assert any(step in line for line in outcome.advice), outcome.advice


def before_and_after_a_blinkup(defect: str, seed: int) -> Observation:
    with opened("imp003", SimulatedDefect(name=defect), seed=seed) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on()
        dut.watch_for(6.0)
        assert dut.observation().outcome.verdict is Verdict.SPI_FLASH_FAULT
        dut.send(ClearConfig(), rate_hz=FAST_HZ)
        dut.watch_for(12.0)
        return dut.observation()


@pytest.mark.parametrize("seed", range(4))
def test_a_missing_flash_is_told_although_blinkup_works(seed: int) -> None:
    seen = before_and_after_a_blinkup("flash.missing", seed)
    outcome = seen.outcome
    green = first_run(seen.decoded.segments, "green", since_s=6.0)
    assert green is not None
    assert green.duration_s == pytest.approx(3.0, abs=0.3)
    assert (outcome.verdict, outcome.fault_domain) == (Verdict.SPI_FLASH_FAULT, DUT), outcome.summary
    assert any("solder joints of the flash" in step for step in outcome.advice), outcome.advice
    assert not any("made the flash go missing" in step for step in outcome.advice), outcome.advice


@pytest.mark.parametrize("seed", range(4))
def test_a_flash_that_goes_missing_with_a_blinkup_is_told_with_both_its_codes(seed: int) -> None:
    """Green answers on some of these devices and not on others."""
    outcome = before_and_after_a_blinkup("flash.gone_by_blinkup", seed).outcome
    assert (outcome.verdict, outcome.fault_domain) == (Verdict.SPI_FLASH_FAULT, DUT), outcome.summary
    assert "before it was spi_error" in outcome.summary
    for step in ("a BlinkUp made the flash go missing", "HOLD# and WP# are pulled up", "solder joints of the flash"):
        assert any(step.lower() in line.lower() for line in outcome.advice), outcome.advice


@pytest.mark.parametrize("seed", range(4))
def test_a_network_with_sae_alone_is_suspected_wherever_a_device_gets_stuck(seed: int) -> None:
    with opened("imp003", seed=seed) as bench:
        dut = DeviceUnderTest(bench)
        network = bench.networks.provide("wpa3")
        assert isinstance(network, NetworkProfile)
        dut.make_unconfigured()
        dut.send(dut.wifi(network), rate_hz=FAST_HZ)
        dut.watch_for(13.0)
        outcome = dut.observation().outcome
    assert outcome.verdict in (Verdict.NETWORK_NOT_FOUND, Verdict.JOIN_REFUSED), outcome.summary
    assert any("WPA3 alone" in line for line in outcome.advice), outcome.advice


@pytest.mark.parametrize(("defect", "network"), [("led.red_dead", ""), ("led.green_dead", ""), ("led.swapped", "home")])
def test_colours_that_lie_end_undecided_and_are_suspected(defect: str, network: str) -> None:
    outcome = observed(Case("imp003", defect, Verdict.UNDECIDED, FaultDomain.UNKNOWN, network)).outcome
    assert outcome.verdict is Verdict.UNDECIDED, outcome.summary
    assert "suspect the LED's colours" in outcome.summary


def test_a_defect_that_this_device_can_not_have_is_refused_at_opening() -> None:
    with pytest.raises(ConfigError, match=r"simulation\.defects, entry 1: defect flash\.blank: .*imp004m"):
        opened("imp003", SimulatedDefect(name="flash.blank"))


def test_what_bench_or_device_lacks_is_named_with_what_they_have() -> None:
    with opened("impC001") as bench:
        assert {"network", "network:mobile", "radio.cellular", "supply.series"} <= bench.capabilities
        assert not {"network:home", "network:wired", "radio.wifi", "wps"} & bench.capabilities
        with pytest.raises(CapabilityMissing, match=r"device 'impC001' lacks 'radio\.wifi' to reach network 'home'"):
            bench.require("network:home")
        with pytest.raises(CapabilityMissing, match=r"device 'impC001' lacks 'wps'; it has: .*radio\.cellular"):
            bench.require("wps")
        with pytest.raises(ConfigError, match=r"no network is named 'elsewhere'.* there are .*mobile"):
            bench.require("network:elsewhere")
        bench.require("network:mobile")
