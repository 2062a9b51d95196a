"""Whether the kernel takes a dead program's line back as an input: tried on a real line at every opening.

A Raspberry Pi's kernel keeps a released output as it is unless config.txt has `dtparam=strict_gpiod` (all models;
mainline kernels always return it). The line of the load switch must not be high for a rehearsal: that would give the
device power. What the kernel does it does for all lines of a chip, so a line that does no harm is tried: the relay's or
the BlinkUp LED's. The level is read by a request that leaves the line as it is: one that asks for an input makes it
one, and would always find it low.
"""

from __future__ import annotations

import select
import time
from pathlib import Path
from typing import Final

from rig.config.bench import BenchConfig
from rig.drivers.kernel.chip import client, request_lines
from rig.drivers.kernel.keeper import KeeperProcess
from rig.errors import BenchFault

PARAMETERS: Final = Path("/sys/module")
DRIVERS: Final = ("pinctrl_rp1", "pinctrl_bcm2835")
FALLS_WITHIN_S: Final = 0.1
LOOK_EVERY_S: Final = 0.002
CURE: Final = (
    "put dtparam=strict_gpiod on a line of its own into /boot/firmware/config.txt and boot again (kernels since "
    "2024-05; update older ones)"
)


def harmless_gpio(config: BenchConfig) -> int | None:
    """A pin of the bench that may be high for a moment while the device has no power; None: there is none."""
    if config.supply.series is not None:
        return config.supply.series.gpio
    return config.blinkup.gpio if config.blinkup.active_high and config.blinkup.via != "spi" else None


def keeps_outputs(parameters: Path = PARAMETERS) -> bool | None:
    """What the kernel's drivers of a Pi's pins say of released outputs; None: they say nothing."""
    for driver in DRIVERS:
        try:
            said = (parameters / driver / "parameters" / "persist_gpio_outputs").read_text(encoding="ascii")
        except OSError:
            continue
        return said.strip() in ("Y", "1")
    return None


def line_returns(chip: str, gpio: int) -> float:
    """Drive a line high from a process of its own, kill that, and see the line low; returns the seconds it took.

    Raises:
        BenchFault: it was not high before, or is still high after.
    """
    process = KeeperProcess(chip, gpio)
    try:
        if not process.drive(True) or not process.level:
            raise BenchFault(
                f"keeper: GPIO {gpio} was driven high and reads low; is it shorted, or wired to an output?"
            )
        killed_s = time.monotonic()
        process.kill()
        if not process.ended_within(1.0):
            raise BenchFault(f"keeper: the process that holds GPIO {gpio} can't be killed")
    finally:
        process.end(kill=True)
    line = client().line
    as_it_is = client().LineSettings(direction=line.Direction.AS_IS)
    with request_lines(chip, {gpio: as_it_is}, "keeper: rehearsal") as request:
        while request.get_value(gpio) == line.Value.ACTIVE:
            if time.monotonic() - killed_s > FALLS_WITHIN_S:
                raise BenchFault(
                    f"keeper: GPIO {gpio} of {chip} stays high after the program that drove it was killed: the kernel "
                    f"keeps released outputs, so the device would keep its power if the rig died; {CURE}"
                )
            select.select([], [], [], LOOK_EVERY_S)
    return time.monotonic() - killed_s


def rehearse_return(config: BenchConfig, chip: str) -> str:
    """Make sure that a line falls when everything of ours dies at once; a fact for the report.

    Raises:
        BenchFault: it does not.
    """
    if keeps_outputs():
        raise BenchFault(f"keeper: this kernel keeps released outputs (persist_gpio_outputs is on); {CURE}")
    gpio = harmless_gpio(config)
    if gpio is None:
        return "NOT rehearsed (neither relay nor an LED that is dark when low); the kernel returning lines is assumed"
    took_s = line_returns(chip, gpio)
    return f"low {took_s * 1000:.0f} ms after SIGKILL, tried on GPIO {gpio}"
