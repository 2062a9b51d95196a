"""What a bench may be able to do to the device's surroundings. A bench that can't says so, and tests are skipped.

Capability names: `network` (put a declared network there), `environment` (ambient light and noise),
`blinkup.trilevel` (a grey leg); `network:NAME` is one certain network, which the device must have a way to reach. Of
the supply: `supply.programmable` (any voltage within the limits), `supply.current` and `supply.device_v` (measured),
`supply.series` (a resistor that weakens it), `supply.decade` (choose by how many ohm), `supply.capacitor` (put one
across the device), `supply.switched_dips` (interruptions of microseconds, timed by a wave).
What the device itself has is in `rig.config.device.DEVICE_CAPABILITIES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rig.config.device import DEVICE_CAPABILITIES, DeviceProfile
from rig.config.network import CAPABILITY_BY_LINK, AnyNetwork
from rig.config.suggest import did_you_mean
from rig.errors import ConfigError

BENCH_CAPABILITIES = (
    "network",
    "environment",
    "supply.programmable",
    "supply.current",
    "supply.device_v",
    "supply.series",
    "supply.decade",
    "supply.capacitor",
    "supply.switched_dips",
    "blinkup.trilevel",
)


def check_capability_name(capability: str) -> None:
    """
    Raises:
        ConfigError: there is no such capability on any bench.
    """
    if capability not in (*BENCH_CAPABILITIES, *DEVICE_CAPABILITIES) and not capability.startswith("network:"):
        names = (*BENCH_CAPABILITIES, *DEVICE_CAPABILITIES)
        there = f"{did_you_mean(capability, names)} there are {', '.join(names)} and network:NAME".strip()
        raise ConfigError(f"unknown capability {capability!r}; {there}")


def missing_for(device: DeviceProfile, network: AnyNetwork) -> str:
    """What the device lacks for this kind of network; empty if nothing."""
    needed = CAPABILITY_BY_LINK[network.link]
    return "" if needed in device.capabilities else needed


@dataclass(frozen=True)
class Surroundings:
    """Standard conditions for tests. `snr`: largest LED step over the deviation of one raw sample;
    `ambient` and `flicker` (amplitude at twice the mains frequency) in fractions of that step."""

    name: str
    snr: float
    ambient: float
    flicker: float


STANDARD_SURROUNDINGS = {
    s.name: s
    for s in (
        Surroundings("quiet-dark", snr=40.0, ambient=0.02, flicker=0.0),
        Surroundings("quiet-lit", snr=40.0, ambient=0.5, flicker=0.1),
        Surroundings("noisy-dark", snr=6.0, ambient=0.02, flicker=0.0),
        Surroundings("noisy-lit", snr=6.0, ambient=0.5, flicker=0.1),
    )
}


class NetworkControl(Protocol):
    """The networks that the device can meet on this bench."""

    def names(self) -> tuple[str, ...]:
        """The names of all networks of the bench."""
        ...

    def provide(self, name: str) -> AnyNetwork:
        """Make sure that this network is there and behaves as its file says."""
        ...


class CapacitorBank(Protocol):
    """Capacitors that can be put across the device's terminals."""

    def fit(self, farad: float) -> None:
        """Put a capacitor (F) across the device's supply; 0 takes it out."""
        ...


class SeriesDecade(Protocol):
    """A series resistor whose value can be chosen."""

    def fit(self, ohm: float) -> None:
        """Put a resistor (ohm) into the supply line; 0 takes it out."""
        ...


class EnvironmentControl(Protocol):
    """Light and noise around the device, and how much of the BlinkUp LED's light reaches it."""

    def apply(self, surroundings: Surroundings) -> None:
        """Make ambient light and noise what the surroundings say."""
        ...

    def set_blinkup_coupling(self, factor: float) -> None:
        """1 is the fixture as built; 0.25 is what is left at twice the distance (inverse square)."""
        ...
