"""BlinkUp by lgpio's software timing. Any Pi; edges are as late as the scheduler makes them.

A pin wired to the LED's (`sense_gpio`) gets the kernel's time stamp of each edge, so that every receipt says how good
the timing was. Without it nothing is known about the edges.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from rig.blinkup import MAX_HZ, LedLegs, pulses
from rig.blinkup.frame import Frame
from rig.clock import Clock
from rig.config.bench import BlinkUpWiring
from rig.drivers.optical.edges import PinChange, compare, gpios_of, planned_changes
from rig.drivers.optical.receipt import Receipt, not_captured
from rig.drivers.optical.transmitter import POLL_S, Limits
from rig.errors import BenchConnectionError, BenchFault

HEARD_WITHIN_S: Final = 0.3  # the reports of the last edges come through a thread of their own
MIN_RATE_HZ: Final = 1.0


class LgpioTransmission:
    """A frame on its way as a software wave."""

    def __init__(self, sender: LgpioWaveTx, frame: Frame, start_s: float) -> None:
        self._sender = sender
        self.frame = frame
        self.start_s = start_s

    @property
    def busy(self) -> bool:
        return self._sender._busy()

    def finish(self) -> Receipt:
        """
        Raises:
            BenchFault: it is still being sent.
        """
        return self._sender._finish(self)


class LgpioWaveTx:
    """The BlinkUp LED of a bench, on one or two GPIOs that lgpio's thread switches."""

    name = "lgpio software wave"
    limits = Limits(None, MIN_RATE_HZ, MAX_HZ)
    advice = (
        "lgpio's thread is as punctual as the scheduler: give the process a real-time priority (chrt -f), keep other "
        'load off the Pi, raise blinkup.edge_tolerance_us knowingly, or send via "pigpio" or "spi"'
    )

    def __init__(self, wiring: BlinkUpWiring, clock: Clock) -> None:
        self._lg = lg = _client()
        self._clock = clock
        self._tolerance_us = wiring.edge_tolerance_us
        self._legs = LedLegs(wiring.gpio, wiring.grey_gpio, active_high=wiring.active_high)
        self._gpios = list(gpios_of(self._legs))
        self._sense = wiring.lgpio.sense_gpio
        self._seen: list[tuple[int, int]] = []
        self._worst_us: float | None = None
        self._watch: Any = None
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
                self._watch = lg.callback(self._handle, self._sense, lg.BOTH_EDGES, self._edge)
        except lg.error as error:
            lg.gpiochip_close(self._handle)
            pins = ", ".join(map(str, [*self._gpios, *([] if self._sense is None else [self._sense])]))
            raise BenchConnectionError(
                f"BlinkUp LED: lgpio can't have GPIO {pins}: {error}; end the program that has them (see gpioinfo)"
            ) from error

    @property
    def has_grey(self) -> bool:
        return self._legs.grey_gpio is not None

    @property
    def edge_uncertainty_us(self) -> float | None:
        """The worst jitter seen so far; None until a frame has been sent and sensed."""
        return self._worst_us

    def start(self, frame: Frame) -> LgpioTransmission:
        """Begin to send; returns at once.

        Raises:
            BlinkUpError: the LED can't show the frame's code.
            BenchFault: lgpio refuses the wave.
        """
        __tracebackhide__ = True  # a waveform is the packet
        lg = self._lg
        made = pulses(frame.wave, frame.code, replace(self._legs, bright=frame.bright))
        everything = (1 << len(self._gpios)) - 1
        wave = [lg.pulse(self._group_bits(on), everything, delay_us) for on, _, delay_us in made]
        self._seen.clear()
        start_s = self._clock.now_s()
        try:
            lg.tx_wave(self._handle, self._gpios[0], wave)
        except lg.error as error:
            self.off()
            raise BenchFault(f"BlinkUp LED: lgpio refuses the wave: {error}") from error
        return LgpioTransmission(self, frame, start_s)

    def off(self) -> None:
        """Stop sending and make the LED dark.

        Raises:
            BenchConnectionError: the pins can't be had back.
        """
        lg = self._lg
        try:
            if self._busy():
                lg.group_free(self._handle, self._gpios[0])  # ends the wave: nothing else does
                self._claim()
            lg.group_write(self._handle, self._gpios[0], self._dark_bits())
        except lg.error as error:
            raise BenchConnectionError(
                f"BlinkUp LED: lgpio can't switch GPIO {self._gpios[0]} off: {error}; take the LED off its supply"
            ) from error

    def close(self) -> None:
        try:
            self.off()
        finally:
            if self._watch is not None:
                self._watch.cancel()
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

    def _busy(self) -> bool:
        lg = self._lg
        try:
            return bool(lg.tx_busy(self._handle, self._gpios[0], lg.TX_WAVE))
        except lg.error as error:
            raise BenchConnectionError(f"BlinkUp LED: lgpio does not answer any more: {error}") from error

    def _finish(self, sent: LgpioTransmission) -> Receipt:
        __tracebackhide__ = True
        if self._busy():
            self.off()
            raise BenchFault("BlinkUp LED: the frame was to be over, lgpio is still sending; LED switched off")
        frame, legs = sent.frame, replace(self._legs, bright=sent.frame.bright)
        main = self._legs.main_gpio
        planned = [change for change in planned_changes(frame, legs) if change[1] == main]
        if self._sense is None:
            return not_captured(len(planned), sent.start_s, self._clock.now_s(), frame.packet_sha256, self.name)
        self._hear(len(planned))
        first = self._seen[0][0] if self._seen else 0
        seen: list[PinChange] = [((tick - first) // 1000, main, level) for tick, level in self._seen]
        # The main leg alone tells bright from dark, not grey from dark.
        readable = frame.code == "bilevel" and frame.bright != "grey"
        found = compare(frame, legs, planned, seen, tolerance_us=self._tolerance_us, readable=readable)
        if found.jitter_max_us is not None:
            self._worst_us = max(self._worst_us or 0.0, found.jitter_max_us)
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

    def _hear(self, edges: int) -> None:
        deadline_s = self._clock.now_s() + HEARD_WITHIN_S
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
