"""The seam between the load switch and what opens it when nobody else can: pigpiod's dead-man, or the keeper."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol


class SwitchGuard(Protocol):
    """What opens one load switch when this program can't any more, or when nobody looks at a device with power."""

    @property
    def armed(self) -> bool:
        """Whether it is at work."""
        ...

    def arm(self) -> str:
        """Rehearse with the switch off, then start; returns a fact for the report.

        Raises:
            BenchFault: it does not prove that it works.
        """
        ...

    def powered(self, on: bool) -> None:
        """The switch is about to be closed, or was opened: from now on nobody may look away for long, or again may."""
        ...

    def unwatched(self, limit_s: float) -> AbstractContextManager[None]:
        """Inside, the device may have power for `limit_s` seconds with nobody looking."""
        ...

    def check(self) -> None:
        """Make sure that it is at work.

        Raises:
            BenchFault, HostStalled, DeviceUnwatched: it has switched off, or would soon.
        """
        ...

    def let_lapse(self) -> None:
        """Have the switch opened at once, or within 300 ms. Waits for nothing: a signal's handler may call it."""
        ...

    def close(self) -> None:
        """End it; the switch is off already."""
        ...


GuardMaker = Callable[[int, float], SwitchGuard]
"""Gets the switch's GPIO, and for how many seconds the device may have power with nobody looking."""


class Attention(Protocol):
    """Hears whether somebody looks at the bench."""

    def looked(self) -> None:
        """A test looks at the bench."""
        ...

    def ignore_this_thread(self) -> None:
        """What the calling thread does is the rig's own housekeeping and no test's look."""
        ...
