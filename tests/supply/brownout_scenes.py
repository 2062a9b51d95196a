"""Light and voltage of a device on a weak supply, put together from the moments at which things happen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rig.recording import Action, Recording, Trace

LENGTH_S = 8.0
APERTURE_S = 1.0 / 860.0
FINE_HZ = 50_000.0


def averaged(fine: np.ndarray, rate_hz: float = 860.0) -> tuple[np.ndarray, np.ndarray]:
    """A finely known quantity as a converter reads it: means over back-to-back apertures, stamped at their ends."""
    width = round(FINE_HZ / rate_hz)
    count = len(fine) // width
    return (np.arange(count) + 1) * width / FINE_HZ, fine[: count * width].reshape(count, width).mean(axis=1)


def supply(sags: Sequence[tuple[float, float, float]], *, usual_v: float = 3.2, sigma_v: float = 0.0004) -> Trace:
    """The device's voltage with rectangular sags of (start, length, volts)."""
    fine = np.full(round(LENGTH_S * FINE_HZ), usual_v)
    for start_s, length_s, volts in sags:
        fine[round(start_s * FINE_HZ) : round((start_s + length_s) * FINE_HZ)] = volts
    times, values = averaged(fine)
    return Trace("dut_v", "V", times, values + np.random.default_rng(1).normal(0.0, sigma_v, len(values)))


def light(lit: Sequence[tuple[float, float]], *, snr: float = 20.0, rate_hz: float = 500.0) -> Trace:
    """The sensor: 0.5 V while lit (from, to), behind a lag of 4 ms, with noise of 0.5 V / snr."""
    times = np.arange(0.0, LENGTH_S, 1.0 / rate_hz)
    target = np.zeros(len(times))
    for start_s, end_s in lit:
        target[(times >= start_s) & (times < end_s)] = 0.5
    values, level = np.empty(len(times)), 0.0
    follow = 1.0 - np.exp(-1.0 / rate_hz / 0.004)
    for i, wanted in enumerate(target):
        level += follow * (wanted - level)
        values[i] = level
    return Trace("led", "V", times, values + np.random.default_rng(2).normal(0.0, 0.5 / snr, len(values)))


def recording(*traces: Trace, on_s: float = 0.0) -> Recording:
    return Recording({t.name: t for t in traces}, (Action("power_on", on_s, on_s),))


def looping(period_s: float = 0.25, boot_s: float = 0.035, collapse_s: float = 0.0003, snr: float = 20.0) -> Recording:
    """A device that dies at every radio start: red from one boot on until the next collapse."""
    deaths = np.arange(0.5, LENGTH_S - 0.05, period_s)
    lit = [(t + boot_s, t + period_s) for t in deaths]
    return recording(supply([(t - collapse_s, collapse_s, 1.7) for t in deaths]), light(lit, snr=snr))


def searching(retry_s: float = 0.7, volts: float = 1.75, snr: float = 20.0) -> Recording:
    """A device that rides through deep sags at every attempt of its radio, and shows `searching` meanwhile."""
    lit = [(s + a, s + b) for s in np.arange(0.6, LENGTH_S, 2.25) for a, b in ((0.5, 1.0), (1.5, 1.75), (2.0, 2.25))]
    sags = [(t, 0.002, volts) for t in np.arange(0.5, LENGTH_S - 0.05, retry_s)]
    return recording(supply(sags), light(lit, snr=snr))
