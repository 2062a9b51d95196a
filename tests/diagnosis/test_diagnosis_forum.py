"""What people met in the field, and the cause they found in the end: each must be in the verdict or its next steps.

The light is made here from the words of each source: colour and milliseconds, a sensor's lag, noise, ambient light.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.bench.conversions import facts_of
from rig.config.device import load_device
from rig.diagnosis import Outcome, Verdict, explain, judge
from rig.led import Calibration, Decoded, decode, load_catalogue
from rig.recording import Action, Recording, Trace

CASES = tomllib.loads(Path(__file__).with_name("forum_cases.toml").read_text("utf-8"))["case"]
POWER_ON_S, RATE_HZ = 1.0, 200.0
STEP_V = {"D": 0.0, "R": 0.45, "G": 0.75, "A": 1.15}
AMBIENT_V, NOISE_V, LAG_S, FLICKER_V = 0.12, 0.03, 0.003, 0.02
BOOT = "D60 R120"
CALIBRATION = Calibration((0.45,), (0.75,), rail_v=3.2)


def runs_of(lines: list[str]) -> list[tuple[str, float]]:
    """Colour and seconds, from lines like 'D500 A500 * 12' (for 12 s) and 'R1000' (once)."""
    runs: list[tuple[str, float]] = []
    for line in lines:
        cells, _, seconds = line.partition("*")
        cycle = [(c[0], int(c[1:]) / 1000) for c in cells.split()]
        left_s = float(seconds) if seconds else sum(length for _, length in cycle)
        while left_s > 1e-6:
            for colour, length_s in cycle:
                runs.append((colour, min(length_s, left_s)))
                left_s -= length_s
                if left_s <= 1e-6:
                    break
    return runs


def light_of(case: dict[str, Any]) -> Trace:
    """Samples of a sensor over the LED, from a second before power-on."""
    rng = np.random.default_rng(len(case["light"]) + len(case["title"]))
    boot = [BOOT] if case.get("boots", True) else []
    runs = [("D", POWER_ON_S), *runs_of([*boot, *case["light"]])]
    ends_s = np.cumsum([length for _, length in runs])
    times_s = np.arange(int(ends_s[-1] * RATE_HZ)) / RATE_HZ
    steps_v = np.array([STEP_V[c] for c, _ in runs]) * case.get("brightness", 1.0)
    wanted_v = steps_v[np.minimum(np.searchsorted(ends_s, times_s, "right"), len(runs) - 1)]
    share = 1.0 - np.exp(-1.0 / (RATE_HZ * LAG_S))
    seen_v = np.empty_like(wanted_v)
    level_v = 0.0
    for i, volts in enumerate(wanted_v):
        level_v += share * (volts - level_v)
        seen_v[i] = level_v
    hum_v = FLICKER_V * np.sin(2 * np.pi * 100.0 * times_s)
    return Trace("led", "V", times_s, seen_v + AMBIENT_V + hum_v + rng.normal(0.0, NOISE_V, len(times_s)))


def supply_of(case: dict[str, Any], end_s: float) -> list[Trace]:
    kind = case.get("supply", "unmeasured")
    if kind == "unmeasured":
        return []
    rng = np.random.default_rng(1)
    times_s = np.arange(POWER_ON_S, end_s, 1.0 if kind == "multimeter" else 0.002)
    return [Trace("dut_v", "V", times_s, 3.28 + rng.normal(0.0, 0.003, len(times_s)))]


def judged(case: dict[str, Any]) -> tuple[Outcome, Decoded]:
    device = load_device(case.get("device", "imp003"))
    led = light_of(case)
    actions = [Action("power_on", POWER_ON_S, POWER_ON_S)]
    for what, start_s, end_s in case.get("sent", ()):
        details = {"what": what, "code": "bilevel", "rate_hz": 60.0, "sent_as_planned": None}
        actions.append(Action("blinkup", POWER_ON_S + start_s, POWER_ON_S + end_s, details))
    traces = [led, *supply_of(case, float(led.times_s[-1]))]
    recording = Recording({t.name: t for t in traces}, tuple(actions))
    decoded = decode(
        led.times_s, led.values, calibration=CALIBRATION, codes=load_catalogue().for_device(*device.led_tags)
    )
    facts = facts_of(device)
    if "impos" in case:
        facts = replace(facts, impos=case["impos"])
    return judge(recording, decoded, device=facts), decoded


def lacking(case: dict[str, Any], outcome: Outcome) -> list[str]:
    """The words of the case's cause that neither verdict nor next steps have."""
    text = re.sub(r"\s+", " ", " ".join([outcome.summary, *outcome.advice, *(why for _, why in outcome.alternatives)]))
    return [words for words in case["says"] if words.lower() not in text.lower()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_what_was_found_in_the_end_is_in_the_verdict_or_its_next_steps(case: dict[str, Any]) -> None:
    outcome, decoded = judged(case)
    seen = [(round(s.start_s, 1), s.code, round(s.confidence, 2)) for s in decoded]
    assert outcome.verdict.value in case["verdicts"], f"{explain(outcome)}\n{seen}"
    assert lacking(case, outcome) == [], f"{case['cause']}\n{explain(outcome)}\n{seen}"


def test_every_pair_and_thread_is_there_once() -> None:
    ids = [case["id"] for case in CASES]
    assert len(set(ids)) == len(ids)
    pairs = {int(m[1]) for i in ids if (m := re.match(r"pair-(\d+)", i))}
    assert pairs == set(range(1, 53))
    assert {i.rpartition("-")[0] for i in ids if i.startswith("thread")} == {
        "thread-failing",
        "thread-no-wifi",
        "thread-update-loop",
    }


def test_every_verdict_named_is_one() -> None:
    for case in CASES:
        assert {Verdict(v) for v in case["verdicts"]}
        assert case["says"]
        assert case["cause"]
