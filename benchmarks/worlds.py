"""How much faster than real time the whole simulated bench runs: clients, daemon, chips and world in one process.

Run by hand: `python benchmarks/worlds.py`. One core, garbage collection as always, median of three runs. The ratio
is simulated time over wall time; over CPU time it is what an otherwise idle machine would give.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pigpio

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rig.bench.bench import Bench
from rig.config.bench import BenchConfig, load_bench
from rig.config.device import load_device
from rig.config.spread import Spread

RUNS = 3
BITS, BIT_HZ = 1500, 60.0
SAMPLES_PER_BIT = 4
IDLE_S = 60.0
ALTERNATING_HZ = 500.0  # of each; LED and supply in turn


@dataclass(frozen=True)
class Run:
    """Simulated, wall and CPU time of one run, in seconds, and what it found."""

    simulated_s: float
    wall_s: float
    cpu_s: float
    found: str


def opened(config: BenchConfig, seed: int) -> Bench:
    return Bench(config, load_device(config.dut.device), seed=seed)


def timed(bench: Bench, work: Callable[[], None]) -> tuple[float, float, float]:
    start_s, wall_s, cpu_s = bench.clock.now_s(), time.perf_counter(), time.process_time()
    work()
    return bench.clock.now_s() - start_s, time.perf_counter() - wall_s, time.process_time() - cpu_s


def message(seed: int) -> Run:
    """1500 random bits as one wave on the BlinkUp LED, heard back by pin reports, seen by the sensor, sliced.

    The device is off: what it would show on its own LED is no part of the message.
    """
    config = load_bench("simulated")
    assert config.simulation is not None
    optics = config.simulation.optics.model_copy(update={"blinkup_v": Spread(low=1.0, high=1.0)})
    config = config.model_copy(update={"simulation": config.simulation.model_copy(update={"optics": optics})})
    bits = np.random.default_rng(seed).integers(0, 2, BITS)
    times_s, volts = np.empty(BITS * SAMPLES_PER_BIT), np.empty(BITS * SAMPLES_PER_BIT)
    start_s = 0.0

    with opened(config, seed) as bench:
        pi, clock, read = bench._backend.factory.connection, bench.clock, bench.led_input.read
        mask = 1 << config.blinkup.gpio | (1 << config.blinkup.grey_gpio if config.blinkup.grey_gpio else 0)
        edges: list[int] = []
        watch = pi.callback(config.blinkup.gpio, pigpio.EITHER_EDGE, lambda _, __, tick: edges.append(tick))

        def work() -> None:
            nonlocal start_s
            ends_us = np.round(np.arange(1, BITS + 1) * 1e6 / BIT_HZ).astype(int)
            lengths_us = np.diff(ends_us, prepend=0)
            pi.wave_add_new()
            pulses = [
                pigpio.pulse(mask * int(bit), mask * int(1 - bit), int(us))
                for bit, us in zip(bits, lengths_us, strict=True)
            ]
            pi.wave_add_generic([*pulses, pigpio.pulse(0, mask, 0)])
            wave = pi.wave_create()
            pi.wave_send_once(wave)
            start_s = clock.now_s()
            for i in range(len(volts)):
                clock.sleep_until(start_s + (i + 1) / (BIT_HZ * SAMPLES_PER_BIT))
                times_s[i], volts[i] = read()
            clock.sleep(0.01)  # the wave ends dark a few microseconds after the last sample
            assert not pi.wave_tx_busy()
            pi.wave_delete(wave)

        took = timed(bench, work)
        link = bench._backend.link
        assert link is not None
        link.settle()
        watch.cancel()
    expected_edges = int(np.sum(np.diff(np.concatenate(([0], bits, [0]))) != 0))
    return Run(
        *took, f"{sliced_wrong(bits, times_s - start_s, volts)} bit errors, {len(edges) - expected_edges:+d} edges"
    )


def sliced_wrong(bits: np.ndarray, times_s: np.ndarray, volts: np.ndarray) -> int:
    """Bits that the sample in the last quarter of each one, compared with the middle of all levels, gets wrong."""
    wanted_s = (np.arange(BITS) + 0.8) / BIT_HZ
    nearest = np.abs(times_s[None, :] - wanted_s[:, None]).argmin(axis=1)
    middle_v = (np.percentile(volts, 5) + np.percentile(volts, 95)) / 2
    return int(np.sum((volts[nearest] > middle_v) != bits))


def idle(seed: int) -> Run:
    """An unconfigured imp asks for settings for a minute; its LED and its voltage are read in turn."""
    with opened(load_bench("simulated"), seed) as bench:
        clock, sources = bench.clock, (bench.led_input.read, bench.supply.device_v)
        light: list[float] = []

        def work() -> None:
            bench.supply.set(bench.device.supply.nominal_v)
            bench.supply.enable()
            start_s = clock.now_s()
            for i in range(round(IDLE_S * ALTERNATING_HZ * 2)):
                clock.sleep_until(start_s + (i + 1) / (2 * ALTERNATING_HZ))
                _, volts = sources[i % 2]()
                if i % 2 == 0:
                    light.append(volts)

        took = timed(bench, work)
        assert bench.world.imp.running
    lit = np.array(light) > (max(light) + min(light)) / 2
    return Run(*took, f"{int(np.sum(np.diff(lit.astype(int)) == 1))} flashes, {len(light)} samples of each")


def main() -> None:
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    print(f"Python {sys.version.split()[0]}, core {core}, load {os.getloadavg()[0]:.1f}, {RUNS} runs each")
    print(f"{'world':10} {'target':>7} {'wall':>7} {'CPU':>7}   each (wall)        found")
    for name, target, run in (("message", 40, message), ("idle imp", 20, idle)):
        runs = [run(seed) for seed in range(1, RUNS + 1)]
        ratios = [r.simulated_s / r.wall_s for r in runs]
        cpu = statistics.median(r.simulated_s / r.cpu_s for r in runs)
        each = " ".join(f"{ratio:5.1f}" for ratio in ratios)
        print(f"{name:10} {target:6}x {statistics.median(ratios):6.1f}x {cpu:6.1f}x   {each}  {runs[0].found}")
        for found in (r.found for r in runs[1:]):
            print(f"{'':58}{found}")


if __name__ == "__main__":
    main()
