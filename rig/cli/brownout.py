"""`rig brownout`: find the edge at which a device no longer gets online, and map it over two quantities."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from rig.bench.bench import Bench, open_bench
from rig.bench.experiments import SupplyCondition, configure, gets_online, survives_gap, sweep_voltage
from rig.cli.options import with_groups
from rig.cli.output import say, write_picture
from rig.cli.renamed import RenamedOptionsCommand
from rig.errors import ConfigError
from rig.report.results import ResultsFile
from rig.supply.edge.hysteresis import hysteresis
from rig.supply.edge.search import Space, Trial, find_threshold
from rig.supply.edge.shmoo import Axis, Shmoo, ShmooRun, explore

app = typer.Typer(
    help="Where a device stops getting online: edges and maps, by real power cycles. The supply moves.",
    no_args_is_help=True,
)


class EdgeQuantity(StrEnum):
    """What a search or a map varies."""

    VOLTS = "volts"
    SERIES_OHM = "series-ohm"
    GAP_MS = "gap-ms"


UNITS = {EdgeQuantity.VOLTS: "V", EdgeQuantity.SERIES_OHM: "ohm", EdgeQuantity.GAP_MS: "ms"}
RANGES = {EdgeQuantity.VOLTS: (1.8, 3.3), EdgeQuantity.SERIES_OHM: (0.1, 10.0), EdgeQuantity.GAP_MS: (0.5, 60.0)}
# Sigma of the edge that is thought possible, narrowest and widest, in the quantity's unit; assumed.
WIDTHS = {EdgeQuantity.VOLTS: (0.001, 0.010), EdgeQuantity.SERIES_OHM: (0.005, 0.2), EdgeQuantity.GAP_MS: (0.02, 2.0)}
STEPS = 900
LAPSE = 0.002
HEADINGS = {
    EdgeQuantity.VOLTS: "lowest voltage at which it gets online",
    EdgeQuantity.SERIES_OHM: "highest series resistance at which it gets online",
    EdgeQuantity.GAP_MS: "longest gap of the supply that it survives",
}

Out = Annotated[
    Path,
    typer.Option("--out", metavar="FILE.jsonl", help="Results, kept run by run; the same command goes on with it."),
]


@dataclass(frozen=True)
class DeviceOptions:
    """Which device on which bench, and the network that it is configured for."""

    bench: Annotated[str, typer.Option("--bench", metavar="NAME|PATH", help="The bench that the device is on.")] = (
        "simulated"
    )
    device: Annotated[str | None, typer.Option("--dut", metavar="NAME|PATH", help="Device; default: the bench's.")] = (
        None
    )
    network: Annotated[str, typer.Option("--network", help="Declared network that the device is given.")] = "home"
    seed: Annotated[int | None, typer.Option("--seed", help="Individuals of a simulated bench.")] = None

    @contextmanager
    def open(self) -> Iterator[Bench]:
        """Open the bench, and say which one it is."""
        with open_bench(self.bench, device=self.device, seed=self.seed) as opened:
            say(f"bench: {opened.config.name} ({opened.config.stands_for}), device: {opened.device.name}")
            yield opened


@dataclass(frozen=True)
class SearchOptions:
    """The range of a search in the quantity's unit, and when it ends."""

    low: Annotated[float | None, typer.Option("--low", help="Where the search begins.")] = None
    high: Annotated[float | None, typer.Option("--high", help="Where it ends.")] = None
    tolerance: Annotated[
        float | None, typer.Option("--tolerance", help="Good enough; default: 0.5 % of the whole range.")
    ] = None
    most: Annotated[int, typer.Option("--most", min=1, help="Largest number of attempts.")] = 14
    widest: Annotated[float | None, typer.Option("--widest-edge", help="Sigma of the widest edge possible.")] = None

    def space(self, quantity: EdgeQuantity) -> Space:
        """The search space for a quantity; raises ConfigError for an unusable range."""
        low, high = RANGES[quantity]
        low, high = (self.low if self.low is not None else low), (self.high if self.high is not None else high)
        narrowest, widest = WIDTHS[quantity]
        return Space(
            low,
            high,
            (high - low) / STEPS if high > low else 1.0,
            (min(narrowest, self.widest or 1.0), self.widest or widest),
            UNITS[quantity],
            quantity is EdgeQuantity.VOLTS,
            LAPSE,
        )


@dataclass(frozen=True)
class MapOptions:
    """The two ranges of a map and its size."""

    volts_low: Annotated[float, typer.Option("--volts-low", help="Leftmost voltage, V.")] = 2.2
    volts_high: Annotated[float, typer.Option("--volts-high", help="Rightmost voltage, V.")] = 3.4
    low: Annotated[float | None, typer.Option("--low", help="Lowest value up the map.")] = None
    high: Annotated[float | None, typer.Option("--high", help="Highest value up the map.")] = None
    cells: Annotated[int, typer.Option("--cells", min=2, max=64, help="Cells in each direction.")] = 16
    most: Annotated[int | None, typer.Option("--most", min=1, help="Runs in all; default: a third of the cells.")] = (
        None
    )

    def axes(self, against: EdgeQuantity) -> tuple[Axis, Axis]:
        """Voltage across and the other quantity up; raises ConfigError for an unusable range."""
        bottom, top = RANGES[against]
        across = Axis("supply", "V", _values(self.volts_low, self.volts_high, self.cells), helps=True)
        low, high = (bottom if self.low is None else self.low), (top if self.high is None else self.high)
        return across, Axis(against.value, UNITS[against], _values(low, high, self.cells), helps=False)

    @property
    def runs(self) -> int:
        """How many runs the map takes in all."""
        return self.most if self.most is not None else max(1, self.cells * self.cells // 3)


@app.command(
    "find",
    cls=RenamedOptionsCommand,
    epilog="Example: rig brownout find volts --low 2.2 --high 3.0 --out edge.jsonl",
)
@with_groups
def find_edge(
    quantity: Annotated[EdgeQuantity, typer.Argument(help="What is varied from attempt to attempt.")],
    out: Out,
    dut: DeviceOptions,
    search: SearchOptions,
    volts: Annotated[
        float | None, typer.Option("--volts", help="Fixed set point, V; default: the device's nominal one.")
    ] = None,
) -> None:
    """Search the value at which half of the attempts succeed, each attempt a power cycle; give it with its interval."""
    space = search.space(quantity)
    settings = {"experiment": "find", "quantity": quantity.value, "volts": volts, "low": space.low, "high": space.high}
    results = ResultsFile(out, {**settings, **vars(dut)})
    before = [Trial(row["at"], row["passed"]) for row in results.rows]
    if before:
        say(f"{out}: going on after {len(before)} attempts")

    def keep(trial: Trial) -> None:
        results.append(asdict(trial))
        say(f"  {trial.at:8.4g} {space.unit}: {'passed' if trial.passed else 'failed'}")

    with dut.open() as bench:
        attempt = _attempt(bench, dut.network, quantity, None, volts)
        threshold = find_threshold(
            lambda at: attempt(at, 0.0),
            space,
            tolerance=search.tolerance or 0.005 * (space.high - space.low),
            most=search.most,
            before=before,
            seen=keep,
        )
    say(f"{HEADINGS[quantity]}: {threshold}")


@app.command(
    "map",
    cls=RenamedOptionsCommand,
    epilog="Example: rig brownout map series-ohm --cells 16 --out map.jsonl --picture map.png",
)
@with_groups
def map_edge(
    against: Annotated[EdgeQuantity, typer.Argument(help="What goes up the map; voltage goes across.")],
    out: Out,
    dut: DeviceOptions,
    options: MapOptions,
    picture: Annotated[Path | None, typer.Option("--picture", metavar="OUT.png", help="Draw the map.")] = None,
) -> None:
    """Map where the device gets online over voltage and another quantity, with a third of the runs of a full grid."""
    if against is EdgeQuantity.VOLTS:
        raise ConfigError("map: voltage goes across already; name series-ohm or gap-ms")
    across, up = options.axes(against)
    results = ResultsFile(out, {"experiment": "map", **vars(dut), "across": asdict(across), "up": asdict(up)})
    before = [ShmooRun(row["x"], row["y"], row["passed"]) for row in results.rows]
    if before:
        say(f"{out}: going on after {len(before)} runs")

    def keep(run: ShmooRun) -> None:
        results.append(asdict(run))
        where = f"{across.values[run.x]:.3g} V, {up.values[run.y]:.3g} {up.unit}"
        say(f"  {len(results.rows):4d} of {options.runs}: {where}: {'passed' if run.passed else 'failed'}")

    shmoo = Shmoo(across, up, before)
    if len(before) < options.runs:
        with dut.open() as bench:
            attempt = _attempt(bench, dut.network, EdgeQuantity.VOLTS, against, None)
            shmoo = explore(attempt, across, up, most=options.runs, before=before, seen=keep)
    _print_map(shmoo)
    if picture is not None:
        from rig.report.pictures.observation import png
        from rig.report.pictures.shmoo import draw_shmoo  # matplotlib takes a second to import

        write_picture(picture, png(draw_shmoo(shmoo, title=f"bench {dut.bench}: where the device gets online")))
        say(f"picture: {picture}")


@app.command(
    "sweep",
    cls=RenamedOptionsCommand,
    epilog="Example: rig brownout sweep --low 2.4 --high 3.0 --step 0.05 --repeats 3",
)
@with_groups
def sweep_both_ways(
    dut: DeviceOptions,
    low: Annotated[float, typer.Option("--low", help="Lowest voltage, V.")] = 2.4,
    high: Annotated[float, typer.Option("--high", help="Highest voltage, V.")] = 3.0,
    step: Annotated[float, typer.Option("--step", help="Step, V.")] = 0.05,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Sweeps in each direction.")] = 3,
) -> None:
    """Step the voltage up and down without power cycles: does it take more to get online than to stay there?"""
    if not 0 < step <= high - low:
        raise ConfigError(f"sweep from {low:g} to {high:g} V in steps of {step:g}: expected a step within the range")
    rising = _values(low, high, round((high - low) / step) + 1)
    with dut.open() as bench:
        configure(bench, dut.network)
        ups = [(rising, sweep_voltage(bench, rising)) for _ in range(repeats)]
        downs = [(rising[::-1], sweep_voltage(bench, rising[::-1])) for _ in range(repeats)]
    say(str(hysteresis(ups, downs)))


def _values(low: float, high: float, count: int) -> tuple[float, ...]:
    if not low < high:
        raise ConfigError(f"range from {low:g} to {high:g}: expected the lower end first")
    return tuple(round(float(v), 6) for v in np.linspace(low, high, count))


def _attempt(
    bench: Bench, network: str, first: EdgeQuantity, second: EdgeQuantity | None, volts: float | None
) -> Callable[[float, float], bool]:
    """One attempt on the bench as a function of one or two quantities; the device is configured here."""
    varied = {first, second}
    if EdgeQuantity.SERIES_OHM in varied:
        bench.require("supply.decade")
    configure(bench, network)
    fixed_v = bench.device.supply.nominal_v if volts is None else volts

    def attempt(a: float, b: float) -> bool:
        given: dict[Any, float] = {first: a, second: b}
        at_v = given.get(EdgeQuantity.VOLTS, fixed_v)
        if EdgeQuantity.GAP_MS in varied:
            return survives_gap(bench, at_v, given[EdgeQuantity.GAP_MS] / 1000.0)
        return gets_online(bench, SupplyCondition(at_v, given.get(EdgeQuantity.SERIES_OHM, 0.0)))

    return attempt


def _print_map(shmoo: Shmoo) -> None:
    """The map in letters, hardest row first: # passes, . fails, ? open."""
    chance = shmoo.passing()
    for y in reversed(range(len(shmoo.up.values))):
        marks = "".join("#" if p > 0.9 else "." if p < 0.1 else "?" for p in chance[:, y])
        say(f"{shmoo.up.values[y]:9.3g} {shmoo.up.unit:4} {marks}")
    say(f"{'':14} {shmoo.across.values[0]:.3g} to {shmoo.across.values[-1]:.3g} {shmoo.across.unit}")
