"""BlinkUp by DMA waves of pigpiod, captured back from the daemon's own reports. Pi up to 4.

The LED is off whenever nothing is being sent: the pins start off, a wave's last pulse is dark, and whatever fails
ends with the wave stopped and the pins off.
"""

from __future__ import annotations

import contextlib
from typing import Any

from rig.blinkup import MAX_HZ, InvalidOption, pulses
from rig.blinkup.frame import Frame
from rig.clock import Clock
from rig.config.bench import BlinkUpWiring
from rig.drivers.optical.edges import PinChange, gpios_of, planned_changes
from rig.drivers.optical.receipt import Receipt
from rig.drivers.optical.transmitter import TransmitterLimits
from rig.drivers.optical.wave import WaveTransmission, WaveTx
from rig.drivers.optical.wave_clock import wave_clock_ratio
from rig.drivers.pigpio_link import GpioLink, close_devices, daemon_answers
from rig.errors import BenchConnectionError, BenchFault

MAX_PULSES = 5461  # one WVAG request: the daemon closes the socket at 65536 bytes of extension, 12 bytes a pulse
MAX_WAVE_S = 1800.0  # the daemon's own limit for one wave
SAMPLE_US = 5.0  # the daemon sees edges on this grid unless it is started with -s 1 or -s 2
TICK_WRAP = 1 << 32


class PigpioWaveTx(WaveTx):
    """The BlinkUp LED of a bench, on one or two GPIOs that pigpiod's waves switch.

    Implements `rig.drivers.optical.transmitter.OpticalTx`.
    """

    name = "pigpio waves"
    daemon = "pigpiod"
    edge_uncertainty_us: float | None = SAMPLE_US
    limits = TransmitterLimits(MAX_PULSES, 1e6 / (MAX_WAVE_S * 1e6), MAX_HZ)
    advice = "Is pigpiod's wave clock right, and does nothing else use its waves or these pins?"

    def __init__(self, wiring: BlinkUpWiring, clock: Clock, factory: Any, link: GpioLink) -> None:
        import pigpio
        from gpiozero import DigitalOutputDevice

        super().__init__(wiring, clock)
        self._link = link
        self._pi = factory.connection
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

    def self_test(self) -> dict[str, str]:
        """Time a wave that moves no pin.

        Raises:
            BenchFault: the wave clock runs at another rate than it should.
            BenchConnectionError: the daemon is gone.
        """
        return {"Wave clock": f"{wave_clock_ratio(self._pi, self._clock):.4f} of nominal"}

    def start(self, frame: Frame) -> WaveTransmission:
        """Begin to send; returns at once.

        Raises:
            BlinkUpError: the LED can't show the frame's code, or the frame is too long for one wave.
            BenchFault: the daemon refuses the wave.
        """
        import pigpio

        __tracebackhide__ = True  # pytest can print a frame's variables, and a waveform is the packet
        made = pulses(frame.wave, frame.code, self._legs_of(frame))
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
        """Make the LED dark and give its pins back.

        Raises:
            BenchConnectionError: the daemon is gone.
        """
        try:
            self.off()
            for watch in self._watches:
                watch.cancel()
        finally:
            close_devices(self._pins)

    def _edge(self, gpio: int, level: int, tick: int) -> None:
        self._seen.append((tick, gpio, level))

    def busy(self) -> bool:
        """Whether the daemon is sending a wave.

        Raises:
            BenchConnectionError: the daemon is gone.
        """
        with daemon_answers("BlinkUp LED"):
            return bool(self._pi.wave_tx_busy())

    def _forget_wave(self) -> None:
        import pigpio

        wave_id, self._wave_id = self._wave_id, None
        if wave_id is not None:
            with contextlib.suppress(pigpio.error):  # another program cleared the daemon's waves: this one is gone
                self._pi.wave_delete(wave_id)

    def receipt(self, sent: WaveTransmission) -> Receipt:
        """What left the pins, by the daemon's own reports; frees the wave.

        Raises:
            BenchConnectionError: the daemon is gone.
        """
        __tracebackhide__ = True
        self._link.settle()  # the daemon's reports of the last edges may still be on their way
        with daemon_answers("BlinkUp LED"):
            self._forget_wave()
        return self._compared(sent, planned_changes(sent.frame, self._legs_of(sent.frame)), unwrapped(self._seen))


def unwrapped(seen: list[tuple[int, int, int]]) -> list[PinChange]:
    """Reports (tick, GPIO, level) counted from the first one's tick, in order; ticks wrap after 71.6 minutes."""
    first = seen[0][0] if seen else 0
    return sorted(((tick - first) % TICK_WRAP, gpio, level) for tick, gpio, level in seen)


def open_pigpio_wave(wiring: BlinkUpWiring, clock: Clock, factory: Any, link: GpioLink | None) -> PigpioWaveTx:
    """The transmitter for `blinkup.via = "pigpio"`, dark.

    Raises:
        BenchConnectionError: the bench has no connection to pigpiod.
    """
    if link is None:
        raise BenchConnectionError(
            'BlinkUp LED: blinkup.via = "pigpio" needs a connection to pigpiod, and there is none; set blinkup.via to '
            '"kernel" or "spi" (any Pi) or "lgpio" (timing not guaranteed)'
        )
    return PigpioWaveTx(wiring, clock, factory, link)
