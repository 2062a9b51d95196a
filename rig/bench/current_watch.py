"""Somebody watches the current of a device that has power, also while a test computes or waits for a person."""

from __future__ import annotations

import threading
from typing import Final

from rig.drivers.failsafe.switch_guard import Attention
from rig.drivers.supply.guarded import GuardedSupply

LOOK_EVERY_S: Final = 0.25
END_WITHIN_S: Final = 2.0


class CurrentWatch:
    """A thread that lets `supply` check its current where no test does; its looks don't count as a test's."""

    def __init__(self, supply: GuardedSupply, attention: Attention) -> None:
        self._supply, self._attention = supply, attention
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rig-current-watch", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        self._attention.ignore_this_thread()
        while not self._over.wait(LOOK_EVERY_S):
            self._supply.look_in_background()

    def stop(self) -> None:
        """End the thread."""
        self._over.set()
        self._thread.join(END_WITHIN_S)
