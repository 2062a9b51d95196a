"""The seam between frames and whatever switches the BlinkUp LED.

A backend is one file with a class that implements `OpticalTx`, a class that implements `Transmission`, and a function
that opens the LED (`rig.drivers.optical.factory.TransmitterOpener`). It must provide every member of both protocols;
nothing is optional. The LED is dark when the backend is made, after each frame, after `off`, and after any failure.
Backends that send waves on GPIOs get half of it from `rig.drivers.optical.wave.WaveTx`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rig.blinkup.frame import Frame
from rig.drivers.optical.receipt import Receipt

POLL_S = 0.005


@dataclass(frozen=True)
class TransmitterLimits:
    """What a transmitter can take: level changes of one frame (None: bounded by time only) and symbol rates in Hz."""

    max_edges: int | None
    min_rate_hz: float
    max_rate_hz: float


class Transmission(Protocol):
    """A frame on its way, which began at `start_s` on the clock. Ask `busy` until it isn't, then `finish`."""

    frame: Frame
    start_s: float

    @property
    def busy(self) -> bool:
        """Whether the frame is still being sent."""
        ...

    def finish(self) -> Receipt:
        """Free what the frame needed; say what left the pins.

        Raises:
            BenchFault: it is still being sent, or sending failed half-way.
        """
        ...


class OpticalTx(Protocol):
    """The BlinkUp LED of a bench. It is dark whenever nothing is being sent."""

    @property
    def name(self) -> str:
        """What sends, for reports."""
        ...

    @property
    def has_grey(self) -> bool:
        """Whether it can show the grey of tri-level frames."""
        ...

    @property
    def edge_uncertainty_us(self) -> float | None:
        """By how many microseconds an edge may differ from the best-fit clock, or from what a receipt says of it.

        None as long as nobody has measured it.
        """
        ...

    @property
    def limits(self) -> TransmitterLimits:
        """What one frame may ask for."""
        ...

    @property
    def advice(self) -> str:
        """What to look at when a frame was not sent as planned."""
        ...

    def self_test(self) -> dict[str, str]:
        """Prove what can be proven without a frame, while the device has no power; returns facts for the report.

        Raises:
            BenchFault: it would not send as planned.
            BenchConnectionError: it can't be reached any more.
        """
        ...

    def start(self, frame: Frame) -> Transmission:
        """Begin to send; returns at once.

        Raises:
            BlinkUpError: this LED or this way of sending can't show the frame; no light was.
            BenchFault: what sends it refuses.
        """
        ...

    def off(self) -> None:
        """Stop sending and make the LED dark.

        Raises:
            BenchConnectionError: it can't be reached any more.
        """
        ...

    def close(self) -> None:
        """Make the LED dark and give everything back.

        Raises:
            BenchConnectionError: it can't be reached any more.
        """
        ...
