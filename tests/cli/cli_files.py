"""Bench, device and network files for tests of the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rig.recording import Action, Blanked, Recording, Trace

ROOT = Path(__file__).parents[2]
TOKEN, PLAN, PASSWORD = "a5a5deadbeefa5a5", "5a5acafe5a5acafe", "canary password 77"

BENCH = f"""
name = "bench-under-test"
kind = "raspberry-pi"
networks = ["lab"]
[blinkup]
gpio = 17
[led.calibration]
red_v = [0.45]
green_v = [0.75]
taken_on = 2026-11-01
[supply]
switch_gpio = 23
[supply.regulator]
ref_v = 0.5
r1_ohm = 56000.0
r2_ohm = 10640.0
r3_ohm = 88000.0
[dut]
device = "gadget"
token = "{TOKEN}"
plan = "{PLAN}"
"""
DEVICE = """
name = "gadget"
title = "Gadget [with brackets] :rocket:"
led_tags = ["wifi", "imp003"]
[supply]
nominal_v = 3.3
min_v = 1.8
wifi_min_v = 2.5
max_v = 3.6
max_current_a = 0.6
"""
NETWORK = f"""
name = "lab"
title = "Lab"
ssid = "Lab \\u001b[31m net"
password = "{PASSWORD}"
"""


def write_fixtures(folder: Path, *, bench: str = BENCH, device: str = DEVICE, network: str = NETWORK) -> Path:
    """A fixtures folder of one each; returns it."""
    for kind, name, text in (("benches", "mine", bench), ("devices", "gadget", device), ("networks", "lab", network)):
        (folder / kind).mkdir(parents=True)
        (folder / kind / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


def blinking(seconds: float = 8.0, *, bench: str | None = "simulated", secret: bool = False) -> Recording:
    """A powered device that shows amber half a second, dark half a second; with `secret` some of it is a BlinkUp."""
    times_s = np.arange(0.0, seconds, 1 / 400)
    lit = (times_s >= 0.5) & ((times_s % 1.0) >= 0.5)
    rng = np.random.default_rng(3)
    light = 0.02 + 1.15 * lit + 0.01 * rng.standard_normal(len(times_s))
    actions = [Action("supply_set", 0.1, 0.15, {"volts": 3.3}), Action("power_on", 0.2, 0.2, {"volts": 3.3})]
    windows: tuple[Blanked, ...] = ()
    if secret:
        details = {"what": "wifi", "code": "bilevel", "rate_hz": 60.0, "sent_as_planned": True, "worst_edge_us": 1.0}
        actions.append(Action("blinkup", 4.0, 6.0, details))
        windows = (Blanked(4.5, 6.1, "BlinkUp data"),)
    on = (times_s >= 0.2).astype(float)
    traces = {
        "led": Trace("led", "V", times_s, light),
        "dut_v": Trace("dut_v", "V", times_s, 3.29 * on),
        "supply_a": Trace("supply_a", "A", times_s, 0.025 * on),
    }
    return Recording(traces, tuple(actions), windows, {} if bench is None else {"bench": bench})
