"""A bench power supply of the simulated world that speaks SCPI: its output feeds the rail.

Written from SCPI-1999 (command tree, error queue) and IEEE 488.2 (common commands). Not a certain maker's instrument:
times and errors are ranges, drawn per seed, assumed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from rig.sim.physics.power import SupplyRail
from rig.sim.physics.process import Process, Program
from rig.sim.physics.timeline import NS_PER_MS, EventTimeline, to_ns

MAX_V, MAX_A = 6.0, 3.0
APERTURE_NS: Final = 20 * NS_PER_MS  # over which the meters average
STEPS: Final = 10  # in which the output moves to a new set point
QUEUE: Final = 20  # errors that the error queue holds
# Words that a header may end in and that mean nothing here.
OPTIONAL: Final = frozenset(
    ("DC", "STAT", "STATE", "NEXT", "LEV", "LEVEL", "IMM", "IMMEDIATE", "AMPL", "AMPLITUDE", "SCAL", "SCALAR")
)


@dataclass(frozen=True)
class InstrumentParameters:
    """One individual: seconds to answer and to reach a set point, and errors of set point and meters."""

    answer_s: float
    slew_s: float
    set_gain: float
    set_offset_v: float
    meter_gain: float
    meter_offset_a: float
    sense_at_device: bool

    @classmethod
    def draw(cls, rng: np.random.Generator, *, sense_at_device: bool) -> InstrumentParameters:
        """One instrument, each value drawn from its range."""
        return cls(
            answer_s=float(rng.uniform(0.002, 0.01)),
            slew_s=float(rng.uniform(0.005, 0.05)),
            set_gain=float(rng.uniform(0.999, 1.001)),
            set_offset_v=float(rng.uniform(-0.005, 0.005)),
            meter_gain=float(rng.uniform(0.9995, 1.0005)),
            meter_offset_a=float(rng.uniform(-0.0005, 0.0005)),
            sense_at_device=sense_at_device,
        )


class Instrument:
    """One output. `handle` takes a line and returns the answer, or None for a command without one."""

    def __init__(self, timeline: EventTimeline, rail: SupplyRail, parameters: InstrumentParameters) -> None:
        self._timeline, self._rail, self.parameters = timeline, rail, parameters
        self._set_v, self._limit_a, self._on = 0.0, 0.1, False
        self._protection_v = MAX_V * 1.1
        self._present_v = 0.0
        self._moving: Process | None = None
        self._errors: deque[str] = deque()
        self._queries: dict[str, Callable[[], str]] = {
            "*IDN?": lambda: "IMPBENCH,SIMULATED-PSU,0,1.0",
            "*OPC?": lambda: "1",
            "SYST:ERR?": lambda: self._errors.popleft() if self._errors else '0,"No error"',
            "OUTP?": lambda: str(int(self._on)),
            "VOLT?": lambda: f"{self._set_v:.4f}",
            "VOLT:PROT?": lambda: f"{self._protection_v:.3f}",
            "CURR?": lambda: f"{self._limit_a:.4f}",
            "MEAS:VOLT?": lambda: f"{self._volts():.4f}",
            "MEAS:CURR?": lambda: f"{self._amps():.5f}",
        }
        self._commands: dict[str, Callable[[str], None]] = {
            "*CLS": lambda _: self._errors.clear(),
            "*RST": lambda _: self._reset(),
            "INST:NSEL": self._select,
            "VOLT": self._set_volts,
            "VOLT:PROT": self._protect,
            "CURR": self._set_limit,
            "OUTP": self._switch,
        }

    def handle(self, line: str) -> str | None:
        """Under the timeline's lock; takes its time."""
        with self._timeline.lock:
            self._timeline.catch_up()
            self._timeline.elapse(to_ns(self.parameters.answer_s))
            header, _, argument = line.strip().partition(" ")
            name = _short(header)
            if name in self._queries:
                return self._queries[name]()
            if name in self._commands:
                self._commands[name](argument.strip())
            elif name:
                self._error(-113, "Undefined header")
            return None

    def _error(self, number: int, text: str) -> None:
        if len(self._errors) >= QUEUE:
            self._errors[-1] = '-350,"Queue overflow"'
        else:
            self._errors.append(f'{number},"{text}"')

    def _number(self, text: str, low: float, high: float) -> float | None:
        try:
            value = float(text)
        except ValueError:
            self._error(-104, "Data type error")
            return None
        if not low <= value <= high:
            self._error(-222, "Data out of range")
            return None
        return value

    def _select(self, text: str) -> None:
        self._number(text, 1, 1)

    def _set_volts(self, text: str) -> None:
        value = self._number(text, 0.0, MAX_V)
        if value is not None:
            self._set_v = round(value, 3)
            self._move()
            self._trip_above_protection()

    def _protect(self, text: str) -> None:
        value = self._number(text, 0.01, MAX_V * 1.1)
        if value is not None:
            self._protection_v = round(value, 3)
            self._trip_above_protection()

    def _trip_above_protection(self) -> None:
        if self._on and self._set_v > self._protection_v:
            self._switch("OFF")

    def _set_limit(self, text: str) -> None:
        value = self._number(text, 0.001, MAX_A)
        if value is not None:
            self._limit_a = value
            self._rail.set_limit(value)

    def _switch(self, text: str) -> None:
        wanted = {"1": True, "ON": True, "0": False, "OFF": False}.get(text.upper())
        if wanted is None:
            self._error(-224, "Illegal parameter value")
            return
        self._on = wanted = wanted and self._set_v <= self._protection_v
        if wanted:
            self._move()
        else:
            self._halt()
            self._present_v = 0.0
        self._rail.set_switch(wanted)

    def _reset(self) -> None:
        self._set_v = 0.0
        self._switch("OFF")

    def _move(self) -> None:
        self._halt()
        target_v = max(0.0, self._set_v * self.parameters.set_gain + self.parameters.set_offset_v)
        self._moving = Process(self._timeline, self._slew(self._present_v if self._on else 0.0, target_v))

    def _halt(self) -> None:
        if self._moving is not None:
            self._moving.stop()
            self._moving = None

    def _slew(self, from_v: float, to_v: float) -> Program:
        for step in range(1, STEPS + 1):
            self._present_v = from_v + (to_v - from_v) * step / STEPS
            self._rail.set_regulator(self._present_v)
            yield to_ns(self.parameters.slew_s / STEPS)

    def _volts(self) -> float:
        now_ns = self._timeline.now_ns
        start_ns = max(0, now_ns - APERTURE_NS)
        inside = self._on and not self.parameters.sense_at_device
        mean = self._rail.mean_regulator_v if inside else self._rail.mean_node_v
        return self.parameters.meter_gain * mean(start_ns, now_ns)

    def _amps(self) -> float:
        now_ns = self._timeline.now_ns
        amps = self._rail.mean_source_a(max(0, now_ns - APERTURE_NS), now_ns) if self._on else 0.0
        return amps + self.parameters.meter_offset_a


def _short(header: str) -> str:
    """The short form of a header: `:MEASure:VOLTage:DC?` is MEAS:VOLT?."""
    query = "?" if header.endswith("?") else ""
    parts = [part for part in header.rstrip("?").upper().lstrip(":").split(":") if part]
    if parts and parts[0] in ("SOUR", "SOURCE"):
        parts = parts[1:]
    long = {"MEASURE": "MEAS", "VOLTAGE": "VOLT", "CURRENT": "CURR", "OUTPUT": "OUTP", "SYSTEM": "SYST", "ERROR": "ERR"}
    long |= {"INSTRUMENT": "INST", "NSELECT": "NSEL", "PROTECTION": "PROT"}
    found = [long.get(part, part) for part in parts]
    while len(found) > 1 and found[-1] in OPTIONAL:
        found.pop()
    return ":".join(found) + query
