"""Random samples never crash the receiver: every array ends in a reception or in `InvalidSamples`."""

from __future__ import annotations

from collections import Counter

import numpy as np

from rig.blinkup import InvalidSamples, receive

ARRAYS = 100_000
LONG = 2_000  # of them, long enough to be looked at closely
STEPS_S = (1e-9, 1e-4, 0.001, 0.003, 0.01, 0.2, 1e9)
ODD = (np.nan, np.inf, -np.inf, 1e300, -1e13, 5e-324)


def one(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    kind = int(rng.integers(0, 8))
    times = np.cumsum(rng.random(size)) * STEPS_S[int(rng.integers(0, len(STEPS_S)))]
    levels = rng.standard_normal(size)
    if kind == 1:
        levels = np.sign(levels)
    elif kind == 2:
        levels = np.arange(size) // 5 % 2 + 0.1 * levels
    elif kind == 3:
        levels[:] = levels[:1]
    elif kind == 4 and size:
        levels[rng.integers(0, size, 3)] = ODD[int(rng.integers(0, len(ODD)))]
    elif kind == 5 and size:
        times[rng.integers(0, size)] = ODD[int(rng.integers(0, len(ODD)))]
    elif kind == 6:
        rng.shuffle(times)
    elif kind == 7:
        levels = levels[: size // 2] if size % 3 == 0 else np.repeat(levels[: size // 4 + 1], 4)[:size]
    return times, levels


def test_random_arrays_never_crash() -> None:
    rng = np.random.default_rng(20)
    ends: Counter[str] = Counter()
    with np.errstate(all="raise", under="ignore"):
        for i in range(ARRAYS):
            times, levels = one(rng, int(rng.integers(64, 500)) if i < LONG else int(rng.integers(0, 64)))
            try:
                reception = receive(times, levels)
            except InvalidSamples:
                ends["refused"] += 1
            else:
                assert bool(reception.frames) != bool(reception.reason)
                assert not reception.good
                ends["frames" if reception.frames else str(reception.reason)] += 1
    assert sum(ends.values()) == ARRAYS
    assert min(ends[k] for k in ("refused", "too few samples", "no preamble", "sampled too slowly", "frames")) > 0, ends
