"""BlinkUp by lgpio's software timing. Any Pi; edges are as late as the scheduler makes them.

A pin wired to the LED's (`sense_gpio`) gets the kernel's time stamp of each edge, so that every receipt says how good
the timing was. Without it nothing is known about the edges.
"""

from __future__ import annotations

from typing import Any, Final

from rig.blinkup import MAX_HZ, pulses
from rig.blinkup.frame import Frame
from rig.clock import Clock
from rig.config.bench import BlinkUpWiring
from rig.drivers.optical.edges import PinChange, gpios_of, planned_changes
from rig.drivers.optical.receipt import Receipt, not_captured
from rig.drivers.optical.transmitter import POLL_S, TransmitterLimits
from rig.drivers.optical.wave import WaveTransmission, WaveTx
from rig.drivers.pigpio_link import GpioLink
from rig.errors import BenchConnectionError, BenchFault

REPORTED_WITHIN_S: Final = 0.3  # the reports of the last edges come through a thread of their own
MIN_RATE_HZ: Final = 1.0


class LgpioWaveTx(WaveTx):
    """The BlinkUp LED of a bench, on one or two GPIOs that lgpio's thread switches.

    Implements `rig.drivers.optical.transmitter.OpticalTx`.
    """

    name = "lgpio software wave"
    daemon = "lgpio"
    limits = TransmitterLimits(None, MIN_RATE_HZ, MAX_HZ)
    advice = (
        "lgpio's thread is as punctual as the scheduler: give the process a real-time priority (chrt -f), keep other "
        'load off the Pi, raise blinkup.edge_tolerance_us knowingly, or send via "pigpio" or "spi"'
    )

    def __init__(self, wiring: BlinkUpWiring, clock: Clock) -> None:
        super().__init__(wiring, clock)
        self._lg = lg = _client()
        self._gpios = list(gpios_of(self._legs))
        self._sense = wiring.lgpio.sense_gpio
        self._seen: list[tuple[int, int]] = []
        self._worst_us: float | None = None
        self._edge_callback: Any = None
        chip = wiring.lgpio.chip
        try:
            self._handle = lg.gpiochip_open(chip)
        except lg.error as error:
            raise BenchConnectionError(
                f"BlinkUp LED: /dev/gpiochip{chip} can't be opened: {error}; let the user be in the group gpio and "
                "check blinkup.lgpio.chip in the bench file"
            ) from error
        try:
            self._claim()
            if self._sense is not None:
                lg.gpio_claim_alert(self._handle, self._sense, lg.BOTH_EDGES)
                self._edge_callback = lg.callback(self._handle, self._sense, lg.BOTH_EDGES, self._edge)
        except lg.error as error:
            lg.gpiochip_close(self._handle)
            pins = ", ".join(map(str, [*self._gpios, *([] if self._sense is None else [self._sense])]))
            raise BenchConnectionError(
                f"BlinkUp LED: lgpio can't have GPIO {pins}: {error}; end the program that has them (see gpioinfo)"
            ) from error

    @property
    def edge_uncertainty_us(self) -> float | None:
        """The worst jitter seen so far; None until a frame has been sent and sensed."""
        return self._worst_us

    def self_test(self) -> dict[str, str]:
        """Nothing can be proven without a frame; every receipt of a bench with a sense pin says how good it was."""
        return {"BlinkUp timing": "by software; " + ("not sensed" if self._sense is None else "sensed in every frame")}

    def start(self, frame: Frame) -> WaveTransmission:
        """Begin to send; returns at once.

        Raises:
            BlinkUpError: the LED can't show the frame's code.
            BenchFault: lgpio refuses the wave.
        """
        __tracebackhide__ = True  # a waveform is the packet
        lg = self._lg
        made = pulses(frame.wave, frame.code, self._legs_of(frame))
        everything = (1 << len(self._gpios)) - 1
        wave = [lg.pulse(self._group_bits(on), everything, delay_us) for on, _, delay_us in made]
        self._seen.clear()
        start_s = self._clock.now_s()
        try:
            lg.tx_wave(self._handle, self._gpios[0], wave)
        except lg.error as error:
            self.off()
            raise BenchFault(f"BlinkUp LED: lgpio refuses the wave: {error}") from error
        return WaveTransmission(self, frame, start_s)

    def off(self) -> None:
        """Stop sending and make the LED dark.

        Raises:
            BenchConnectionError: the pins can't be had back.
        """
        lg = self._lg
        try:
            if self.busy():
                lg.group_free(self._handle, self._gpios[0])  # ends the wave: nothing else does
                self._claim()
            lg.group_write(self._handle, self._gpios[0], self._dark_bits())
        except lg.error as error:
            raise BenchConnectionError(
                f"BlinkUp LED: lgpio can't switch GPIO {self._gpios[0]} off: {error}; take the LED off its supply"
            ) from error

    def close(self) -> None:
        """Make the LED dark and give its pins back.

        Raises:
            BenchConnectionError: the pins can't be had back.
        """
        try:
            self.off()
        finally:
            if self._edge_callback is not None:
                self._edge_callback.cancel()
            self._lg.gpiochip_close(self._handle)

    def _claim(self) -> None:
        dark = int(not self._legs.active_high)
        self._lg.group_claim_output(self._handle, self._gpios, [dark] * len(self._gpios))

    def _dark_bits(self) -> int:
        return 0 if self._legs.active_high else (1 << len(self._gpios)) - 1

    def _group_bits(self, on: int) -> int:
        """Bits of GPIO numbers as bits of places in the group."""
        return sum(1 << place for place, gpio in enumerate(self._gpios) if on >> gpio & 1)

    def _edge(self, _chip: int, _gpio: int, level: int, tick_ns: int) -> None:
        self._seen.append((tick_ns, level))

    def busy(self) -> bool:
        """Whether lgpio is sending a wave.

        Raises:
            BenchConnectionError: lgpio does not answer.
        """
        lg = self._lg
        try:
            return bool(lg.tx_busy(self._handle, self._gpios[0], lg.TX_WAVE))
        except lg.error as error:
            raise BenchConnectionError(f"BlinkUp LED: lgpio does not answer any more: {error}") from error

    def receipt(self, sent: WaveTransmission) -> Receipt:
        """What left the main leg, by the kernel's time stamps at the sense pin; nothing is known without that pin."""
        __tracebackhide__ = True
        frame, main = sent.frame, self._legs.main_gpio
        planned = [change for change in planned_changes(frame, self._legs_of(frame)) if change[1] == main]
        if self._sense is None:
            return not_captured(len(planned), sent.start_s, self._clock.now_s(), frame.packet_hmac, self.name)
        self._await_reports(len(planned))
        first = self._seen[0][0] if self._seen else 0
        seen: list[PinChange] = [((tick - first) // 1000, main, level) for tick, level in self._seen]
        # The main leg alone tells bright from dark, not grey from dark.
        readable = frame.code == "bilevel" and frame.bright != "grey"
        receipt = self._compared(sent, planned, seen, readable=readable)
        if receipt.jitter_max_us is not None:
            self._worst_us = max(self._worst_us or 0.0, receipt.jitter_max_us)
        return receipt

    def _await_reports(self, edges: int) -> None:
        """Wait until `edges` edges have been reported, or no more are to be expected."""
        deadline_s = self._clock.now_s() + REPORTED_WITHIN_S
        while len(self._seen) < edges and self._clock.now_s() < deadline_s:
            self._clock.sleep(POLL_S)


def _client() -> Any:
    try:
        import lgpio
    except ImportError as error:
        raise BenchConnectionError(
            'BlinkUp LED: blinkup.via = "lgpio" needs the lgpio client: on the Pi `pip install lgpio`, or choose '
            'another blinkup.via in the bench file ("pigpio", "spi")'
        ) from error
    except OSError as error:  # on import it makes a pipe in the working folder
        raise BenchConnectionError(
            f"BlinkUp LED: lgpio can't make its pipe here: {error}; start from a folder that can be written to, or "
            "name one in LG_WD"
        ) from error
    return lgpio


def open_lgpio_wave(wiring: BlinkUpWiring, clock: Clock, factory: Any, link: GpioLink | None) -> LgpioWaveTx:
    """The transmitter for `blinkup.via = "lgpio"`, dark; pin factory and connection of the bench are not used.

    Raises:
        BenchConnectionError: lgpio is not installed, or can't have the pins.
    """
    return LgpioWaveTx(wiring, clock)
