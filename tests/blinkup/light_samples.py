"""Light as a sensor would sample it, for the receiver's tests; shares nothing with the rig's waveforms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rig.recording import Floats

GREY = 0.5


def sampled(
    symbols: Sequence[int],
    rate_hz: float,
    sample_hz: float,
    rng: np.random.Generator,
    *,
    code: str = "bilevel",
    snr: float = 20.0,
    jitter: float = 0.1,
    dropped: float = 0.01,
    inverted: bool = False,
    tau_s: float = 0.001,
    start_s: float = 0.4,
    low: float = 0.2,
    step: float = 1.6,
    grey: float = GREY,
) -> tuple[Floats, Floats]:
    """(times in s, levels `low`..`low + step`) of `symbols`; each sample is the light of an instant, with noise."""
    shine = np.array([0.0, 1.0] if code == "bilevel" else [0.0, grey, 1.0])[np.array(symbols)]
    end_s = start_s + len(shine) / rate_hz + 0.4
    times = np.arange(0.0, end_s, 1 / sample_hz)
    times = np.sort(times + jitter / sample_hz * rng.standard_normal(len(times)))
    times = times[rng.random(len(times)) >= dropped]
    edges_s = start_s + np.arange(len(shine) + 1) / rate_hz
    levels = np.concatenate((shine, [0.0]))
    state, states = 0.0, []
    for level in levels:  # light that the sensor has reached when each symbol begins
        states.append(state)
        state = level + (state - level) * np.exp(-1 / rate_hz / tau_s)
    index = np.clip(np.searchsorted(edges_s, times, side="right") - 1, -1, len(shine))
    since = times - np.where(index < 0, 0.0, edges_s[index])
    reached = levels[index] + (np.array(states)[index] - levels[index]) * np.exp(-since / tau_s)
    light = np.where(index < 0, 0.0, reached)
    light = 1.0 - light if inverted else light
    return times, low + step * (light + rng.standard_normal(len(times)) / snr)
