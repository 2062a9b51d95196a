"""Recordings to look at, and the same ones damaged or made hostile, from a seed."""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

from rig.bench.recorded_facts import about_device
from rig.cli.judge import check_light, facts_for, load_blanked
from rig.config.device import load_device
from rig.diagnosis import Observation, diagnose, explain
from rig.recording import Action, Blanked, Recording, Trace

CALIBRATION = {
    "red_v": [0.45],
    "green_v": [0.75],
    "saturation": 0.04,
    "uncertainty": 0.1,
    "ratio_uncertainty": 0.02,
    "rail_v": 3.2,
    "date": "2026-11-01",
    "conditions": "lid closed",
}


@functools.cache
def about() -> dict[str, Any]:
    """What a recording of a bench says of itself."""
    return {
        "bench": {"name": "far-away", "title": "a bench that no file here describes"},
        "calibration": CALIBRATION,
        "device": about_device(load_device("imp003")),
        "rig": {"version": "0.1.0"},
        "seed": 5,
        "test": {"id": "tests_hil/test_x.py::test_y", "attempt": 2},
        "verdict": {"verdict": "no_settings", "confidence": 0.99, "fault_domain": "none", "summary": "Waits."},
        "volatile": {
            "recorded_at": "2026-11-30T10:11:12.131+01:00",
            "rig_git": {"commit": "0123456789abcdef0123456789abcdef01234567", "dirty": True},
        },
    }


def recorded(seconds: float = 4.0) -> Recording:
    """A device that asks for settings by blinking amber, with a BlinkUp whose light is withheld."""
    times_s = 12.5 + np.arange(0.0, seconds, 1 / 400)
    lit = (times_s >= 13.0) & ((times_s % 1.0) >= 0.5)
    rng = np.random.default_rng(3)
    light = 0.02 + 1.15 * lit + 0.01 * rng.standard_normal(len(times_s))
    details = {"what": "clear", "code": "bilevel", "rate_hz": 60.0, "sent_as_planned": True, "crosstalk_v": 0.0}
    return Recording(
        {
            "led": Trace("led", "V", times_s, light),
            "dut_v": Trace("dut_v", "V", times_s[::2], np.full(len(times_s[::2]), 3.29)),
            "supply_a": Trace("supply_a", "A", times_s[::8], np.full(len(times_s[::8]), 0.025)),
            "asked_v": Trace("asked_v", "V", times_s[[0, 9, 9]], np.array([3.3, 3.3, np.nan])),
        },
        (
            Action("power_on", 12.6, 12.6, {"volts": 3.3}),
            Action("blinkup", 14.0, 14.4, details),
        ),
        (Blanked(14.1, 14.3, "BlinkUp data"),),
        {"bench": "far-away", "device": "imp003", "expected_volts": [[12.55, 3.3]]},
        about(),
    )


def judged(path: Path) -> Observation:
    """What `rig judge` makes of a file, without a word of the terminal."""
    loaded = load_blanked(path)
    by = facts_for(loaded, path)
    check_light(loaded, path, by.bench_name, by.bench.calibration)
    seen = diagnose(loaded, by.bench, by.device)
    assert explain(seen.outcome)
    return seen


STRANGE: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2**70, 1e300, -1e300, 1e-300),
    *("", "x", "\ud800\x1b[31m", "9" * 5000, "rig-recording-3", "rig-recording-1", "V", "mV", "furlong"),
    *([], [[]], {}, {"a": {"b": []}}, [1, 2, 3], ["x"], [None]),
)


def damaged(source: Path, target: Path, seed: int) -> None:
    """Write one of endlessly many damaged or hostile versions of a recording."""
    rng = np.random.default_rng(seed)
    if rng.random() < 0.25:
        target.write_bytes(_bytes_changed(bytearray(source.read_bytes()), rng))
        return
    with np.load(source) as stored:
        arrays = {name: stored[name] for name in stored.files}
    head = json.loads(str(arrays["head"]))
    if rng.random() < 0.7:
        for _ in range(int(rng.integers(1, 4))):
            _change_head(head, rng)
    else:
        name = str(rng.choice([n for n in arrays if n != "head"]))
        arrays[name] = _array_changed(arrays[name], rng)
    arrays["head"] = np.array(json.dumps(head))
    np.savez(target, **arrays)


def _bytes_changed(data: bytearray, rng: np.random.Generator) -> bytes:
    at = int(rng.integers(len(data)))
    match int(rng.integers(4)):
        case 0:
            return bytes(data[:at])
        case 1:
            for place in rng.integers(len(data), size=3):
                data[place] ^= int(rng.integers(1, 256))
            return bytes(data)
        case 2:
            return bytes(data[:at] + rng.bytes(20) + data[at:])
        case _:
            data[at : at + 50] = bytes(50)
            return bytes(data)


def _change_head(head: Any, rng: np.random.Generator) -> None:
    """Exchange or remove one value, wherever in the head it is."""
    node = head
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = keys[int(rng.integers(len(keys)))]
        if isinstance(node[key], dict | list) and node[key] and rng.random() < 0.8:
            node = node[key]
            continue
        if rng.random() < 0.2:
            del node[key]
        else:
            node[key] = copy.deepcopy(STRANGE[int(rng.integers(len(STRANGE)))])
        return


def _array_changed(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    count = len(array)
    choices = (
        lambda: array[::-1],
        lambda: array[: count // 2],
        lambda: array[:0],
        lambda: np.full(count, np.nan),
        lambda: np.full(count, np.inf),
        lambda: array * 1e300,
        lambda: array * -1,
        lambda: array * 1e6,
        lambda: array.astype(np.complex128),
        lambda: array.astype("<f4"),
        lambda: np.nan_to_num(array).astype(">i2"),
        lambda: array.astype(str),
        lambda: np.stack([array, array], axis=1),
        lambda: np.full(count, array[0]),
        lambda: np.array(3.0),
        lambda: np.where(rng.random(count) < 0.1, np.nan, array),
        lambda: array + rng.standard_normal(count),
        lambda: np.sort(rng.uniform(-1e9, 1e9, count)),
        lambda: array > 0,
    )
    return choices[int(rng.integers(len(choices)))]()
