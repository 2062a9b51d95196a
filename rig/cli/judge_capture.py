"""`rig judge CAPTURE --led CHANNEL`: the LED's light, or its legs, as another instrument recorded them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import typer

from rig.bench.conversions import judged_device, led_calibration_of
from rig.cli.capture_options import TimeOptions, read_and_tell
from rig.config.bench import load_bench
from rig.config.device import load_device
from rig.diagnosis import BenchFacts, Observation, diagnose, judge
from rig.errors import ConfigError
from rig.led import Calibration, CalibrationError, LevelsAssumed, decode
from rig.led.legs import leg_calibration, light_of_legs
from rig.recording import Action, Floats, Recording, Trace
from rig.recording.actions import ActionKind
from rig.recording.import_capture import Capture
from rig.recording.units import factor_to

LIGHT_HZ: Final = 500.0  # that fast light is averaged to: five samples for each bin of the decoder
SUPPLY_HZ: Final = 1000.0  # that a fast supply is thinned to, its lowest value kept
OFF_V: Final = 0.5  # a supply below it for longer than `OFF_S` is off, and not a dip (assumed)
OFF_S: Final = 0.2


@dataclass(frozen=True)
class LedLightOptions:
    """Where the LED, the supply and the current are in a capture of another instrument."""

    led: Annotated[
        str | None,
        typer.Option("--led", metavar="CHANNEL", help="Judge a capture of another instrument: the LED's light in it."),
    ] = None
    red_leg: Annotated[
        str | None, typer.Option("--led-red", metavar="CHANNEL", help="Instead of --led: the leg of the red LED.")
    ] = None
    green_leg: Annotated[
        str | None, typer.Option("--led-green", metavar="CHANNEL", help="... and the leg of the green LED.")
    ] = None
    active_low: Annotated[
        bool, typer.Option("--active-low", help="A low leg is lit (the usual wiring: common anode).")
    ] = False
    supply: Annotated[
        str | None, typer.Option("--supply", metavar="CHANNEL", help="Voltage at the device, if it is in the capture.")
    ] = None
    current: Annotated[
        str | None, typer.Option("--current", metavar="CHANNEL", help="Current of the device, if it is there.")
    ] = None
    red: Annotated[
        float | None, typer.Option("--red", metavar="STEP", help="Step of red above dark, in the unit of --led.")
    ] = None
    green: Annotated[float | None, typer.Option("--green", metavar="STEP", help="... and of green.")] = None

    @property
    def asked(self) -> bool:
        """Whether a capture is to be judged, and no recording of the rig."""
        return self.led is not None or self.red_leg is not None or self.green_leg is not None

    def check(self) -> None:
        """
        Raises:
            ConfigError: options that need others, or exclude each other.
        """
        legs = (self.red_leg is not None, self.green_leg is not None)
        if not self.asked and (self.supply or self.current or self.red or self.green):
            raise ConfigError("--supply, --current, --red and --green are channels and levels of a capture; name --led")
        if any(legs) and (not all(legs) or self.led is not None):
            raise ConfigError("--led-red and --led-green belong together, and replace --led")
        if (self.red is None) != (self.green is None):
            raise ConfigError("--red and --green belong together: the steps of both colours above dark")


@dataclass(frozen=True)
class JudgedCapture:
    """The observation, and how its levels were known."""

    observation: Observation
    levels: str


def judged_capture(
    file: Path, light: LedLightOptions, times: TimeOptions, bench: str | None, device: str
) -> JudgedCapture:
    """Decode and judge a capture.

    Raises:
        BadCapture: the file or a channel can't be read.
        ConfigError: a device, a bench or a level that can't be.
    """
    light.check()
    judged = judged_device(load_device(device))
    capture = times.capture(file)
    led = _light(capture, light, times)
    traces = {"led": led}
    actions: tuple[Action, ...] = ()
    if light.supply is not None:
        supply = in_unit(read_and_tell(capture, light.supply, times.window), "V")
        traces["dut_v"] = _lowest(replace(supply, name="dut_v"))
        actions = switched(traces["dut_v"])
    if light.current is not None:
        current = in_unit(read_and_tell(capture, light.current, times.window), "A")
        traces["supply_a"] = averaged(replace(current, name="supply_a"), SUPPLY_HZ)
    recording = Recording(traces, actions)
    calibration, levels = _calibration(light, bench)
    if calibration is not None:
        return JudgedCapture(diagnose(recording, BenchFacts(calibration), judged), levels)
    decoded = decode(led.times_s, led.values, calibration=None, codes=judged.codes)
    assumed = next((p.payload for p in decoded.problems if isinstance(p.payload, LevelsAssumed)), None)
    if assumed is None:
        return JudgedCapture(Observation(recording, decoded, judge(recording, decoded, device=judged.facts)), levels)
    facts = BenchFacts(Calibration((assumed.red_v,), (assumed.green_v,), uncertainty=0.05))
    return JudgedCapture(diagnose(recording, facts, judged, streamed=decoded), levels)


def _calibration(light: LedLightOptions, bench: str | None) -> tuple[Calibration | None, str]:
    if light.red_leg is not None:
        return leg_calibration(), "the LED's two legs: exact"
    if light.red is not None and light.green is not None:
        try:
            return Calibration((light.red,), (light.green,)), f"--red {light.red:g} --green {light.green:g}"
        except CalibrationError as error:
            raise ConfigError(f"--red {light.red:g} --green {light.green:g}: {error}") from None
    if bench is not None:
        config = load_bench(bench)
        return led_calibration_of(config), f"the calibration of bench {config.name}"
    return None, "taken from the light itself; --red and --green would be surer"


def _light(capture: Capture, light: LedLightOptions, times: TimeOptions) -> Trace:
    if light.red_leg is not None and light.green_leg is not None:
        red, green = (read_and_tell(capture, name, times.window) for name in (light.red_leg, light.green_leg))
        return light_of_legs(red, green, active_low=light.active_low)
    trace = read_and_tell(capture, light.led, times.window)
    values = -trace.values if light.active_low else trace.values
    return averaged(replace(trace, name="led", values=values), LIGHT_HZ)


def in_unit(trace: Trace, unit: str) -> Trace:
    """The trace in V or A, whatever prefix its own unit has; without a unit as it is.

    Raises:
        ConfigError: its unit is another quantity's.
    """
    if not trace.unit:
        return replace(trace, unit=unit)
    factor = factor_to(trace.unit, unit)
    if factor is None:
        raise ConfigError(f"channel {trace.name!r} is in {trace.unit}; expected {unit}, m{unit} or u{unit}")
    return replace(trace, unit=unit, values=trace.values * factor)


def averaged(trace: Trace, hz: float) -> Trace:
    """The trace at about `hz` samples a second, each the mean of its group; slower ones stay as they are."""
    return _grouped(trace, hz, lowest=False)


def _lowest(trace: Trace) -> Trace:
    return _grouped(trace, SUPPLY_HZ, lowest=True)


def _grouped(trace: Trace, hz: float, *, lowest: bool) -> Trace:
    length_s = float(trace.times_s[-1] - trace.times_s[0]) if len(trace.times_s) else 0.0
    group = int((len(trace.times_s) - 1) / length_s / hz) if length_s > 0 else 1
    if group <= 1:
        return trace
    whole = len(trace.times_s) // group * group
    rows = trace.values[:whole].reshape(-1, group)
    values: Floats = rows.min(axis=1) if lowest else rows.mean(axis=1)
    return replace(trace, times_s=trace.times_s[:whole].reshape(-1, group).mean(axis=1), values=values)


def switched(supply: Trace) -> tuple[Action, ...]:
    """When the supply (V) was switched on and off; dips shorter than `OFF_S` are none."""
    on = supply.values > OFF_V
    edges = np.flatnonzero(np.diff(on)) + 1
    found: list[Action] = []
    for place, at in enumerate(edges.tolist()):
        before = edges[place - 1] if place else 0
        after = edges[place + 1] if place + 1 < len(edges) else len(on) - 1
        off = (supply.times_s[before], supply.times_s[at]) if on[at] else (supply.times_s[at], supply.times_s[after])
        if float(off[1] - off[0]) < OFF_S and 0 < place < len(edges) - 1:
            continue
        at_s = float(supply.times_s[at])
        if on[at]:
            volts = float(np.median(supply.values[at : max(int(after), at + 1)]))
            found.append(Action(ActionKind.POWER_ON, at_s, at_s, {"volts": round(volts, 3)}))
        else:
            found.append(Action(ActionKind.POWER_OFF, at_s, at_s))
    return tuple(found)
