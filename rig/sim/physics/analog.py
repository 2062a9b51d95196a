"""Voltages as converters see them: averages over an interval, never instants.

The converters of the bench have no sample-and-hold; they average over a whole conversion.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from rig.errors import ConfigError

_BLOCK = 512  # noise is drawn in blocks: one call to numpy costs as much as fifty values


class AnalogSource(Protocol):
    """A node of the circuit.

    `mean_v` returns the average voltage over `start_ns` <= t < `end_ns` (`end_ns` > `start_ns`, and never in the
    future). Successive calls on one source have non-decreasing `end_ns`, so each input of a chip needs a source of its
    own. The simulated chips ask lazily, for intervals that start at most two conversion periods before the present
    (period of the slowest setting in use, oscillator error included; INA219: shunt plus bus): that much a source must
    remember.
    """

    def mean_v(self, start_ns: int, end_ns: int) -> float:
        """Average volts from `start_ns` to `end_ns`."""
        ...


class Constant:
    """A node that stands still. `v` may be changed; the new voltage then holds for intervals not asked for yet."""

    def __init__(self, v: float) -> None:
        self.v = v

    def mean_v(self, start_ns: int, end_ns: int) -> float:
        """The constant voltage."""
        return self.v


class Divider:
    """`ratio` times another source: 0.5 for two equal resistors.

    Raises:
        ConfigError: `ratio` is not in 0..1.
    """

    def __init__(self, source: AnalogSource, ratio: float) -> None:
        if not 0.0 <= ratio <= 1.0:
            raise ConfigError(f"divider ratio is {ratio!r}; expected 0..1 (output over input)")
        self._source = source
        self._ratio = ratio

    def mean_v(self, start_ns: int, end_ns: int) -> float:
        """The divided average."""
        return self._source.mean_v(start_ns, end_ns) * self._ratio


class Noisy:
    """Another source plus Gaussian noise: `sigma_v` is the standard deviation of one average, whatever its interval.

    Give every Noisy its own `rng`: a shared one would make the noise depend on who is read first.

    Raises:
        ConfigError: `sigma_v` is negative.
    """

    def __init__(self, source: AnalogSource, sigma_v: float, rng: np.random.Generator) -> None:
        if not sigma_v >= 0.0:
            raise ConfigError(f"noise sigma is {sigma_v!r} V; expected 0 or more")
        self._source = source
        self._noise = normal(sigma_v, rng)

    def mean_v(self, start_ns: int, end_ns: int) -> float:
        """The average with one draw of noise."""
        return self._source.mean_v(start_ns, end_ns) + next(self._noise)


def normal(sigma: float, rng: np.random.Generator) -> Iterator[float]:
    """Endless normally distributed numbers, equal to those drawn one by one; nothing else may use `rng`."""
    while True:
        yield from (rng.standard_normal(_BLOCK) * sigma).tolist()
