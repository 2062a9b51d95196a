"""Random benches with random devices for the verdicts about brown-outs: drawn from ranges, run, and the truth read off.

Everything made here lies below the client libraries; what runs above is the bench as any test uses it. The truth of a
world is what its device went through: boots, resets, radio failures, online or not.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rig.bench.bench import Bench
from rig.bench.dut import DeviceUnderTest
from rig.config.bench import BenchConfig, load_bench
from rig.config.capabilities import Surroundings
from rig.config.device import DeviceProfile, load_device
from rig.config.network import NetworkProfile, load_network
from rig.config.spread import Spread
from rig.diagnosis import Observation, Outcome
from rig.errors import BenchFault
from rig.secret import Secret
from rig.sim.imp.chip import ImpChip
from rig.sim.imp.firmware import Firmware
from rig.sim.imp.individual import draw_individual
from rig.sim.imp.radio import RadioFailed
from rig.sim.imp.settings import ImpSettings
from rig.sim.physics.process import Process, Program
from rig.sim.physics.timeline import to_ns
from rig.sim.world import SimulatedWorld, Streams

RANGES_FILE = Path(__file__).with_name("loop_worlds.toml")
RESET_V, WIFI_V = 1.70, 2.5
STARVED = ("series", "contact", "limit", "set_point")
NETWORKS = {"no_network": None, "no_dhcp": "no-dhcp", "dropped": "dropping"}
# The device boots and runs this long after its last reset: it got over it. A healthy connection takes up to 2.8 s.
OVER_S = 3.0
JUST_S = 1.5


def ranges(name: str) -> dict[str, Any]:
    """One set of ranges of loop_worlds.toml."""
    return dict(tomllib.loads(RANGES_FILE.read_text(encoding="utf-8"))[name])


@dataclass(frozen=True)
class Plan:
    """One world, drawn but not yet run. Volts, ampere, ohm, farad."""

    seed: int
    kind: str
    source_v: float
    series_ohm: float
    contact_ohm: float
    limit_a: float
    bulk_f: float
    bulk_esr_ohm: float
    surroundings: Surroundings
    watch_s: float
    stuck_a: float
    crash_after_s: float
    fastrom_gap_s: float


@dataclass(frozen=True)
class Truth:
    """What the device went through while it was watched; times in seconds since power-on."""

    kind: str
    boots: int
    resets_s: tuple[float, ...]
    radio_failures_s: tuple[float, ...]
    online_s: tuple[float, ...]
    lost_s: tuple[float, ...]
    online: bool
    crashes_s: tuple[float, ...]
    end_s: float


@dataclass(frozen=True)
class Run:
    """A world that was run: its plan, truth, and what the rig said; `outcome` None where a bench fault was raised."""

    plan: Plan
    truth: Truth
    outcome: Outcome | None
    seen: Observation | None = None
    fault: str = ""


def plan(seed: int, r: dict[str, Any], device: DeviceProfile) -> Plan:
    """Draw one world from the ranges `r`."""
    rng = np.random.default_rng([seed, 7])

    def even(name: str) -> float:
        return float(rng.uniform(*r[name]))

    def log(name: str) -> float:
        return float(np.exp(rng.uniform(*np.log(r[name]))))

    kinds, weights = list(r["mix"]), np.array(list(r["mix"].values()), dtype=float)
    kind = str(rng.choice(kinds, p=weights / weights.sum()))
    source_v, weak_v = even("source_v"), even("weak_source_v")
    series, contact, limit = even("series_ohm"), even("contact_ohm"), even("limit_a")
    near, edge, off_v = rng.random(), rng.random(), float(rng.uniform(-r["edge_v"], r["edge_v"]))
    if kind == "set_point":
        source_v = weak_v
    if near < r["near_edge"]:
        character = draw_individual(device, Streams.from_seed(seed).device)
        target_v = (RESET_V if edge < 0.6 else WIFI_V) + off_v
        peak_a = character["calibration_a"] + character["armed_a"] + character["led_a"]
        needed_ohm = max(0.05, (source_v - target_v) / peak_a - 0.4)  # less what the line has anyway
        series = needed_ohm if kind == "series" else series
        contact = needed_ohm if kind == "contact" else contact
        source_v = target_v + 0.4 * peak_a if kind == "set_point" else source_v
        limit = peak_a * float(rng.uniform(0.85, 1.05)) if kind == "limit" else limit
    return Plan(
        seed,
        kind,
        min(source_v, 3.42),
        series,
        contact,
        limit,
        log("bulk_f"),
        log("bulk_esr_ohm"),
        Surroundings("drawn", log("snr"), even("ambient"), even("flicker")),
        even("watch_s") * (2.0 if kind == "crash_loop" else 1.0),
        even("stuck_a"),
        even("crash_after_s"),
        even("fastrom_gap_s"),
    )


def _exact(value: float) -> Spread:
    return Spread(low=value, high=value)


def bench_of(p: Plan) -> BenchConfig:
    """The simulated bench with this world's supply."""
    config = load_bench("simulated")
    assert config.simulation is not None
    assert config.supply.series is not None
    bulk = {"bulk_f": _exact(p.bulk_f), "bulk_esr_ohm": _exact(p.bulk_esr_ohm)}
    rail = config.simulation.rail.model_copy(update=bulk)
    simulation = config.simulation.model_copy(update={"rail": rail})
    series = config.supply.series.model_copy(update={"ohm": p.series_ohm})
    return config.model_copy(
        update={"simulation": simulation, "supply": config.supply.model_copy(update={"series": series})}
    )


def device_of(p: Plan) -> DeviceProfile:
    device = load_device("imp003")
    return (
        device.model_copy(update={"name": "imp006", "led_tags": ("wifi", "imp006")}) if p.kind == "fastrom" else device
    )


class _Stuck:
    """Firmware that hangs with its red LED on."""

    def __init__(self, chip: ImpChip, amps: float) -> None:
        chip.set_current("silicon", amps)
        self._process = Process(chip.timeline, self._run(chip))

    def _run(self, chip: ImpChip) -> Program:
        yield chip.individual.ns("boot_to_red_s")
        chip.led.hold(True, False)

    def stop(self) -> None:
        self._process.stop()


class _FastRom:
    """The imp006's loader without an image: two seconds of red, then the MCU reboots (setup guide)."""

    def __init__(self, chip: ImpChip, gap_s: float) -> None:
        chip.set_current("silicon", chip.individual["boot_a"])
        self._process = Process(chip.timeline, self._run(chip, gap_s))

    def _run(self, chip: ImpChip, gap_s: float) -> Program:
        yield to_ns(gap_s)
        chip.led.hold(True, False)
        yield to_ns(2.0 * chip.individual["clock_factor"])
        chip.press_reset()

    def stop(self) -> None:
        self._process.stop()


class _Crashing(Firmware):
    """impOS whose application fails some time after it got online, again and again."""

    crash_after_s = 3.0

    def _stay_online(self, drops_after_s: float | None) -> Program:
        crash_s = self.crash_after_s * float(self.chip.rng.uniform(0.8, 1.2))
        yield from self._radio.idle(to_ns(crash_s))
        self.chip.log("application failed")
        raise RadioFailed


def _firmware(p: Plan, world: SimulatedWorld, device: DeviceProfile) -> Callable[[ImpChip], Any] | None:
    if p.kind == "stuck_red":
        return lambda chip: _Stuck(chip, p.stuck_a)
    if p.kind == "fastrom":
        return lambda chip: _FastRom(chip, p.fastrom_gap_s)
    if p.kind == "crash_loop":
        made = type("_Crash", (_Crashing,), {"crash_after_s": p.crash_after_s})
        return lambda chip: made(chip, world.networks, world.imp_sensor, device.supply.wifi_min_v)
    return None


def _settle(p: Plan, bench: Bench, device: DeviceProfile) -> None:
    """Make the world what the plan says, before power-on."""
    world: SimulatedWorld = bench.world
    bench.environment.apply(p.surroundings)
    home = load_network("home")
    network: NetworkProfile | None = home
    if p.kind in NETWORKS:
        name = NETWORKS[p.kind]
        network = load_network(name) if name else None
    world.set_networks((network,) if network else ())
    with world.timeline.lock:
        told = network or home
        password = Secret("wrong") if p.kind == "wrong_password" else told.password
        if p.kind != "no_settings":
            world.imp.flash.settings = ImpSettings(ssid=told.ssid, password=password)
        made = _firmware(p, world, device)
        if made is not None:
            world.imp._make_firmware = made
        if p.kind == "contact":
            world.rail.set_contact(p.contact_ohm)
        if p.kind == "limit":
            world.rail.set_limit(p.limit_a)


def truth_of(bench: Bench, since_ns: int, p: Plan) -> Truth:
    """Read the device's own history."""
    imp = bench.world.imp
    now_ns = bench.world.timeline.now_ns
    rows = [((t - since_ns) / 1e9, what) for t, what in imp.truth.history if t >= since_ns]

    def at(*words: str) -> tuple[float, ...]:
        return tuple(t for t, what in rows if what in words)

    boots, resets, crashes = at("boot"), at("reset"), at("application failed")
    failures = tuple(t for t in at("radio failed") if t not in crashes)
    online, lost = at("online"), at("lost")
    end_s = (now_ns - since_ns) / 1e9
    just_lost = bool(lost) and not imp.truth.online and lost[-1] > end_s - JUST_S and not crashes and not failures
    shown = sum(t < end_s - JUST_S for t in crashes)  # a later one can't have been seen for what it is
    kind = _kind(p, end_s, boots, resets, failures, imp.truth.online, shown)
    kind = "just_lost" if just_lost and not resets else kind
    return Truth(kind, len(boots), resets, failures, online, lost, imp.truth.online, crashes, end_s)


def _kind(
    p: Plan,
    end_s: float,
    boots: tuple[float, ...],
    resets: tuple[float, ...],
    failures: tuple[float, ...],
    is_online: bool,
    crashes: int,
) -> str:
    if not boots:
        return "no_power"
    if p.kind in ("stuck_red", "fastrom", "no_settings"):
        return p.kind if not resets else "loop"
    recent = [t for t in resets if t > end_s - max(OVER_S, 2.5 * _longest(boots, resets))]
    if len(resets) >= 3 and recent:
        return "loop"
    if recent:
        return "few_resets"
    if crashes:
        return "crash_loop" if crashes >= 2 else "one_crash"
    if failures and failures[-1] > end_s - OVER_S and not is_online:
        return "radio_failure"
    if is_online:
        return "online"
    return p.kind if p.kind not in (*STARVED, "firm", "crash_loop") else "offline"


def _longest(boots: tuple[float, ...], resets: tuple[float, ...]) -> float:
    """The longest run between a boot and the reset that ended it."""
    return max((r - max(b for b in boots if b <= r) for r in resets), default=0.0)


def run(p: Plan, *, keep: bool = False) -> Run:
    """Run one world on the whole simulated bench and judge it."""
    device = device_of(p)
    with Bench(bench_of(p), device, seed=p.seed) as bench:
        _settle(p, bench, device)
        dut = DeviceUnderTest(bench)
        since_ns = bench.world.timeline.now_ns
        fault, seen = "", None
        try:
            if p.kind == "series":
                dut.weaken_supply()
            dut.power_on(p.source_v)
            dut.watch_for(p.watch_s)
            seen = dut.observation()
        except BenchFault as error:
            fault = str(error)
        truth = truth_of(bench, since_ns, p)
        return Run(p, truth, seen.outcome if seen else None, seen if keep else None, fault)
