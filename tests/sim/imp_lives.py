"""Simulated imps without the rig's drivers: supply and time are moved by hand, and their LED is written down."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from rig.config.bench import BenchConfig, load_bench
from rig.config.device import DeviceProfile, load_device
from rig.config.network import NetworkProfile, load_network
from rig.config.spread import spread
from rig.sim.imp.settings import ImpSettings
from rig.sim.physics.timeline import NS_PER_S, to_ns
from rig.sim.world import SimulatedWorld

ROOT = Path(__file__).parents[2]
COLOURS = {(False, False): "D", (True, False): "R", (False, True): "G", (True, True): "A"}


@cache
def bench() -> BenchConfig:
    return load_bench("simulated")


@cache
def imp003() -> DeviceProfile:
    return load_device("imp003")


def bench_with(**rail: float) -> BenchConfig:
    """The simulated bench with some of its rail's values fixed."""
    simulation = bench().simulation
    assert simulation is not None
    ranges = simulation.rail.model_copy(update={name: spread(value) for name, value in rail.items()})
    return bench().model_copy(update={"simulation": simulation.model_copy(update={"rail": ranges})})


def device_with(**values: float) -> DeviceProfile:
    """An imp003 with some of its drawn values fixed; `reset_sigma_v` too."""
    simulation = imp003().simulation
    sections = {}
    for name in ("currents", "timing", "thresholds", "light"):
        section = getattr(simulation, name)
        mine = {
            key: value if key == "reset_sigma_v" else spread(value)
            for key, value in values.items()
            if key in type(section).model_fields
        }
        sections[name] = section.model_copy(update=mine)
    return imp003().model_copy(update={"simulation": simulation.model_copy(update=sections)})


def settings_for(network: NetworkProfile) -> ImpSettings:
    return ImpSettings(ssid=network.ssid, password=network.password.get_secret_value())


class Life(SimulatedWorld):
    """A world whose LED changes are kept as (time in ns, colour)."""

    def __init__(self, seed: int = 1, config: BenchConfig | None = None, device: DeviceProfile | None = None) -> None:
        self.led_log: list[tuple[int, str]] = []
        super().__init__(config or bench(), device or imp003(), seed)
        self.rail.set_regulator(3.3)

    def _led_changed(self, red: bool, green: bool) -> None:
        self.led_log.append((self.timeline.now_ns, COLOURS[red, green]))
        super()._led_changed(red, green)

    def know(self, name: str, **changes: object) -> NetworkProfile:
        """Put a network on the air and its settings into the imp's flash."""
        network = load_network(name).model_copy(update=changes)
        self.set_networks((network,))
        self.imp.flash.settings = settings_for(network)
        return network

    def power(self, v: float = 3.3) -> None:
        self.rail.set_regulator(v)
        self.rail.set_switch(True)

    def run_to(self, t_s: float) -> None:
        self.timeline.advance_to(to_ns(t_s))

    def run(self, duration_s: float) -> None:
        self.timeline.elapse(to_ns(duration_s))

    @property
    def factor(self) -> float:
        return self.imp.individual["clock_factor"]

    def times(self, what: str) -> list[float]:
        """When `what` is in the imp's own history, in seconds."""
        return [t_ns / NS_PER_S for t_ns, text in self.imp.truth.history if text == what]

    def shown(self) -> list[str]:
        return [text.removeprefix("shows ") for _, text in self.imp.truth.history if text.startswith("shows ")]

    def colour_at(self, t_s: float) -> str:
        """The LED's colour just after `t_s`."""
        before = [colour for t_ns, colour in self.led_log if t_ns <= to_ns(t_s)]
        return before[-1] if before else "D"

    def runs(self, start_s: float, end_s: float) -> list[tuple[str, float]]:
        """(colour, seconds) of the whole stretches between two times; the cut ones at both ends are left out."""
        start_ns, end_ns = to_ns(start_s), to_ns(end_s)
        inside = [(t_ns, colour) for t_ns, colour in self.led_log if start_ns <= t_ns <= end_ns]
        return [(colour, (after - t_ns) / NS_PER_S) for (t_ns, colour), (after, _) in pairwise(inside)]


@dataclass(frozen=True)
class Golden:
    """One row of the golden LED catalogue: its cells as (colour, ms)."""

    kind: str
    cells: tuple[tuple[str, int], ...]


@cache
def golden() -> dict[str, Golden]:
    """The rows whose colours and lengths are known."""
    rows = {}
    for line in (ROOT / "fixtures/golden/led_codes.txt").read_text("utf-8").splitlines():
        name, kind, cells = (part.strip() for part in line.split(";")[:3])
        if kind == "cyclic" and all(re.fullmatch(r"[DRGA]\d+", cell) for cell in cells.split()):
            rows[name] = Golden(kind, tuple((cell[0], int(cell[1:])) for cell in cells.split()))
    return rows


def online_life(seed: int = 1) -> Life:
    life = Life(seed)
    life.know("home")
    life.power()
    life.run_to(5.0)
    assert life.imp.truth.online
    return life


def assert_follows(life: Life, state: str, start_s: float, end_s: float) -> None:
    """Between the two times the LED shows `state`'s cells, in order, in the imp's own time."""
    cells = golden()[state].cells
    runs = life.runs(start_s, end_s)
    assert len(runs) >= len(cells), f"only {len(runs)} whole stretches: nothing proved"
    wanted = [(colour, ms / 1000 * life.factor) for colour, ms in cells]
    for offset in range(len(cells)):
        pairs = [(run, wanted[(offset + index) % len(cells)]) for index, run in enumerate(runs)]
        if all(run[0] == cell[0] and math.isclose(run[1], cell[1], abs_tol=2e-9 + 1e-8) for run, cell in pairs):
            return
    pytest.fail(f"{runs[: 2 * len(cells)]} is nowhere in the cycle of {state}: {wanted}")
