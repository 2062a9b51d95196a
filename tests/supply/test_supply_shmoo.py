"""Maps of a monotone edge from a third of the runs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rig.errors import ConfigError
from rig.supply.edge.shmoo import Axis, Shmoo, ShmooRun, explore

N = 16
VOLTS = Axis("supply", "V", tuple(float(i) for i in range(N)), helps=True)
OHM = Axis("series", "ohm", tuple(float(i) for i in range(N)), helps=False)


def world(edge: np.ndarray, sigma: float, seed: int):
    rng = np.random.default_rng(seed)

    def attempt(x: float, y: float) -> bool:
        return bool(rng.random() < 0.5 * (1.0 + math.erf((edge[int(x)] - y - 0.5) / sigma / math.sqrt(2.0))))

    return attempt


def edges(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shapes = (
        np.sort(rng.uniform(0.0, N, N)),
        np.clip(rng.uniform(-2.0, 4.0) + rng.uniform(0.2, 1.5) * np.arange(N), 0.0, N),
        np.full(N, rng.uniform(0.0, N)),
        np.where(np.arange(N) < rng.integers(2, 14), 0.0, N),
    )
    return np.asarray(shapes[seed % len(shapes)], dtype=float)


@pytest.mark.parametrize("seed", range(8))
def test_a_third_of_the_runs_shows_the_edge_to_a_cell(seed: int) -> None:
    edge = edges(seed)
    shmoo = explore(world(edge, 0.25, seed), VOLTS, OHM, most=85)
    assert len(shmoo.runs) == 85
    off = np.abs(np.array(shmoo.boundary().rows) - edge)
    assert np.mean(off <= 1.0) >= 15 / 16, off.max()


@pytest.mark.parametrize(("x_helps", "y_helps"), [(True, False), (False, False), (True, True), (False, True)])
def test_axes_may_run_either_way(x_helps: bool, y_helps: bool) -> None:
    across, up = Axis("a", "V", VOLTS.values, x_helps), Axis("b", "V", OHM.values, y_helps)

    def passes(x: float, y: float) -> bool:
        ease = x if x_helps else N - 1 - x
        strain = y if not y_helps else N - 1 - y
        return strain < 0.7 * ease + 2

    shmoo = explore(passes, across, up, most=85)
    chance = shmoo.passing()
    wrong = sum((chance[x, y] > 0.5) != passes(x, y) for x in range(N) for y in range(N))
    assert wrong <= 8, wrong


def test_a_map_goes_on_where_it_was_broken_off() -> None:
    seen: list[ShmooRun] = []
    whole = explore(world(edges(1), 0.2, 1), VOLTS, OHM, most=30, seen=seen.append)
    again = Shmoo(VOLTS, OHM, list(whole.runs[:12]))
    assert again.next() == (whole.runs[12].x, whole.runs[12].y)
    assert seen == whole.runs


def test_it_stops_when_everything_is_known() -> None:
    shmoo = explore(world(np.full(N, 8.0), 0.01, 1), VOLTS, OHM, most=256, until_settled=True)
    assert shmoo.settled
    assert len(shmoo.runs) < 60


def test_bad_axes_and_cells_are_refused() -> None:
    with pytest.raises(ConfigError, match="rising"):
        Axis("a", "V", (1.0, 1.0), True)
    with pytest.raises(ConfigError, match="outside"):
        Shmoo(VOLTS, OHM).tell(ShmooRun(16, 0, True))
