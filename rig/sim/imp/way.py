"""What every step of a connection works with: the device, its radio, its surroundings, its LED, and a deadline."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from rig.config.spread import Spread
from rig.sim.imp.air import Air
from rig.sim.imp.chip import ImpChip
from rig.sim.imp.radio import Radio
from rig.sim.physics.process import Program
from rig.sim.physics.timeline import to_ns

Step = Generator[int, None, bool]  # True: go on to the next one


@dataclass
class Way:
    """One attempt. `wired`: it goes without the radio."""

    chip: ImpChip
    radio: Radio
    air: Air
    show: Callable[[str], None]
    deadline_ns: int
    wired: bool = False

    @property
    def over(self) -> bool:
        return self.chip.timeline.now_ns >= self.deadline_ns

    def busy(self, duration_ns: int) -> Program:
        if not self.wired:
            yield from self.radio.active(duration_ns)
            return
        # Assumed: an Ethernet interface takes what the radio takes between two transmissions.
        self.chip.draw("radio", self.chip.character["radio_base_a"])
        yield duration_ns

    def take(self, delay: Spread) -> Program:
        """A step that takes as long as the network makes it."""
        yield from self.busy(to_ns(delay.draw(self.chip.rng)))

    def own(self, name: str) -> Program:
        """A step that takes as long as the device does."""
        yield from self.busy(self.chip.character.ns(name))

    def stuck(self) -> Program:
        """Keep trying what doesn't work until the deadline."""
        while not self.over:
            yield from self.busy(to_ns(1.0))
