"""The seam between frames and whatever switches the BlinkUp LED."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rig.blinkup.frame import Frame
from rig.drivers.optical.receipt import Receipt

POLL_S = 0.005


@dataclass(frozen=True)
class Limits:
    """What a transmitter can take: level changes of one frame (None: bounded by time only) and symbol rates in Hz."""

    max_edges: int | None
    min_rate_hz: float
    max_rate_hz: float


class Transmission(Protocol):
    """A frame on its way. Ask `busy` until it isn't, then `finish`."""

    frame: Frame
    start_s: float

    @property
    def busy(self) -> bool: ...

    def finish(self) -> Receipt:
        """Let go of the frame; say what left the pins.

        Raises:
            BenchFault: it is still being sent, or sending failed half-way.
        """
        ...


class OpticalTx(Protocol):
    """The BlinkUp LED of a bench. It is dark whenever nothing is being sent.

    `edge_uncertainty_us` is by how much an edge may differ from the best-fit clock, or from what a receipt says of it;
    None as long as nobody has measured it. `advice` is what to look at when a frame was not sent as planned.
    """

    @property
    def name(self) -> str: ...
    @property
    def has_grey(self) -> bool: ...
    @property
    def edge_uncertainty_us(self) -> float | None: ...
    @property
    def limits(self) -> Limits: ...
    @property
    def advice(self) -> str: ...

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

    def close(self) -> None: ...
