"""A GPIO chip with wires: the kernel's own in the guest of tests/kernel, else files that stand for it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IN_THE_LAB = "RIG_IN_KERNEL_LAB" in os.environ
FAKE = Path(__file__).parent / "fake_gpiod"
PERSIST = Path("/sys/module/rig_lab/parameters/persist")
LABEL = "pinctrl-rp1"
WIRES = {17: 22, 27: 25}


@dataclass(frozen=True)
class Lines:
    """A chip of 54 lines, GPIO 17 wired to 22 and 27 to 25. `devices` is the folder where chips are found."""

    devices: Path
    path: str
    gpiod: Any
    persist: Callable[[bool], None]

    def level(self, gpio: int) -> int:
        """The level of a line that nobody holds, left as it is."""
        as_it_is = self.gpiod.LineSettings(direction=self.gpiod.line.Direction.AS_IS)
        with self.gpiod.request_lines(self.path, config={gpio: as_it_is}) as request:
            return int(request.get_value(gpio) is self.gpiod.line.Value.ACTIVE)

    def output(self, high: bool = False) -> Any:
        """Settings of an output."""
        line = self.gpiod.line
        value = line.Value.ACTIVE if high else line.Value.INACTIVE
        return self.gpiod.LineSettings(direction=line.Direction.OUTPUT, output_value=value)
