"""Thresholds of noisy experiments: found in few attempts, with intervals that hold them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rig.errors import ConfigError
from rig.supply.edge.search import Search, Space, Trial, find_threshold

VOLTS = Space(1.8, 3.6, 0.004, (0.002, 0.012), lapse=0.002)


def noisy(truth: float, sigma: float, seed: int, *, above: bool = True):
    rng = np.random.default_rng(seed)

    def attempt(at: float) -> bool:
        away = (at - truth if above else truth - at) / sigma
        return bool(rng.random() < 0.5 * (1.0 + math.erf(away / math.sqrt(2.0))))

    return attempt


def test_thresholds_are_found_in_fourteen_attempts_and_lie_in_their_intervals() -> None:
    truths = np.random.default_rng(3).uniform(1.85, 3.55, 20)
    found = [find_threshold(noisy(t, 0.005, i), VOLTS, tolerance=1e-6, most=14) for i, t in enumerate(truths)]
    assert all(len(f.trials) == 14 for f in found)
    near = sum(abs(f.value - t) <= 0.010 for f, t in zip(found, truths, strict=True))
    held = sum(f.low <= t <= f.high for f, t in zip(found, truths, strict=True))
    assert near >= 18
    assert held >= 17
    assert np.mean([f.high - f.low for f in found]) < 0.03


def test_what_passes_below_is_searched_the_other_way() -> None:
    space = Space(0.0, 10.0, 0.05, (0.02, 0.2), unit="ohm", passes_above=False)
    found = find_threshold(noisy(4.2, 0.05, 1, above=False), space, tolerance=0.15, most=30)
    assert found.value == pytest.approx(4.2, abs=0.2)
    assert found.bounded
    assert "ohm" in str(found)


@pytest.mark.parametrize("always", [True, False])
def test_a_threshold_outside_the_range_is_said_to_be(always: bool) -> None:
    found = find_threshold(lambda _: always, VOLTS, tolerance=0.001, most=12)
    assert not found.bounded
    assert found.value == pytest.approx(1.8 if always else 3.6, abs=0.05)
    assert "outside" in str(found)


def test_a_search_goes_on_where_it_was_broken_off() -> None:
    seen: list[Trial] = []
    whole = find_threshold(noisy(2.5, 0.005, 7), VOLTS, tolerance=1e-6, most=10, seen=seen.append)
    again = Search(VOLTS, list(seen[:6]))
    assert again.next() == whole.trials[6].at
    assert find_threshold(
        lambda at: whole.trials[6].passed, VOLTS, tolerance=1e-6, most=7, before=seen[:6]
    ).trials == tuple(seen[:7])


def test_one_lapse_does_not_lead_it_astray() -> None:
    answers = iter([True] + [None] * 40)
    attempt = noisy(2.8, 0.004, 5)

    def lapsing(at: float) -> bool:
        forced = next(answers)
        return attempt(at) if forced is None else forced

    space = Space(1.8, 3.6, 0.004, (0.002, 0.012), lapse=0.03)
    assert find_threshold(lapsing, space, tolerance=1e-6, most=30).value == pytest.approx(2.8, abs=0.012)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Space(3.0, 2.0, 0.01, (0.01, 0.02)),
        lambda: Space(1.0, 2.0, 0.5, (0.01, 0.02)),
        lambda: Space(1.0, 2.0, 0.01, (0.0, 0.02)),
        lambda: Space(1.0, 2.0, 0.01, (0.01, 0.02), lapse=0.5),
        lambda: find_threshold(lambda _: True, VOLTS, tolerance=0.0, most=3),
        lambda: Search(VOLTS).tell(float("nan"), True),
    ],
)
def test_nonsense_is_refused(make) -> None:
    with pytest.raises(ConfigError, match="search"):
        make()
