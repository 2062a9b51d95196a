"""What a bench needs of the kernel: the pin factory, and the keeper of its load switch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rig.config.bench import BenchConfig
from rig.drivers.failsafe.switch_guard import Attention, GuardMaker, SwitchGuard
from rig.drivers.kernel.chip import find_chip
from rig.drivers.kernel.keeper import Keeper
from rig.drivers.kernel.keeper_guard import KeeperGuard
from rig.drivers.kernel.rehearsal import rehearse_return


@dataclass(frozen=True)
class KernelParts:
    """The opened chip: pins, who hears of looks, what makes the switch's guard, and facts for the report."""

    factory: Any
    attention: Attention
    guard: GuardMaker
    facts: dict[str, str]


class NobodyListens:
    """The attention of a bench whose supply is no load switch: its own fail-safe hears of looks."""

    def looked(self) -> None:
        """A test looks at the bench."""

    def ignore_this_thread(self) -> None:
        """What the calling thread does is no look."""


def open_kernel(config: BenchConfig, closing: list[Callable[[], None]]) -> KernelParts:
    """Open the chip of `config`: the switch's line low before anything else. `closing` gets what has to be undone.

    Raises:
        BenchConnectionError: no such chip, or another program has the line.
        BenchFault: the kernel does not take a dead program's lines back.
    """
    from rig.drivers.kernel.pin_factory import KernelFactory  # and with it gpiozero, which no file check needs

    label, path = find_chip(config.gpio.chip)
    facts = {"GPIO": f"{label} ({path}) by the kernel"}
    gpio = config.supply.switch_gpio
    if gpio is None:
        factory = KernelFactory(label, path)
        closing.append(factory.close)
        return KernelParts(factory, NobodyListens(), _no_switch, facts)
    keeper = Keeper(path, gpio)
    closing.append(keeper.give_back)
    returns = rehearse_return(config, path)
    factory = KernelFactory(label, path, {gpio: keeper})
    closing.append(factory.close)
    return KernelParts(factory, keeper, lambda _gpio, unwatched_s: KeeperGuard(keeper, returns, unwatched_s), facts)


def _no_switch(gpio: int, unwatched_s: float) -> SwitchGuard:
    raise AssertionError(f"GPIO {gpio}: this bench has no load switch")
