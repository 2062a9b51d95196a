"""One attempt of the simulated imp to get online: the device, its radio, the networks, its LED, and a deadline."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from rig.config.spread import Spread
from rig.sim.imp.chip import ImpChip
from rig.sim.imp.networks import SurroundingNetworks
from rig.sim.imp.radio import RadioLoad
from rig.sim.physics.process import Program
from rig.sim.physics.timeline import to_ns

Step = Generator[int, None, bool]
"""A step of an attempt: yields waiting times in ns; returns True if the next step can follow."""


@dataclass
class ConnectionAttempt:
    """What every step of a connection works with. `show` puts a state on the LED; `wired` works without the radio."""

    chip: ImpChip
    radio: RadioLoad
    networks: SurroundingNetworks
    show: Callable[[str], None]
    deadline_ns: int
    wired: bool = False

    @property
    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return self.chip.timeline.now_ns >= self.deadline_ns

    def busy(self, duration_ns: int) -> Program:
        """Work for `duration_ns`, with the current that the radio or the Ethernet interface draws meanwhile.

        Raises:
            RadioFailed: the supply sagged below the radio's minimum.
        """
        if not self.wired:
            yield from self.radio.active(duration_ns)
            return
        # Assumed: an Ethernet interface takes what the radio takes between two transmissions.
        self.chip.set_current("radio", self.chip.individual["radio_base_a"])
        yield duration_ns

    def network_step(self, delay: Spread) -> Program:
        """A step that takes as long as the network makes it: a delay drawn from the device's random stream."""
        yield from self.busy(to_ns(delay.draw(self.chip.rng)))

    def device_step(self, name: str) -> Program:
        """A step that takes as long as the device does: its own value of the duration `name`."""
        yield from self.busy(self.chip.individual.ns(name))

    def retry_until_deadline(self) -> Program:
        """Keep trying what doesn't work until the deadline, a second at a time."""
        while not self.expired:
            yield from self.busy(to_ns(1.0))
