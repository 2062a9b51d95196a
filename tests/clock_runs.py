"""What tests of the clock share: a log, and a guard against lost turns."""

from __future__ import annotations

import threading
from collections.abc import Callable

Log = list[tuple[str, int]]
HANG_S = 20.0  # a guard: what takes so long will never end


def unhung(target: Callable[[], None]) -> None:
    """Run a test's body beside pytest's thread, so that a lost turn fails the test and doesn't stop the run."""
    errors: list[BaseException] = []

    def body() -> None:
        try:
            target()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    thread.join(HANG_S)
    assert not thread.is_alive(), "a participant of the clock never got its turn"
    if errors:
        raise errors[0]
