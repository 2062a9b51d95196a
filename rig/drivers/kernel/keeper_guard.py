"""The keeper as the guard of a load switch: rehearsed, started, watched."""

from __future__ import annotations

import select
import time
from typing import Final

from rig.drivers.failsafe.power_watch import PowerWatch
from rig.drivers.failsafe.stalls import or_stall
from rig.drivers.kernel.keeper import Keeper
from rig.drivers.kernel.keeper_process import SILENCE_S
from rig.errors import BenchFault

TAKEN_WITHIN_S: Final = 0.3
LOOK_EVERY_S: Final = 0.005


class KeeperGuard(PowerWatch):
    """Implements `rig.drivers.failsafe.switch_guard.SwitchGuard`.

    `returns` is what the rehearsal of the kernel found; `unwatched_s`: how long the device may have power with no test
    looking at it.
    """

    def __init__(self, keeper: Keeper, returns: str, unwatched_s: float) -> None:
        super().__init__(unwatched_s, keeper.watch)
        self._keeper, self._returns = keeper, returns
        self._armed = False

    @property
    def armed(self) -> bool:
        """Whether the keeper holds the line."""
        return self._armed

    def arm(self) -> str:
        """Kill a keeper to prove that this program takes the line; then start one. Returns a fact for the report.

        Raises:
            BenchFault: the line was not taken, or the keeper does not start.
        """
        if not self._armed:
            self._rehearse()
            self._keeper.start()
            self._armed = True
        return (
            f"keeper process on GPIO {self._keeper.gpio}, off {SILENCE_S * 1000:.0f} ms after the last sign of life, "
            f"and after {self._unwatched_s:g} s with nobody looking; both dead at once: {self._returns}"
        )

    def _rehearse(self) -> None:
        keeper = self._keeper
        keeper.start()
        killed_s = time.monotonic()
        keeper.kill()
        while not keeper.holds_low:
            if time.monotonic() - killed_s > TAKEN_WITHIN_S:
                fault = BenchFault(
                    f"keeper of GPIO {keeper.gpio}: it was killed, and this program did not have the line "
                    f"{TAKEN_WITHIN_S:g} s later; does another program want that line (see gpioinfo)?"
                )
                raise or_stall(fault)
            select.select([], [], [], LOOK_EVERY_S)

    def check(self) -> None:
        """Make sure that the keeper holds the line.

        Raises:
            BenchFault: it was killed, or let go.
            HostStalled: this program or this machine stood still. It can be armed again.
            DeviceUnwatched: no test looked at the device. It can be armed again.
        """
        lapse = self._keeper.lapse
        if self._armed and lapse is None:
            return
        self._armed = False
        if lapse is None:
            raise BenchFault(
                f"keeper of GPIO {self._keeper.gpio} is not at work: a signal, an interrupted request or a failed "
                "switching off has let it go; the supply is off"
            )
        raise lapse.error(f"supply switched off (keeper of GPIO {self._keeper.gpio}): {lapse.text}")

    def let_lapse(self) -> None:
        """Have the line driven low at once. Waits for nothing: a signal's handler may call it."""
        self._keeper.let_go()
        self._armed = False

    def close(self) -> None:
        """End the keeper; the line is low and goes back with its pin."""
        self._armed = False
        self._keeper.stop()
