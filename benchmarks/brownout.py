"""Thresholds and maps of brown-outs: how near, how honest the intervals are, and how few runs they take.

Run by hand: `python benchmarks/brownout.py`. Surrogate worlds with a known edge give the statistics; `--bench N` adds
N searches on the whole simulated bench, with an interval per search and the edge that many attempts show.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rig.bench.bench import open_bench
from rig.bench.experiments import SupplyCondition, configure, gets_online
from rig.supply.edge.search import Search, Space, find_threshold
from rig.supply.edge.shmoo import Axis, explore

SPACE = Space(1.8, 3.6, 0.002, (0.001, 0.010), lapse=0.002)  # as `rig brownout find volts` has it
ATTEMPTS, WORLDS, NEAR_V = 14, 200, 0.010
CELLS, RUNS = 16, 85
BENCH_ATTEMPTS = 20  # at each place beside a found edge


def normal(z: float) -> float:
    return 0.5 * (1.0 + math.erf(z / math.sqrt(2.0)))


def thresholds(sigma_v: float, worlds: int, seed: int) -> str:
    """Edges of width `sigma_v` anywhere in the range."""
    rng = np.random.default_rng(seed)
    off, held = [], []
    for _ in range(worlds):
        truth = float(rng.uniform(SPACE.low, SPACE.high))
        search = Search(SPACE)
        for _ in range(ATTEMPTS):
            at = search.next()
            search.tell(at, bool(rng.random() < normal((at - truth) / sigma_v)))
        found = search.result()
        off.append(abs(found.value - truth))
        held.append(found.low <= truth <= found.high)
    near = np.mean(np.array(off) <= NEAR_V)
    return (
        f"edge of {sigma_v * 1000:4.0f} mV: within 10 mV {near:6.1%}, interval holds the truth {np.mean(held):6.1%}, "
        f"rms {1000 * math.sqrt(np.mean(np.square(off))):4.1f} mV ({worlds} worlds, {ATTEMPTS} attempts each)"
    )


def edges(rng: np.random.Generator, kind: int) -> np.ndarray:
    """A random monotone boundary, in rows for each column."""
    columns = np.arange(CELLS)
    shapes: tuple[Callable[[], np.ndarray], ...] = (
        lambda: np.sort(rng.uniform(0.0, CELLS, CELLS)),
        lambda: np.clip(rng.uniform(-3.0, 5.0) + rng.uniform(0.0, 1.8) * columns, 0.0, CELLS),
        lambda: CELLS / (1.0 + np.exp(-(columns - rng.uniform(1.0, 15.0)) / rng.uniform(0.2, 4.0))),
        lambda: np.where(columns < rng.integers(1, CELLS), rng.uniform(0, 4), rng.uniform(12, CELLS)),
    )
    return np.asarray(shapes[kind % len(shapes)](), dtype=float)


def maps(worlds: int, seed: int) -> str:
    """Noisy monotone worlds; right is within one cell of the true boundary, in every column."""
    rng = np.random.default_rng(seed)
    across = Axis("x", "V", tuple(map(float, range(CELLS))), helps=True)
    up = Axis("y", "ohm", tuple(map(float, range(CELLS))), helps=False)
    columns, whole = [], []
    for k in range(worlds):
        edge, sigma = edges(rng, k), float(rng.uniform(0.05, 0.5))

        def attempt(x: float, y: float, edge: np.ndarray = edge, sigma: float = sigma) -> bool:
            return bool(rng.random() < 0.005 + 0.99 * normal((edge[int(x)] - y - 0.5) / sigma))

        rows = np.array(explore(attempt, across, up, most=RUNS).boundary().rows)
        near = np.abs(rows - edge) <= 1.0
        columns.append(near.mean())
        whole.append(near.all())
    return (
        f"maps of {CELLS} x {CELLS} in {RUNS} runs: columns within one cell {np.mean(columns):.1%}, whole maps "
        f"{np.mean(whole):.1%} ({worlds} worlds, edges of 0.05 to 0.5 cells, 1 % lapses)"
    )


def on_the_bench(seed: int) -> str:
    """One search by real power cycles, checked by more of them on both sides of its interval."""
    started = time.perf_counter()
    with open_bench("simulated", seed=seed) as bench:
        configure(bench, "home")
        found = find_threshold(lambda v: gets_online(bench, SupplyCondition(v)), SPACE, tolerance=0.0001, most=ATTEMPTS)
        tries = {
            at: [gets_online(bench, SupplyCondition(at)) for _ in range(BENCH_ATTEMPTS)]
            for at in (found.low, found.high)
        }
    below, above = (np.mean(results) for results in tries.values())
    held = below <= 0.5 <= above
    return (
        f"bench seed {seed}: {found}; online in {below:.0%} below, {above:.0%} above: "
        f"{'holds' if held else 'MISSED'} ({time.perf_counter() - started:.0f} s)"
    )


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--worlds", type=int, default=WORLDS)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--bench", type=int, default=0, help="searches on the whole simulated bench")
    given = options.parse_args()
    for sigma_v in (0.005, 0.002, 0.010, 0.020):
        print(thresholds(sigma_v, given.worlds, given.seed), flush=True)
    print(maps(given.worlds, given.seed), flush=True)
    for i in range(given.bench):
        print(on_the_bench(given.seed + i), flush=True)


if __name__ == "__main__":
    main()
