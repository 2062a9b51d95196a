"""How many BlinkUp frames the receiver loses: noise, jitter, dropped samples, ambient light, lamps.

Run by hand: `python benchmarks/receiver.py [--frames 1000] [--rows targets,curve,ambient,arrays]`. Signals come from
the model in this file and share nothing with the rig but the bytes of a packet: symbols are written out here again,
light passes a first-order sensor and is averaged over each sample's aperture. SNR is the step from dark to bright over
the standard deviation of a raw sample.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rig.blinkup import InvalidSamples, ReceivedFrame, WifiConfig, encode, receive

BITS = 500
GREY = 0.5  # of bright; screens show 0.35 to 0.75


@dataclass(frozen=True)
class Case:
    """One row. `flicker` and `step` are shares of the step from dark to bright, `drift` a share in 20 to 90 s."""

    code: str = "bilevel"
    rate_hz: float = 60.0
    sample_hz: float = 300.0
    snr: float = 10.0
    jitter: float = 0.1
    dropped: float = 0.01
    tau_s: float = 0.001
    drift: float = 0.0
    step: float = 0.0
    flicker: float = 0.0
    clock: float = 0.01
    inverted: bool = False


def packet(rng: np.random.Generator) -> bytes:
    """A random Wi-Fi packet whose frame has about 500 bits behind the preamble: header, length, entries, CRC."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_!"
    ssid_length = int(rng.integers(4, 20))
    password_length = BITS // 8 - 1 - 3 - 4 - 18 - ssid_length
    ssid, password = ("".join(rng.choice(list(letters), n)) for n in (ssid_length, password_length))
    token, plan = (rng.bytes(8).hex() for _ in range(2))
    return encode(WifiConfig(ssid, password, token, plan))


def symbols(data: bytes, code: str, rate_hz: float) -> np.ndarray:
    """Light of each symbol, dark 0 and bright 1."""
    bits = np.unpackbits(np.frombuffer(bytes([0x2A]) + data, dtype=np.uint8))
    if code == "bilevel":
        count = max(64, math.ceil(rate_hz / 8) * 8)
        return np.concatenate((np.arange(count) % 2, bits, [0])).astype(float)
    levels = np.where(np.concatenate((np.zeros(24, dtype=int), bits)) == 1, 1.0, GREY)
    return np.concatenate((np.stack((np.zeros(len(levels)), levels), axis=1).ravel(), np.zeros(6)))


def samples(data: bytes, case: Case, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Times and levels as a sensor and a converter give them; the symbol clock is off by up to `clock`."""
    light = symbols(data, case.code, case.rate_hz)
    rate_hz = case.rate_hz * (1 + case.clock * rng.uniform(-1, 1))
    lead_s, tail_s = rng.uniform(0.3, 0.8), 0.4
    fine_hz = 10_000.0
    fine_s = np.arange(0, lead_s + len(light) / rate_hz + tail_s, 1 / fine_hz)
    at = np.floor((fine_s - lead_s) * rate_hz).astype(int)
    lit = np.where((at >= 0) & (at < len(light)), light[np.clip(at, 0, len(light) - 1)], 0.0)
    lit = 1.0 - lit if case.inverted else lit
    if case.drift:
        lit = lit + case.drift * np.sin(2 * np.pi * (fine_s / rng.uniform(20, 90) + rng.uniform()))
    if case.step:
        at_s = rng.uniform(lead_s, fine_s[-1] - tail_s)
        lit = lit + np.where(fine_s >= at_s, case.step * rng.choice((-1, 1)), 0.0)
    if case.flicker:
        hz, phase = rng.choice((100.0, 120.0)), rng.uniform(0, 2 * np.pi)
        turns = 2 * np.pi * hz * fine_s + phase
        lit = lit + case.flicker * (np.sin(turns) + 0.25 * np.sin(2 * turns))
    kernel = np.exp(-np.arange(0, 6 * case.tau_s, 1 / fine_hz) / case.tau_s)
    area = np.concatenate(([0.0], np.cumsum(np.convolve(lit, kernel / kernel.sum())[: len(lit)]))) / fine_hz
    step_s = 1 / case.sample_hz
    times = np.arange(rng.uniform(1, 2) * step_s, fine_s[-1], step_s)
    times = np.sort(times + case.jitter * step_s * rng.standard_normal(len(times)))
    times = times[(times > step_s) & (times < fine_s[-1]) & (rng.random(len(times)) >= case.dropped)]
    edges = np.arange(len(area)) / fine_hz
    aperture_s = 0.5 * step_s
    mean = (np.interp(times, edges, area) - np.interp(times - aperture_s, edges, area)) / aperture_s
    return times, mean + rng.standard_normal(len(times)) / case.snr


def lost(case: Case, frames: int, seed: int) -> tuple[int, Counter[str], float, list[ReceivedFrame]]:
    """(frames lost, why, seconds a frame, frames received)."""
    rng = np.random.default_rng(seed)
    why: Counter[str] = Counter()
    good: list[ReceivedFrame] = []
    spent_s = 0.0
    for _ in range(frames):
        data = packet(rng)
        times, levels = samples(data, case, rng)
        begin_s = time.perf_counter()
        reception = receive(times, levels)
        spent_s += time.perf_counter() - begin_s
        right = [f for f in reception.good if f.packet == data and f.code == case.code]
        if len(right) == 1 and len(reception.good) == 1:
            good += right
        elif reception.good:
            why["a wrong packet called good"] += 1
        else:
            why[str(reception.frames[0].reason if reception.frames else reception.reason)] += 1
    return sum(why.values()), why, spent_s / frames, good


def theory(case: Case) -> float:
    """Frame error rate of a mid-point slicer that averages a symbol's samples, with perfect timing and levels."""
    per_symbol = case.sample_hz * (1 - case.dropped) / case.rate_hz
    half = 0.5 if case.code == "bilevel" else (1 - GREY) / 2
    one = 0.5 * math.erfc(half * case.snr * math.sqrt(per_symbol) / math.sqrt(2))
    return 1 - (1 - one) ** (BITS - 8)


BI60 = Case()
BI142 = Case(rate_hz=142.0, sample_hz=600.0)
TRI30 = Case(code="trilevel", rate_hz=30.0)
NAMES = {"60 Hz from 300 S/s": BI60, "142 Hz from 600 S/s": BI142, "tri-level 30/s from 300 S/s": TRI30}


def row(name: str, case: Case, frames: int, seed: int, extra: str = "") -> None:
    count, why, each_s, _ = lost(case, frames, seed)
    reasons = ", ".join(f"{k} {v}" for k, v in why.items())
    print(f"{name:54} {count:5d} of {frames:5d}  {1e3 * each_s:6.1f} ms a frame  {extra}{reasons}", flush=True)


def targets(frames: int, seed: int) -> None:
    for name, case in NAMES.items():
        row(f"{name}, SNR 10", case, frames, seed)


def curve(frames: int, seed: int) -> None:
    for name, case in NAMES.items():
        for snr in (5.0, 4.0, 3.5, 3.0, 2.5, 2.0):
            noisy = replace(case, snr=snr)
            row(f"{name}, SNR {snr:g}", noisy, frames, seed, f"theory {theory(noisy):.4f}  ")


def ambient(frames: int, seed: int) -> None:
    for name, case in NAMES.items():
        for label, more in (
            ("drift 10 % of the step", {"drift": 0.1}),
            ("drift 50 %", {"drift": 0.5}),
            ("ambient step 30 %", {"step": 0.3}),
            ("ambient step 80 %", {"step": 0.8}),
            ("flicker 0.1", {"flicker": 0.1}),
            ("flicker 0.3", {"flicker": 0.3}),
            ("clock off by up to 5 %", {"clock": 0.05}),
            ("inverted", {"inverted": True}),
            ("slow sensor, tau 3 ms", {"tau_s": 0.003}),
        ):
            row(f"{name}, SNR 10, {label}", replace(case, **more), frames, seed)


def arrays(count: int, seed: int) -> None:
    """Random arrays must end in a reception or in `InvalidSamples`."""
    rng = np.random.default_rng(seed)
    ends: Counter[str] = Counter()
    begin_s = time.perf_counter()
    for _ in range(count):
        n = int(rng.integers(0, 400))
        times = (
            np.cumsum(rng.random(n) * rng.choice((1e-6, 0.001, 0.005, 0.1))) if rng.random() < 0.9 else rng.random(n)
        )
        levels = rng.standard_normal(n) * 10.0 ** rng.integers(-3, 4)
        if rng.random() < 0.2:
            levels = np.sign(levels)
        if n and rng.random() < 0.2:
            levels[rng.integers(0, n, 3)] = rng.choice((np.nan, np.inf, 1e300))
        try:
            reception = receive(times, levels)
            ends[reception.frames[0].reason or "good" if reception.frames else str(reception.reason)] += 1
        except InvalidSamples:
            ends["InvalidSamples"] += 1
    print(f"{count} random arrays in {time.perf_counter() - begin_s:.0f} s: {dict(ends)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", default="targets,curve,ambient,arrays")
    args = parser.parse_args()
    works: dict[str, Callable[[int, int], None]]
    works = {"targets": targets, "curve": curve, "ambient": ambient, "arrays": lambda n, seed: arrays(100 * n, seed)}
    for name in args.rows.split(","):
        works[name](args.frames, args.seed)


if __name__ == "__main__":
    main()
