"""Lines that are wired to others, and the kernel's time stamp of each edge on them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from typing import Any, Final

from rig.drivers.kernel.chip import client, request_lines
from rig.drivers.optical.edges import PinChange

BUFFERED: Final = 1024  # the most that the kernel keeps; more than 7 s of edges at 142 Hz
LOOK_EVERY_S: Final = 0.05
END_WITHIN_S: Final = 2.0


class SenseLines:
    """Inputs on the chip at path `chip`, each wired to an output: `wired` has the output's GPIO by the input's.

    Raises:
        BenchConnectionError: another program has one of the lines.
    """

    def __init__(self, chip: str, wired: Mapping[int, int]) -> None:
        line = client().line
        settings = client().LineSettings(direction=line.Direction.INPUT, edge_detection=line.Edge.BOTH)
        self._wired = dict(wired)
        self._request: Any = request_lines(chip, dict.fromkeys(wired, settings), "BlinkUp LED: sensing", BUFFERED)
        self._lock = threading.Lock()
        self._seen: list[tuple[int, int, int]] = []
        self._over = threading.Event()
        self._reader = threading.Thread(target=self._read, name="BlinkUp sense", daemon=True)
        self._reader.start()

    def level(self, sense_gpio: int) -> bool:
        """Whether the input is high now."""
        return bool(self._request.get_value(sense_gpio) == client().line.Value.ACTIVE)

    def clear(self) -> None:
        """Forget all edges so far."""
        with self._lock:
            self._seen.clear()

    def count(self) -> int:
        """How many edges have been read since `clear`."""
        with self._lock:
            return len(self._seen)

    def changes(self) -> list[PinChange]:
        """The edges since `clear`: microseconds from the first one, the output's GPIO, and the level after it."""
        with self._lock:
            seen = sorted(self._seen)
        first_ns = seen[0][0] if seen else 0
        return [((at_ns - first_ns) // 1000, self._wired[gpio], level) for at_ns, gpio, level in seen]

    def close(self) -> None:
        """Give the lines back."""
        self._over.set()
        self._reader.join(END_WITHIN_S)
        self._request.release()

    def _read(self) -> None:
        rising = client().EdgeEvent.Type.RISING_EDGE
        with contextlib.suppress(OSError):
            while not self._over.is_set():
                if self._request.wait_edge_events(LOOK_EVERY_S):
                    events = self._request.read_edge_events()
                    with self._lock:
                        self._seen += [(e.timestamp_ns, e.line_offset, int(e.event_type is rising)) for e in events]
