"""How long a device may have power with nobody looking at it: what every guard of a switch or output counts alike."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator


class PowerWatch:
    """Tells `watch` for how many seconds nobody may look at a device that has power now; 0: it has none.

    `unwatched_s` is that time unless more is asked for.
    """

    def __init__(self, unwatched_s: float, watch: Callable[[float], None]) -> None:
        self._unwatched_s, self._watch = unwatched_s, watch
        self._powered = False

    def powered(self, on: bool) -> None:
        """The switch is about to be closed, or was opened: from now on nobody may look away for long, or again may."""
        self._powered = on
        self._watch(self._unwatched_s if on else 0.0)

    @contextlib.contextmanager
    def unwatched(self, limit_s: float) -> Iterator[None]:
        """Inside, the device may have power for `limit_s` seconds with nobody looking."""
        before, self._unwatched_s = self._unwatched_s, limit_s
        self.powered(self._powered)
        try:
            yield
        finally:
            self._unwatched_s = before
            self.powered(self._powered)
