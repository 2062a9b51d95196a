"""What the ways of sending a frame as a wave on GPIOs share: the LED's legs, a frame on its way, and its receipt."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from rig.blinkup import LedLegs
from rig.blinkup.frame import Frame
from rig.clock import Clock
from rig.config.bench import BlinkUpWiring
from rig.drivers.optical.edges import PinChange, compare
from rig.drivers.optical.receipt import Receipt
from rig.errors import BenchFault


class WaveTransmission:
    """A frame on its way as a wave. Implements `rig.drivers.optical.transmitter.Transmission`."""

    def __init__(self, sender: WaveTx, frame: Frame, start_s: float) -> None:
        self._sender = sender
        self.frame = frame
        self.start_s = start_s

    @property
    def busy(self) -> bool:
        """Whether the wave is still being sent."""
        return self._sender.busy()

    def finish(self) -> Receipt:
        """Free the wave and compare what was seen at the pins with the plan.

        Raises:
            BenchFault: it is still being sent.
        """
        return self._sender.finish(self)


class WaveTx(ABC):
    """The half of a transmitter that all waves on GPIOs share; the LED has one or two legs.

    A subclass must set `name` and `daemon` (what sends the wave, in the words of messages) and must override `busy`,
    `off` and `receipt`. It makes a `WaveTransmission` when it starts a frame.
    """

    name: str
    daemon: str

    def __init__(self, wiring: BlinkUpWiring, clock: Clock) -> None:
        self._clock = clock
        self._tolerance_us = wiring.tolerance_us
        self._legs = LedLegs(wiring.gpio, wiring.grey_gpio, active_high=wiring.active_high)

    @property
    def has_grey(self) -> bool:
        """Whether the LED has a second leg for the grey of tri-level frames."""
        return self._legs.grey_gpio is not None

    @abstractmethod
    def busy(self) -> bool:
        """Whether a wave is being sent."""

    @abstractmethod
    def off(self) -> None:
        """Stop sending and make the LED dark."""

    @abstractmethod
    def receipt(self, sent: WaveTransmission) -> Receipt:
        """What left the pins of a frame whose wave is over; frees the wave."""

    def finish(self, sent: WaveTransmission) -> Receipt:
        """The receipt of a frame that must be over by now.

        Raises:
            BenchFault: it is still being sent; the LED is off then.
        """
        __tracebackhide__ = True
        if self.busy():
            self.off()
            raise BenchFault(f"BlinkUp LED: the frame was to be over, {self.daemon} is still sending; LED switched off")
        return self.receipt(sent)

    def _legs_of(self, frame: Frame) -> LedLegs:
        """The LED's legs as this frame uses them."""
        return replace(self._legs, bright=frame.bright)

    def _compared(
        self, sent: WaveTransmission, planned: Sequence[PinChange], seen: Sequence[PinChange], *, readable: bool = True
    ) -> Receipt:
        """The receipt that comparing `planned` with `seen` gives; see `rig.drivers.optical.edges.compare`."""
        __tracebackhide__ = True
        frame = sent.frame
        tolerance_us = self._tolerance_us(frame.rate_hz)
        found = compare(frame, self._legs_of(frame), planned, seen, tolerance_us=tolerance_us, readable=readable)
        return Receipt(
            edges_planned=len(planned),
            edges_seen=len(seen),
            worst_edge_us=found.worst_edge_us,
            start_s=sent.start_s,
            end_s=self._clock.now_s(),
            packet_hmac=frame.packet_hmac,
            captured="pins",
            by=self.name,
            decoded_back=found.decoded_back,
            rate_error_ppm=found.rate_error_ppm,
            jitter_rms_us=found.jitter_rms_us,
            jitter_max_us=found.jitter_max_us,
            difference=found.difference,
        )
