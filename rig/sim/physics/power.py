"""The device's supply as a circuit: source, resistances, switch, bulk capacitance, load.

Between two events everything is constant but the node voltage, which then runs along one exponential, so each stretch
is solved in closed form and threshold crossings are known to the nanosecond. The source is a regulator that can't
sink current, with an optional current limit; the bulk capacitor has a series resistance.

Model: spec of the simulated world, section "Supply and imp"; every value is a parameter.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from rig.sim.physics.power_stretch import NEVER_S, Stretch
from rig.sim.physics.timeline import NS_PER_S, Event, EventTimeline

HISTORY_NS = NS_PER_S  # longest look-back of any converter on the rail
SETTLED_TAUS = 45.0  # exp(-45) is 3e-20: of a swing of volts nothing is left that a float could hold
LEAST_OHM = 1e-6  # stands for no resistance at all where a time constant is needed


@dataclass(frozen=True)
class RailParameters:
    """What the supply is made of. Resistances in ohm, capacitance in farad."""

    source_ohm: float = 0.05
    shunt_ohm: float = 0.1
    switch_ohm: float = 0.052
    contact_ohm: float = 0.02
    series_ohm: float = 6.8
    limit_a: float = 2.0
    bulk_f: float = 22e-6
    bulk_esr_ohm: float = 0.02
    bleed_ohm: float = 100_000.0
    discharge_ohm: float = 330.0


class Crossing:
    """A callback for when the node passes `v` volts in one direction."""

    __slots__ = ("action", "rising", "v")

    def __init__(self, v: float, rising: bool, action: Callable[[], None]) -> None:
        self.v = v
        self.rising = rising
        self.action = action


class SupplyRail:
    """The circuit, and its history for the converters that look at it.

    `set_...` change one thing at the present time. `v_now`, `mean_node_v`, `mean_source_a` and `mean_regulator_v`
    read it. Crossings are events of the timeline.
    """

    def __init__(self, timeline: EventTimeline, parameters: RailParameters) -> None:
        self.timeline = timeline
        self.parameters = parameters
        self._own_f = parameters.bulk_f
        self._set_v = 0.0
        self._on = False
        self._switch_input = False
        self._stuck_on = False
        self._limit_a = parameters.limit_a
        self._series_in = False
        self._contact_ohm = parameters.contact_ohm
        self._load_a = 0.0
        self._capacitor_v = 0.0
        self._crossings: list[Crossing] = []
        self._next: Event | None = None
        self._stretches: deque[Stretch] = deque()
        self._mode = "blocked"
        self._solve()

    # What may change.

    def set_regulator(self, volts: float) -> None:
        """The regulator gives `volts` from now on."""
        self._change(lambda: setattr(self, "_set_v", volts))

    def set_switch(self, on: bool) -> None:
        """The input of the load switch asks it to conduct, or not to."""
        self._switch_input = on
        self._change(lambda: setattr(self, "_on", on or self._stuck_on))

    def set_stuck_on(self, stuck: bool) -> None:
        """With `stuck`, the load switch conducts whatever its input says."""
        self._stuck_on = stuck
        self.set_switch(self._switch_input)

    def set_limit(self, amps: float) -> None:
        """The source gives no more than `amps` from now on."""
        self._change(lambda: setattr(self, "_limit_a", amps))

    def set_series(self, inserted: bool) -> None:
        """The series resistor is put into the line, or taken out."""
        self._change(lambda: setattr(self, "_series_in", inserted))

    def set_series_ohm(self, ohm: float) -> None:
        """Another series resistor, whether it is in the line or not."""
        self._change(lambda: setattr(self, "parameters", replace(self.parameters, series_ohm=ohm)))

    def set_added_f(self, farad: float) -> None:
        """A capacitor beside the device's own, uncharged as the node has to be."""
        own_f = self._own_f
        self._change(lambda: setattr(self, "parameters", replace(self.parameters, bulk_f=own_f + farad)))

    def set_contact(self, ohm: float) -> None:
        """The contact has this resistance from now on."""
        self._change(lambda: setattr(self, "_contact_ohm", ohm))

    def set_load(self, amps: float) -> None:
        """The device draws `amps` from now on."""
        if amps != self._load_a:
            self._change(lambda: setattr(self, "_load_a", amps))

    def when_crossing(self, v: float, *, rising: bool, action: Callable[[], None]) -> Crossing:
        """Call `action` once when the node passes `v`; it is forgotten then. `forget` cancels it."""
        crossing = Crossing(v, rising, action)
        self._crossings.append(crossing)
        self._change(lambda: None)
        return crossing

    def forget(self, crossing: Crossing) -> None:
        """Cancel a crossing; nothing happens if it is over."""
        if crossing in self._crossings:
            self._crossings.remove(crossing)

    # What can be seen.

    @property
    def v_now(self) -> float:
        """The voltage at the device's terminals now."""
        stretch = self._stretches[-1]
        # An event comes up to 2 ns late: a steep fall may have gone a little below ground by then.
        return max(0.0, stretch.v_at((self.timeline.now_ns - stretch.start_ns) / NS_PER_S))

    @property
    def regulator_v(self) -> float:
        """The volts that the regulator is set to."""
        return self._set_v

    @property
    def switch_on(self) -> bool:
        """Whether the load switch conducts."""
        return self._on

    @property
    def series_in(self) -> bool:
        """Whether the series resistor is in the line."""
        return self._series_in

    @property
    def load_a(self) -> float:
        """The amperes that the device draws."""
        return self._load_a

    def mean_node_v(self, start_ns: int, end_ns: int) -> float:
        """Average node voltage over an interval of the last second (one instant if it is empty)."""
        if end_ns <= start_ns:
            end_ns = start_ns + 1
        last = self._stretches[-1]
        if start_ns >= last.settled_ns:
            return last.end_v
        if start_ns >= last.start_ns:
            offset_ns = last.start_ns
            volt_s = last.integral((start_ns - offset_ns) / NS_PER_S, (end_ns - offset_ns) / NS_PER_S)
            return volt_s * NS_PER_S / (end_ns - start_ns)
        total = 0.0
        for stretch, from_s, to_s in self._within(start_ns, end_ns):
            total += stretch.integral(from_s, to_s)
        return total * NS_PER_S / (end_ns - start_ns)

    def mean_source_a(self, start_ns: int, end_ns: int) -> float:
        """Average current out of the source."""
        if end_ns <= start_ns:
            end_ns = start_ns + 1
        total = 0.0
        for stretch, from_s, to_s in self._within(start_ns, end_ns):
            total += stretch.current_gain * stretch.integral(from_s, to_s) + stretch.current_offset * (to_s - from_s)
        return total * NS_PER_S / (end_ns - start_ns)

    def mean_regulator_v(self, start_ns: int, end_ns: int) -> float:
        """Average voltage behind the source resistance and the shunt, before the switch."""
        if end_ns <= start_ns:
            end_ns = start_ns + 1
        total = 0.0
        for stretch, from_s, to_s in self._within(start_ns, end_ns):
            if stretch.open_v is not None:
                total += stretch.open_v * (to_s - from_s)
                continue
            node = stretch.integral(from_s, to_s)
            current = stretch.current_gain * node + stretch.current_offset * (to_s - from_s)
            total += node + stretch.downstream_ohm * current
        return total * NS_PER_S / (end_ns - start_ns)

    def _within(self, start_ns: int, end_ns: int) -> list[tuple[Stretch, float, float]]:
        parts = []
        until_ns = end_ns
        for stretch in reversed(self._stretches):
            from_ns = max(stretch.start_ns, start_ns)
            if from_ns < until_ns:
                offset = stretch.start_ns
                parts.append((stretch, (from_ns - offset) / NS_PER_S, (until_ns - offset) / NS_PER_S))
                until_ns = from_ns
            if from_ns <= start_ns:
                break
        return parts

    # The circuit.

    def _change(self, change: Callable[[], object]) -> None:
        self._keep_capacitor()
        change()
        self._solve()

    def _keep_capacitor(self) -> None:
        """Carry the capacitor's voltage to the present time: it runs with the node's time constant to the same end."""
        stretch = self._stretches[-1]
        away_v = self._capacitor_v - stretch.end_v
        t_s = (self.timeline.now_ns - stretch.start_ns) / NS_PER_S
        self._capacitor_v = max(0.0, self._capacitor_v + away_v * math.expm1(-t_s / stretch.tau_s))

    def _path_ohm(self) -> float:
        p = self.parameters
        series = p.series_ohm if self._series_in else 0.0
        return p.source_ohm + p.shunt_ohm + p.switch_ohm + self._contact_ohm + series

    def _modes(self, leak: float) -> tuple[str, float, float]:
        """(mode, Thevenin voltage, Thevenin resistance) of source, load and leak as the capacitor sees them."""
        blocked = ("blocked", -self._load_a / leak, 1.0 / leak)
        if not self._on:
            return blocked
        ohm = self._path_ohm()
        thevenin_ohm = ohm / (1.0 + leak * ohm)
        thevenin_v = (self._set_v - self._load_a * ohm) / (1.0 + leak * ohm)
        node_v = max(0.0, self._node(thevenin_v, thevenin_ohm))
        amps = (self._set_v - node_v) / ohm
        if amps > self._limit_a:
            return "limited", (self._limit_a - self._load_a) / leak, 1.0 / leak
        if amps < 0.0:
            return blocked
        return "regulated", thevenin_v, thevenin_ohm

    def _node(self, thevenin_v: float, thevenin_ohm: float) -> float:
        esr = self.parameters.bulk_esr_ohm
        return (thevenin_v * esr + self._capacitor_v * thevenin_ohm) / (thevenin_ohm + esr)

    def _solve(self) -> None:
        """Start a new stretch now and schedule the first thing that will happen on it."""
        p = self.parameters
        now_ns = self.timeline.now_ns
        leak = 1.0 / p.bleed_ohm + (0.0 if self._on else 1.0 / p.discharge_ohm)
        mode, thevenin_v, thevenin_ohm = self._modes(leak)
        node_v = self._node(thevenin_v, thevenin_ohm)
        if thevenin_v < 0.0 and node_v <= 0.0:
            # Nothing pulls the node below ground: the load starves, what is left in the capacitor runs through its ESR.
            thevenin_v, thevenin_ohm, node_v = 0.0, 0.0, 0.0
        ohm = self._path_ohm()
        gain, offset = {
            "regulated": (-1.0 / ohm, self._set_v / ohm),
            "limited": (0.0, self._limit_a),
            "blocked": (0.0, 0.0),
        }[mode]
        tau_s = p.bulk_f * max(thevenin_ohm + p.bulk_esr_ohm, LEAST_OHM)
        downstream_ohm = ohm - p.source_ohm - p.shunt_ohm
        open_v = None if self._on else self._set_v
        settled_ns = now_ns + math.ceil(SETTLED_TAUS * tau_s * NS_PER_S)
        stretch = Stretch(now_ns, node_v, thevenin_v, tau_s, gain, offset, downstream_ohm, open_v, settled_ns)
        self._mode = mode
        if self._stretches and self._stretches[-1].start_ns == now_ns:
            self._stretches.pop()
        self._stretches.append(stretch)
        while len(self._stretches) > 1 and self._stretches[1].start_ns < now_ns - HISTORY_NS:
            self._stretches.popleft()
        self._schedule(stretch)

    def _boundaries(self) -> list[float]:
        """Node voltages at which the source changes its mode."""
        knee_v = self._set_v - self._limit_a * self._path_ohm()
        if not self._on:
            return [0.0]
        return {"regulated": [knee_v, 0.0], "limited": [knee_v, 0.0], "blocked": [self._set_v, 0.0]}[self._mode]

    def _schedule(self, stretch: Stretch) -> None:
        if self._next is not None:
            self._next.cancel()
        rising = stretch.end_v > stretch.start_v
        soonest_s = NEVER_S
        crossing_due: Crossing | None = None
        for crossing in self._crossings:
            if crossing.rising == rising:
                t_s = stretch.time_to(crossing.v)
                already_there = stretch.start_v >= crossing.v if rising else stretch.start_v <= crossing.v
                t_s = 0.0 if already_there else t_s
            else:
                past = stretch.start_v > crossing.v if crossing.rising else stretch.start_v < crossing.v
                t_s = 0.0 if past else NEVER_S
            if t_s < soonest_s:
                soonest_s, crossing_due = t_s, crossing
        for boundary_v in self._boundaries():
            t_s = stretch.time_to(boundary_v)
            if t_s < soonest_s:
                soonest_s, crossing_due = t_s, None
        if soonest_s is NEVER_S or soonest_s > 1e6:
            return
        due_ns = stretch.start_ns + math.ceil(soonest_s * NS_PER_S) + 1
        if crossing_due is None:
            self._next = self.timeline.at(due_ns, lambda: self._change(lambda: None))
        else:
            due = crossing_due
            self._next = self.timeline.at(due_ns, lambda: self._crossed(due))

    def _crossed(self, crossing: Crossing) -> None:
        if crossing in self._crossings:  # a crossing may have been forgotten since this event was scheduled
            self._crossings.remove(crossing)
            crossing.action()
        self._change(lambda: None)
