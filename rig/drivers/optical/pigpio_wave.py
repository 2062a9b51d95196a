"""BlinkUp by DMA waves of pigpiod, captured back from the daemon's own reports. Pi up to 4.

The LED is off whenever nothing is being sent: the pins start off, a wave's last pulse is dark, and whatever fails
ends with the wave stopped and the pins off.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

from rig.blinkup import MAX_HZ, InvalidOption, LedLegs, pulses
from rig.blinkup.frame import Frame
from rig.clock import Clock
from rig.config.bench import BlinkUpWiring
from rig.drivers.optical.edges import PinChange, compare, gpios_of, planned_changes
from rig.drivers.optical.receipt import Receipt
from rig.drivers.optical.transmitter import Limits
from rig.drivers.pigpio_link import GpioLink, daemon_answers, let_go
from rig.errors import BenchFault

MAX_PULSES = 5461  # one WVAG request: the daemon closes the socket at 65536 bytes of extension, 12 bytes a pulse
MAX_WAVE_S = 1800.0  # the daemon's own limit for one wave
SAMPLE_US = 5.0  # the daemon sees edges on this grid unless it is started with -s 1 or -s 2
TICK_WRAP = 1 << 32


class WaveTransmission:
    """A frame on its way as a wave. Ask `busy` until it isn't, then `finish`."""

    def __init__(self, sender: PigpioWaveTx, frame: Frame, start_s: float) -> None:
        self._sender = sender
        self.frame = frame
        self.start_s = start_s

    @property
    def busy(self) -> bool:
        return self._sender._busy()

    def finish(self) -> Receipt:
        """Free the wave and compare what was seen at the pins with the plan.

        Raises:
            BenchFault: the daemon is still sending.
        """
        return self._sender._finish(self)


class PigpioWaveTx:
    """The BlinkUp LED of a bench, on one or two GPIOs that pigpiod's waves switch."""

    name = "pigpio waves"
    edge_uncertainty_us: float | None = SAMPLE_US
    limits = Limits(MAX_PULSES, 1e6 / (MAX_WAVE_S * 1e6), MAX_HZ)
    advice = "Is pigpiod's wave clock right, and does nothing else use its waves or these pins?"

    def __init__(self, wiring: BlinkUpWiring, clock: Clock, factory: Any, link: GpioLink) -> None:
        import pigpio
        from gpiozero import DigitalOutputDevice

        self._clock = clock
        self._link = link
        self._pi = factory.connection
        self._tolerance_us = wiring.edge_tolerance_us
        self._legs = LedLegs(wiring.gpio, wiring.grey_gpio, active_high=wiring.active_high)
        self._wave_id: int | None = None
        for gpio in gpios_of(self._legs):
            # The daemon writes the level before it makes the pin an output; gpiozero the other way round, with a flash.
            self._pi.write(gpio, int(not wiring.active_high))
        self._pins = [
            DigitalOutputDevice(gpio, active_high=wiring.active_high, initial_value=False, pin_factory=factory)
            for gpio in gpios_of(self._legs)
        ]
        self._seen: list[tuple[int, int, int]] = []
        self._watches = [self._pi.callback(gpio, pigpio.EITHER_EDGE, self._edge) for gpio in gpios_of(self._legs)]

    @property
    def has_grey(self) -> bool:
        return self._legs.grey_gpio is not None

    def start(self, frame: Frame) -> WaveTransmission:
        """Begin to send; returns at once.

        Raises:
            BlinkUpError: the LED can't show the frame's code, or the frame is too long for one wave.
            BenchFault: the daemon refuses the wave.
        """
        import pigpio

        __tracebackhide__ = True  # pytest can print a frame's variables, and a waveform is the packet
        made = pulses(frame.wave, frame.code, replace(self._legs, bright=frame.bright))
        if len(made) > MAX_PULSES:
            raise InvalidOption(
                f"BlinkUp: {len(made)} level changes, one wave takes {MAX_PULSES}; shorten the preamble or the packet"
            )
        try:
            with daemon_answers("BlinkUp LED: sending"):
                self._forget_wave()
                self._pi.wave_add_new()
                self._pi.wave_add_generic([pigpio.pulse(on, off, delay_us) for on, off, delay_us in made])
                self._wave_id = self._pi.wave_create()
                self._link.settle()
                self._seen.clear()
                start_s = self._clock.now_s()
                self._pi.wave_send_once(self._wave_id)
        except pigpio.error as error:
            self.off()
            raise BenchFault(
                f"BlinkUp LED: pigpiod refuses the wave: {error}; is another program using waves?"
            ) from error
        except BaseException:
            self.off()
            raise
        return WaveTransmission(self, frame, start_s)

    def off(self) -> None:
        """Stop sending, switch the LED off, and free what was being sent: it is the packet, in the daemon's memory.

        Raises:
            BenchConnectionError: the daemon is gone.
        """
        with daemon_answers("BlinkUp LED: switching off"):
            self._pi.wave_tx_stop()
            for pin in self._pins:
                pin.off()
            self._forget_wave()

    def close(self) -> None:
        try:
            self.off()
            for watch in self._watches:
                watch.cancel()
        finally:
            let_go(self._pins)

    def _edge(self, gpio: int, level: int, tick: int) -> None:
        self._seen.append((tick, gpio, level))

    def _busy(self) -> bool:
        with daemon_answers("BlinkUp LED"):
            return bool(self._pi.wave_tx_busy())

    def _forget_wave(self) -> None:
        import pigpio

        wave_id, self._wave_id = self._wave_id, None
        if wave_id is not None:
            with contextlib.suppress(pigpio.error):  # another program cleared the daemon's waves: it is gone already
                self._pi.wave_delete(wave_id)

    def _finish(self, sent: WaveTransmission) -> Receipt:
        __tracebackhide__ = True
        if self._busy():
            self.off()
            raise BenchFault("BlinkUp LED: the frame was to be over, pigpiod is still sending; LED switched off")
        self._link.settle()  # the daemon's reports of the last edges may still be on their way
        with daemon_answers("BlinkUp LED"):
            self._forget_wave()
        frame, legs = sent.frame, replace(self._legs, bright=sent.frame.bright)
        planned, seen = planned_changes(frame, legs), unwrapped(self._seen)
        found = compare(frame, legs, planned, seen, tolerance_us=self._tolerance_us)
        return Receipt(
            edges_planned=len(planned),
            edges_seen=len(seen),
            worst_edge_us=found.worst_edge_us,
            start_s=sent.start_s,
            end_s=self._clock.now_s(),
            packet_sha256=frame.packet_sha256,
            captured="pins",
            by=self.name,
            decoded_back=found.decoded_back,
            rate_error_ppm=found.rate_error_ppm,
            jitter_rms_us=found.jitter_rms_us,
            jitter_max_us=found.jitter_max_us,
            difference=found.difference,
        )


def unwrapped(seen: list[tuple[int, int, int]]) -> list[PinChange]:
    """Reports (tick, GPIO, level) counted from the first one's tick, in order; ticks wrap after 71.6 minutes."""
    first = seen[0][0] if seen else 0
    return sorted(((tick - first) % TICK_WRAP, gpio, level) for tick, gpio, level in seen)
