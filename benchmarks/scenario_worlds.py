"""Random devices on random networks with random supplies, run on the whole simulated bench.

All profiles of fixtures/devices meet all networks of fixtures/networks that they can reach, with right and wrong
settings, good and weak supplies, with and without a defect. What runs above the client libraries is the bench as
any test uses it.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from rig.bench.bench import Bench
from rig.bench.dut import DeviceUnderTest
from rig.blinkup import FAST_HZ, ClearConfig, Proxy, StaticIP, WifiConfig
from rig.config.bench import BenchConfig, load_bench
from rig.config.capabilities import Surroundings
from rig.config.device import DeviceProfile, load_device
from rig.config.network import CAPABILITY_BY_LINK, AnyNetwork, NetworkProfile, load_any_network
from rig.config.simulated_bench import SimulatedDefect
from rig.config.spread import Spread
from rig.diagnosis import Observation, Outcome
from rig.errors import BenchFault, SafetyTrip
from rig.secret import Secret
from rig.sim.imp.settings import ImpSettings, StoredProxy
from rig.sim.imp.settings import StaticIp as StoredAddress
from rig.sim.world import SimulatedWorld

ROOT = Path(__file__).resolve().parents[1]
FILE = Path(__file__).with_name("scenarios.toml")
SUPPLIES = ("firm", "series", "limit", "set_point")
WAYS = ("wifi", "ethernet", "cellular")
PROXIES = (
    (),
    ("proxy.bench", 3128, "imp", "let me through"),
    ("proxy.bench", 3128, "imp", "not this"),
    ("elsewhere", 1),
)
ADDRESSES = ((), ("192.168.50.20", "192.168.50.1"), ("192.168.50.20", "192.168.50.9"), ("10.0.0.20", "10.0.0.1"))
BY_LIGHT = ("light", "twice", "cycle_between", "damaged", "late", "clear")
FIRST_LOOK_S = (3.0, 6.0)


@cache
def data() -> dict[str, Any]:
    """Everything in scenarios.toml."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def names(folder: str) -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in (ROOT / "fixtures" / folder).glob("*.toml")))


@cache
def network_of(name: str) -> AnyNetwork:
    return load_any_network(name)


@cache
def device_of(name: str) -> DeviceProfile:
    return load_device(name)


@dataclass(frozen=True)
class Plan:
    """One world, drawn but not yet run. `network` empty: nothing is on the air. Volts, ampere, ohm, seconds."""

    seed: int
    device: str
    story: str
    network: str
    wrong: str  # '', 'ssid' or 'password'
    wps: bool
    proxy: tuple[Any, ...]
    address: tuple[str, ...]
    defect: str
    supply: str
    below_nominal_v: float
    series_ohm: float
    limit_a: float
    source_v: float
    surroundings: Surroundings
    first_s: float
    watch_s: float

    def __str__(self) -> str:
        parts = [self.device, self.story, self.network or "nothing on the air", self.defect]
        parts += [f"wrong {self.wrong}" if self.wrong else "", "WPS" if self.wps else ""]
        parts += [f"proxy {self.proxy[0]}" if self.proxy else "", f"address {self.address}" if self.address else ""]
        shortage = {
            "series": f"{self.series_ohm:.1f} ohm in series",
            "limit": f"at most {self.limit_a:.2f} A",
            "set_point": f"{self.source_v:.2f} V",
        }
        return ", ".join(
            [*filter(None, parts), shortage.get(self.supply, "firm supply"), f"watched {self.watch_s:.0f} s"]
        )


@dataclass(frozen=True)
class Run:
    """A world that was run. `outcome` is None where a bench fault was raised."""

    plan: Plan
    history: tuple[tuple[float, str], ...]  # s since the first power-on, what the device did
    conditions: frozenset[str]
    end_s: float
    sent_s: tuple[float, ...]
    cycled_s: float | None  # when power was taken away for good measure
    outcome: Outcome | None
    seen: Observation | None = None
    fault: str = ""


def plan(seed: int, r: Mapping[str, Any]) -> Plan:
    """Draw one world from the ranges `r` of scenarios.toml."""
    rng = np.random.default_rng([seed, 11])

    def even(name: str) -> float:
        return float(rng.uniform(*r[name]))

    def log(name: str) -> float:
        return math.exp(rng.uniform(*np.log(r[name])))

    stories = data()["stories"]
    device = device_of(str(rng.choice(names("devices"))))
    weights = np.array(list(stories.values()), dtype=float)
    story = str(rng.choice(list(stories), p=weights / weights.sum()))
    reachable = [n for n in names("networks") if CAPABILITY_BY_LINK[network_of(n).link] in device.capabilities]
    # Each way that a device has is met alike, however many networks there are of its kind.
    ways = sorted({network_of(n).link for n in reachable})
    way = str(rng.choice(ways))
    network = str(rng.choice([n for n in reachable if network_of(n).link == way]))
    lots = rng.random(8)
    wrong = ""
    if way == "wifi" and network not in ("wps", "open", "captive-portal"):
        wrong = "ssid" if lots[0] < r["wrong_ssid"] else "password"
        wrong = wrong if lots[0] < r["wrong_ssid"] + r["wrong_password"] else ""
    wps = bool(device.radio.wps and network == "wps" and lots[1] < 0.7)
    proxy = PROXIES[rng.integers(len(PROXIES))] if network == "proxy-only" else ()
    address = ADDRESSES[rng.integers(len(ADDRESSES))] if network == "static-only" else ()
    possible = [d for d, who in data()["defects"].items() if "*" in who or device.name in who]
    defect = str(rng.choice(possible)) if lots[2] < r["defect"] else ""
    supply = str(rng.choice(SUPPLIES[1:])) if lots[3] < r["weak"] and not defect else "firm"
    window_s = device.connect_timeout_s if story != "new" else device.led_window_s
    watch_s = even("watch_cellular_s") if device.radio.cellular and story != "new" else even("watch_s")
    if lots[4] < r["to_the_window"]:
        watch_s = max(window_s, device.led_window_s) + 4.0 + even("after_window_s")
    return Plan(
        seed,
        device.name,
        story,
        "" if way == "wifi" and lots[5] < r["no_air"] else network,
        wrong,
        wps,
        proxy,
        address,
        defect,
        supply,
        even("supply_below_nominal_v"),
        log("weak_series_ohm"),
        log("weak_limit_a"),
        even("weak_source_v"),
        Surroundings("drawn", log("snr"), even("ambient"), even("flicker")),
        even("open_again_s") if story == "cycle" else float(rng.uniform(*FIRST_LOOK_S)),
        watch_s,
    )


def bench_of(p: Plan) -> BenchConfig:
    config = load_bench("simulated")
    assert config.simulation is not None
    assert config.supply.series is not None
    defects = (SimulatedDefect(name=p.defect),) if p.defect else ()
    simulation = config.simulation.model_copy(update={"defects": defects})
    if p.supply == "limit":
        limited = simulation.rail.model_copy(update={"limit_a": Spread(low=p.limit_a, high=p.limit_a)})
        simulation = simulation.model_copy(update={"rail": limited})
    series = config.supply.series.model_copy(update={"ohm": p.series_ohm})
    supply = config.supply.model_copy(update={"series": series})
    return config.model_copy(update={"simulation": simulation, "supply": supply})


def told(p: Plan, network: AnyNetwork, enrolment: tuple[Secret, Secret]) -> WifiConfig:
    """What the device is told by light."""
    token, plan_id = enrolment
    if not isinstance(network, NetworkProfile):
        return WifiConfig("", "", token, plan_id)
    address = None
    if p.address:
        ip, gateway = p.address
        address = StaticIP(ip, "255.255.255.0", gateway, "192.168.50.1" if ip.startswith("192") else gateway)
    return WifiConfig(
        "Nobody has this" if p.wrong == "ssid" else network.ssid,
        "not the password" if p.wrong == "password" else network.password,
        token,
        plan_id,
        static_ip=address,
        proxy=Proxy(*p.proxy) if p.proxy else None,
    )


def stored(p: Plan, network: AnyNetwork, enrolment: tuple[Secret, Secret]) -> ImpSettings:
    """The same as it lies in the device's flash."""
    config, (token, plan_id) = told(p, network, enrolment), enrolment
    if p.wps:
        return ImpSettings(wps_pin=Secret(""), token=token, plan=plan_id)
    if not isinstance(network, NetworkProfile):
        return ImpSettings(token=token, plan=plan_id)
    a = config.static_ip
    return ImpSettings(
        ssid=config.ssid,
        password=config.password,
        token=token,
        plan=plan_id,
        static_ip=StoredAddress(str(a.ip), str(a.netmask), str(a.gateway), str(a.dns1)) if a else None,
        proxy=StoredProxy(*p.proxy) if p.proxy else None,
    )


def _lead(p: Plan, dut: DeviceUnderTest, device: DeviceProfile, config: WifiConfig) -> None:
    """Power the device and do with it what the plan's story says."""
    volts = device.supply.nominal_v - p.below_nominal_v
    if p.supply == "series":
        dut.weaken_supply()
    dut.power_on(p.source_v if p.supply == "set_point" else volts)
    if p.story == "late":
        dut.watch_for(device.led_window_s + 4.0)
    elif p.story in BY_LIGHT or p.story == "cycle":
        dut.watch_for(p.first_s)
    if p.story == "cycle":
        dut.power_cycle()
    if p.story in ("twice", "cycle_between", "damaged"):
        dut.send(config, rate_hz=FAST_HZ, damage="wrong_crc")
        dut.watch_for(p.first_s)
    if p.story == "cycle_between":
        dut.power_cycle()
        dut.watch_for(p.first_s)
    if p.story in ("light", "twice", "cycle_between", "late"):
        dut.send(config, rate_hz=FAST_HZ)
    elif p.story == "clear":
        dut.send(ClearConfig(), rate_hz=FAST_HZ)
    dut.watch_for(p.watch_s)


def run(p: Plan, *, keep: bool = False) -> Run:
    """Run one world on the whole simulated bench and judge it."""
    device = device_of(p.device)
    with Bench(bench_of(p), device, seed=p.seed) as bench:
        world: SimulatedWorld = bench.world
        bench.environment.apply(p.surroundings)
        network = network_of(p.network or "home")
        world.set_networks((network,) if p.network else ())
        dut = DeviceUnderTest(bench)
        config = told(p, network, bench.enrolment())
        if p.story in ("stored", "cycle", "clear"):
            with world.timeline.lock:
                world.imp.flash.settings = stored(p, network, bench.enrolment())
        since_ns = world.timeline.now_ns
        fault, seen = "", None
        try:
            _lead(p, dut, device, config)
            seen = dut.observation()
        except (BenchFault, SafetyTrip) as error:
            fault = str(error)
        imp = world.imp
        actions = dut.acquisition.result()[0].actions

        def at(kind: str) -> tuple[float, ...]:
            return tuple(a.start_s - since_ns / 1e9 for a in actions if a.kind == kind)

        history = tuple(((t - since_ns) / 1e9, what) for t, what in imp.truth.history)
        conditions = frozenset(
            name
            for name, there in (
                ("online", imp.truth.online),
                ("bricked", imp.defects.radio_firmware_lost),
                ("dead", imp.defects.dead),
            )
            if there
        )
        made = Run(
            p,
            history,
            conditions,
            (world.timeline.now_ns - since_ns) / 1e9,
            at("blinkup"),
            max(at("power_off"), default=None),
            seen.outcome if seen else None,
            seen,
            fault,
        )
    return made if keep else replace(made, seen=None)
