"""A pass/fail map over two quantities, from far fewer runs than it has cells.

Assumption: more of a quantity that helps never hurts, and more of one that strains never helps, so the boundary is a
staircase. A forward-backward pass over the columns gives the posterior of all staircases, and the next run goes to the
cell whose result has the most expected information. Noise near the boundary and lapses are allowed for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rig.errors import ConfigError

Array = NDArray[np.float64]
EDGE_CELLS: Final = 0.35  # assumed: sigma of the edge, in cells
LAPSE: Final = 0.02  # assumed: share of results by chance
STEEPNESS: Final = 1.3  # jumps of the boundary between columns: weight (1 + jump) ** -STEEPNESS


@dataclass(frozen=True)
class Axis:
    """A quantity in `unit` and the values it takes, rising. `helps`: more of it makes a pass likelier.

    Raises:
        ConfigError: fewer than two values, or values that don't rise.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    helps: bool

    def __post_init__(self) -> None:
        if len(self.values) < 2 or any(b <= a for a, b in zip(self.values, self.values[1:], strict=False)):
            raise ConfigError(f"axis {self.name}: {len(self.values)} values; expected two or more, rising")


@dataclass(frozen=True)
class ShmooRun:
    """One run at column `x` and row `y` (indices into the axes' values)."""

    x: int
    y: int
    passed: bool


@dataclass(frozen=True)
class Boundary:
    """For each column the number of passing rows (0 to all), counted from the easiest row on.

    `rows` is the posterior median, `low` and `high` bound the central 95 %.
    """

    rows: tuple[float, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]


@dataclass
class Shmoo:
    """The posterior over all staircases on `across` (columns) and `up` (rows) given the runs so far."""

    across: Axis
    up: Axis
    runs: list[ShmooRun] = field(default_factory=list)

    def __post_init__(self) -> None:
        columns, rows = len(self.across.values), len(self.up.values)
        self._log: Array = np.zeros((columns, rows + 1))
        levels = np.arange(rows + 1)
        # Chance of a pass in a row, given how many rows pass: shape (rows, rows + 1).
        away = (levels[None, :] - np.arange(rows)[:, None] - 0.5) / EDGE_CELLS / math.sqrt(2.0)
        self._chance: Array = 0.5 * LAPSE + (1 - LAPSE) * 0.5 * (1 + np.vectorize(math.erf)(away))
        jump = levels[None, :] - levels[:, None]
        self._step: Array = np.where(jump >= 0, (1.0 + np.maximum(jump, 0)) ** -STEEPNESS, 0.0)
        before, self.runs = self.runs, []
        for cell in before:
            self.tell(cell)

    def tell(self, cell: ShmooRun) -> None:
        """Update the posterior with the result of one run.

        Raises:
            ConfigError: there is no such cell.
        """
        if not (0 <= cell.x < len(self.across.values) and 0 <= cell.y < len(self.up.values)):
            raise ConfigError(f"map: cell ({cell.x}, {cell.y}) lies outside {self._log.shape[0]} columns and its rows")
        column, row = self._placed(cell.x, cell.y)
        chance = self._chance[row]
        self._log[column] += np.log(chance if cell.passed else 1.0 - chance)
        self.runs.append(cell)

    def _placed(self, x: int, y: int) -> tuple[int, int]:
        """Column and row counted so that columns get easier and rows harder."""
        column = x if self.across.helps else len(self.across.values) - 1 - x
        row = y if not self.up.helps else len(self.up.values) - 1 - y
        return column, row

    def _weights(self) -> Array:
        """Chance of each number of passing rows in each column, shape (columns, rows + 1)."""
        likely = np.exp(self._log - self._log.max(axis=1, keepdims=True))
        forward, backward = np.empty_like(likely), np.ones_like(likely)
        forward[0] = likely[0]
        for j in range(1, len(likely)):
            forward[j] = likely[j] * (forward[j - 1] @ self._step)
            forward[j] /= forward[j].sum()
        for j in range(len(likely) - 2, -1, -1):
            backward[j] = self._step @ (likely[j + 1] * backward[j + 1])
            backward[j] /= backward[j].sum()
        weights = forward * backward
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    def next(self) -> tuple[int, int]:
        """Column and row (indices into the axes' values) of the run with the most expected information."""
        weights = self._weights()
        chance = weights @ self._chance.T
        gain = _entropy(chance) - weights @ _entropy(self._chance).T
        column, row = np.unravel_index(int(np.argmax(gain)), gain.shape)
        return self._placed(int(column), int(row))

    def passing(self) -> Array:
        """Chance (0..1) that a run passes, for each cell: shape (columns, rows) in the order of the axes' values."""
        chance = self._weights() @ self._chance.T
        chance = chance if self.across.helps else chance[::-1]
        return chance[:, ::-1] if self.up.helps else chance

    def boundary(self) -> Boundary:
        """The staircase, in the order of the columns' values."""
        share = np.cumsum(self._weights(), axis=1)
        share = share if self.across.helps else share[::-1]

        def at(q: float) -> tuple[int, ...]:
            return tuple(int(np.searchsorted(column, q)) for column in share)

        return Boundary(tuple(float(v) for v in at(0.5)), at(0.025), at(0.975))

    @property
    def settled(self) -> bool:
        """Whether every column's boundary is known to +- one cell."""
        found = self.boundary()
        return all(b - a <= 2 for a, b in zip(found.low, found.high, strict=True))


def _entropy(p: Array) -> Array:
    q = np.clip(p, 1e-12, 1.0 - 1e-12)
    return np.asarray(-(q * np.log(q) + (1.0 - q) * np.log(1.0 - q)))


def explore(
    attempt: Callable[[float, float], bool],
    across: Axis,
    up: Axis,
    *,
    most: int,
    before: Iterable[ShmooRun] = (),
    seen: Callable[[ShmooRun], None] = lambda _: None,
    until_settled: bool = False,
) -> Shmoo:
    """Run up to `most` cells, including those of `before`; `seen` is called with each new run at once.

    `attempt` takes the value across and the value up and returns whether the run passed. `until_settled` ends earlier,
    as soon as the boundary is known to +- one cell in every column.
    """
    shmoo = Shmoo(across, up, list(before))
    while len(shmoo.runs) < most and not (until_settled and shmoo.settled):
        x, y = shmoo.next()
        shmoo.tell(ShmooRun(x, y, attempt(across.values[x], up.values[y])))
        seen(shmoo.runs[-1])
    return shmoo
