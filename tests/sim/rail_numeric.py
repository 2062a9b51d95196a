"""The rail integrated in small steps: many random rails at once, written from the circuit and not from the solution.

Circuit: an EMF that can't sink, with a current limit, behind `ohm`; a node with leaks and a constant-current load that
starves at 0 V; a capacitor with a series resistance. All cases run side by side, each with its own step.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.sim.physics.power import RailParameters, SupplyRail

Floats = NDArray[np.float64]

STEPS = 4000
GRID = 40  # steps between two looks; changes happen in the middle between two looks
MODES = ("regulated", "limited", "blocked", "off", "grounded")


@dataclass(frozen=True)
class Change:
    """At step `step` the supply's `what` becomes `value`."""

    step: int
    what: str
    value: float


@dataclass(frozen=True)
class Case:
    parameters: RailParameters
    step_ns: int
    changes: tuple[Change, ...]


def apply(rail: SupplyRail, change: Change) -> None:
    setter = {
        "set": rail.set_regulator,
        "load": rail.set_load,
        "contact": rail.set_contact,
        "on": lambda v: rail.set_switch(bool(v)),
        "series": lambda v: rail.set_series(bool(v)),
    }[change.what]
    setter(change.value)


def random_case(rng: random.Random, *, esr: bool | None = None) -> Case:
    with_esr = rng.random() < 0.6 if esr is None else esr
    parameters = RailParameters(
        source_ohm=rng.uniform(0.05, 8.0) if rng.random() < 0.4 else rng.uniform(0.05, 0.3),
        contact_ohm=rng.uniform(0.01, 0.05),
        series_ohm=rng.uniform(1.0, 10.0),
        limit_a=rng.choice((0.1, 0.3, 0.5, 1.0, 2.0, 1e9)),
        bulk_f=10 ** rng.uniform(-7, np.log10(2200e-6)),
        bulk_esr_ohm=rng.uniform(0.005, 0.5) if with_esr else 0.0,
        bleed_ohm=rng.choice((1e3, 1e5)),
        discharge_ohm=rng.choice((33.0, 330.0)),
    )
    changes = [Change(0, "set", rng.uniform(2.5, 3.6)), Change(0, "on", 1.0)]
    for _ in range(rng.randrange(6, 16)):
        step = GRID // 2 + GRID * rng.randrange(STEPS // GRID)
        what = rng.choice(("load", "load", "load", "set", "on", "on", "series", "contact"))
        value = {
            "load": rng.choice((0.0, 1e-4, 0.025, 0.25, 0.4, rng.uniform(0.0, 0.6))),
            "set": rng.choice((0.0, 1.0, rng.uniform(1.5, 3.6))),
            "on": float(rng.random() < 0.6),
            "series": float(rng.random() < 0.5),
            "contact": rng.choice((0.02, 2.0, 8.0)),
        }[what]
        changes.append(Change(step, what, value))
    path_ohm = parameters.source_ohm + parameters.shunt_ohm + parameters.switch_ohm + 0.01
    fastest_s = parameters.bulk_f * (path_ohm + parameters.bulk_esr_ohm)
    if with_esr:  # an emptied capacitor runs through its own resistance alone
        fastest_s = min(fastest_s, 5 * parameters.bulk_f * parameters.bulk_esr_ohm)
    step_ns = int(np.clip(round(0.08 * fastest_s * 1e9), 1, 1000))
    return Case(parameters, step_ns, tuple(sorted(changes, key=lambda change: change.step)))


class Numeric:
    """Traces of all cases: `v` at every step's start, and means of node, source and regulator between two looks."""

    def __init__(self, cases: list[Case]) -> None:
        self.cases = cases
        count = len(cases)
        self._p = {
            name: np.array([getattr(case.parameters, name) for case in cases])
            for name in RailParameters.__dataclass_fields__
        }
        self._state = {name: np.zeros(count) for name in ("set", "on", "series", "load")}
        self._state["contact"] = self._p["contact_ohm"].copy()
        self.v = np.zeros((STEPS + 1, count))
        self.means = np.zeros((STEPS // GRID, 3, count))
        self.modes: set[str] = set()
        self._run()

    def _circuit(self, capacitor: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """(slope of the capacitor's voltage, node, source current, regulator's output) now."""
        p, s = self._p, self._state
        on = s["on"] > 0
        ohm, esr, limit = self._ohm, p["bulk_esr_ohm"], p["limit_a"]
        leak, load, emf = self._leak, s["load"], s["set"]
        ideal = esr == 0.0
        conductance = 1.0 / np.where(ideal, 1.0, esr)
        pull = capacitor * conductance - load
        blocked = pull / (conductance + leak)
        limited = (pull + limit) / (conductance + leak)
        regulated = (pull + emf / ohm) / (conductance + leak + 1.0 / ohm)
        # The source's current falls with the node's voltage, so the one that holds lies between the two extremes.
        node = np.where(on, np.clip(regulated, blocked, limited), blocked)
        node = np.maximum(np.where(ideal, capacitor, node), 0.0)
        amps = np.where(on, np.clip((emf - node) / ohm, 0.0, limit), 0.0)
        free = amps - leak * node - load
        into = np.where(ideal, free, (node - capacitor) * conductance)
        regulator = np.where(on, node + amps * (ohm - p["source_ohm"] - p["shunt_ohm"]), emf)
        return into / p["bulk_f"], node, amps, regulator

    def _note_modes(self, node: Floats, amps: Floats) -> None:
        on = self._state["on"] > 0
        limited = amps >= self._p["limit_a"] * (1 - 1e-9)
        for name, where in (
            ("off", ~on),
            ("limited", on & limited),
            ("blocked", on & (amps <= 0.0) & (node > 0.01)),
            ("regulated", on & ~limited & (amps > 0.0)),
            ("grounded", (node <= 0.0) & (self._state["load"] > 0.01)),
        ):
            if where.any():
                self.modes.add(name)

    def _change(self, step: int) -> None:
        p, s = self._p, self._state
        for index, case in enumerate(self.cases):
            for change in case.changes:
                if change.step == step:
                    s[change.what][index] = change.value
        self._ohm = p["source_ohm"] + p["shunt_ohm"] + p["switch_ohm"] + s["contact"] + p["series_ohm"] * s["series"]
        self._leak = 1.0 / p["bleed_ohm"] + np.where(s["on"] > 0, 0.0, 1.0 / p["discharge_ohm"])

    def _run(self) -> None:
        dt = np.array([case.step_ns for case in self.cases]) * 1e-9
        capacitor = np.zeros(len(self.cases))
        at = {change.step for case in self.cases for change in case.changes}
        for step in range(STEPS):
            if step in at:
                self._change(step)
            slope, node, amps, _ = self._circuit(capacitor)
            half = np.maximum(capacitor + slope * dt / 2, 0.0)
            middle = self._circuit(half)
            capacitor = np.maximum(capacitor + middle[0] * dt, 0.0)
            self.v[step] = node
            self.means[step // GRID] += np.array(middle[1:]) / GRID
            if step % GRID == 0:
                self._note_modes(node, amps)
        self.v[STEPS] = self._circuit(capacitor)[1]
