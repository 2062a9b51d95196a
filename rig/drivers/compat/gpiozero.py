"""Private parts of gpiozero, as seen in gpiozero 2.0.1 (`GPIODevice._pin`)."""

from __future__ import annotations

from typing import Any


def forget_pin(device: Any) -> None:
    """Let `device` count as closed without a word to its daemon, or it would complain when it is collected."""
    device._pin = None
