"""Light for the simulated imp's sensor: an independent little modulator, written from the line codes' table."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rig.sim.imp.reception import BlinkUpReceiver, Event

ROOT = Path(__file__).parents[3]
VECTORS: list[dict[str, Any]] = json.loads((ROOT / "fixtures/blinkup/vectors.json").read_text("utf-8"))
LEVEL_OF_TRILEVEL = {"0": 0.0, "1": 191 / 255, "2": 1.0}


def bits(data: bytes) -> list[int]:
    return [byte >> shift & 1 for byte in data for shift in range(7, -1, -1)]


def bilevel(packet: bytes, rate_hz: float, *, header: int = 0x2A, preamble_bytes: int | None = None) -> list[float]:
    count = preamble_bytes if preamble_bytes is not None else max(8, int(np.ceil(rate_hz / 8)))
    return [float(bit) for bit in bits(b"\x55" * count + bytes([header]) + packet)] + [0.0]


def trilevel(symbols: str, grey: float = 191 / 255) -> list[float]:
    return [grey if symbol == "1" else LEVEL_OF_TRILEVEL[symbol] for symbol in symbols]


@dataclass(frozen=True)
class Scene:
    """How the light gets to the sensor's samples."""

    swing: float = 0.5
    ambient: float = 0.1
    tau_s: float = 0.0005
    snr: float | None = 20.0
    flicker: float = 0.0  # peak to peak, of the swing
    flicker_hz: float = 100.0
    inverted: bool = False
    before_s: float = 0.437
    after_s: float = 0.5
    full_scale: float = 1.0


def shine(symbols: list[float], rate_hz: float, scene: Scene, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Samples at 1 kHz; the light itself is made and filtered at 20 kHz, with symbols that don't meet the samples."""
    fine_hz, sample_hz = 20_000, 1_000
    total_s = scene.before_s + len(symbols) / rate_hz + scene.after_s
    t = np.arange(int(total_s * fine_hz)) / fine_hz
    index = np.floor((t - scene.before_s) * rate_hz).astype(int)
    drive = np.where((index >= 0) & (index < len(symbols)), np.array(symbols)[index.clip(0, len(symbols) - 1)], 0.0)
    if scene.inverted:
        drive = 1.0 - drive
    light = drive * scene.swing + scene.ambient
    light += scene.swing * scene.flicker / 2 * np.sin(2 * np.pi * scene.flicker_hz * t)
    if scene.tau_s:
        length = int(8 * scene.tau_s * fine_hz)
        kernel = np.exp(-np.arange(length) / (scene.tau_s * fine_hz))
        padded = np.concatenate((np.full(length, light[0]), light))
        light = np.convolve(padded, kernel / kernel.sum())[length : length + len(t)]
    step = fine_hz // sample_hz
    times, samples = t[::step].copy(), light[::step].copy()
    if scene.snr is not None:
        samples += np.random.default_rng(seed).normal(0, scene.swing / scene.snr, len(samples))
    return times, np.clip(samples, 0, scene.full_scale)


def receive(
    times: np.ndarray, light: np.ndarray, block: int = 20, receiver: BlinkUpReceiver | None = None
) -> list[Event]:
    receiver = receiver or BlinkUpReceiver()
    events: list[Event] = []
    for at in range(0, len(times), block):
        events += receiver.feed(times[at : at + block], light[at : at + block])
    return events


def watch(symbols: list[float], rate_hz: float, scene: Scene | None = None, seed: int = 1) -> list[Event]:
    return receive(*shine(symbols, rate_hz, scene or Scene(), seed))
