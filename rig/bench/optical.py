"""The BlinkUp transmitter: frames as DMA waves of pigpiod, captured back from the daemon's own reports.

The LED is off whenever nothing is being sent: the pins start off, a wave's last pulse is dark, and whatever fails
ends with the wave stopped and the pins off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rig.bench.config import BlinkUpWiring
from rig.bench.frame import Frame
from rig.bench.gpiolink import GpioLink, daemon_answers, let_go
from rig.blinkup import InvalidOption, LedLegs, pulses
from rig.clock import Clock
from rig.errors import BenchFault

MAX_PULSES = 5461  # one WVAG request: the daemon closes the socket at 65536 bytes of extension, 12 bytes a pulse
EDGE_TOLERANCE_US = 50.0
POLL_S = 0.005
TICK_WRAP = 1 << 32


@dataclass(frozen=True)
class Receipt:
    """What left the LED's pins, compared with the plan. Times in microseconds."""

    edges_planned: int
    edges_seen: int
    worst_edge_us: float
    start_s: float
    end_s: float

    @property
    def sent_as_planned(self) -> bool:
        return self.edges_seen == self.edges_planned and self.worst_edge_us <= EDGE_TOLERANCE_US


class Transmission:
    """A frame on its way. Ask `busy` until it isn't, then `finish`."""

    def __init__(self, sender: OpticalTransmitter, frame: Frame, wave_id: int, start_s: float) -> None:
        self._sender = sender
        self.frame = frame
        self._wave_id = wave_id
        self.start_s = start_s

    @property
    def busy(self) -> bool:
        return self._sender._busy()

    def finish(self) -> Receipt:
        """Free the wave and compare what was seen at the pins with the plan.

        Raises:
            BenchFault: the daemon is still sending.
        """
        return self._sender._finish(self, self._wave_id)


class OpticalTransmitter:
    """The BlinkUp LED of a bench, on one or two GPIOs."""

    def __init__(self, wiring: BlinkUpWiring, clock: Clock, factory: Any, link: GpioLink) -> None:
        import pigpio
        from gpiozero import DigitalOutputDevice

        self._clock = clock
        self._link = link
        self._pi = factory.connection
        self._legs = LedLegs(wiring.gpio, wiring.grey_gpio, active_high=wiring.active_high)
        gpios = [gpio for gpio in (wiring.gpio, wiring.grey_gpio) if gpio is not None]
        for gpio in gpios:
            # The daemon writes the level before it makes the pin an output; gpiozero the other way round, with a flash.
            self._pi.write(gpio, int(not wiring.active_high))
        self._pins = [
            DigitalOutputDevice(gpio, active_high=wiring.active_high, initial_value=False, pin_factory=factory)
            for gpio in gpios
        ]
        self._seen: list[tuple[int, int, int]] = []
        self._watches = [self._pi.callback(gpio, pigpio.EITHER_EDGE, self._edge) for gpio in gpios]

    @property
    def has_grey(self) -> bool:
        return self._legs.grey_gpio is not None

    def start(self, frame: Frame) -> Transmission:
        """Begin to send; returns at once.

        Raises:
            BlinkUpError: the LED can't show the frame's code, or the frame is too long for one wave.
            BenchFault: the daemon refuses the wave.
        """
        import pigpio

        __tracebackhide__ = True  # pytest can print a frame's variables, and a waveform is the packet
        made = pulses(frame.wave, frame.code, self._legs)
        if len(made) > MAX_PULSES:
            raise InvalidOption(
                f"BlinkUp: {len(made)} level changes, one wave takes {MAX_PULSES}; shorten the preamble or the packet"
            )
        try:
            with daemon_answers("BlinkUp LED: sending"):
                self._pi.wave_add_new()
                self._pi.wave_add_generic([pigpio.pulse(on, off, delay_us) for on, off, delay_us in made])
                wave_id = self._pi.wave_create()
                self._link.settle()
                self._seen.clear()
                start_s = self._clock.now_s()
                self._pi.wave_send_once(wave_id)
        except pigpio.error as error:
            self.off()
            raise BenchFault(
                f"BlinkUp LED: pigpiod refuses the wave: {error}; is another program using waves?"
            ) from error
        except BaseException:
            self.off()
            raise
        return Transmission(self, frame, wave_id, start_s)

    def off(self) -> None:
        """Stop sending and switch the LED off.

        Raises:
            BenchConnectionError: the daemon is gone.
        """
        with daemon_answers("BlinkUp LED: switching off"):
            self._pi.wave_tx_stop()
            for pin in self._pins:
                pin.off()

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

    def _finish(self, sent: Transmission, wave_id: int) -> Receipt:
        __tracebackhide__ = True
        if self._busy():
            self.off()
            raise BenchFault("BlinkUp LED: the frame was to be over, pigpiod is still sending; LED switched off")
        self._link.settle()  # the daemon's reports of the last edges may still be on their way
        self._pi.wave_delete(wave_id)
        planned = self._planned(sent.frame)
        seen = list(self._seen)
        worst_us = _worst_edge_us(planned, seen)
        return Receipt(len(planned), len(seen), worst_us, sent.start_s, self._clock.now_s())

    def _planned(self, frame: Frame) -> list[tuple[int, int, int]]:
        """The changes of each pin that the frame means, as (time in us, GPIO, level)."""
        __tracebackhide__ = True
        changes: list[tuple[int, int, int]] = []
        now_us = 0
        state: dict[int, int] = {gpio: int(not self._legs.active_high) for gpio in self._gpios()}
        for on, off, delay_us in pulses(frame.wave, frame.code, self._legs):
            for gpio in state:
                level = 1 if on >> gpio & 1 else 0 if off >> gpio & 1 else state[gpio]
                if level != state[gpio]:
                    changes.append((now_us, gpio, level))
                    state[gpio] = level
            now_us += delay_us
        return changes

    def _gpios(self) -> tuple[int, ...]:
        legs = self._legs
        return (legs.main_gpio,) if legs.grey_gpio is None else (legs.main_gpio, legs.grey_gpio)


def _worst_edge_us(planned: list[tuple[int, int, int]], seen: list[tuple[int, int, int]]) -> float:
    """Largest deviation of an edge from the plan, both counted from their first edge; infinite if they don't match."""
    __tracebackhide__ = True
    if len(planned) != len(seen) or not seen:
        return float("inf")
    order = sorted(range(len(seen)), key=lambda i: ((seen[i][0] - seen[0][0]) % TICK_WRAP, seen[i][1]))
    plan = sorted(planned, key=lambda change: (change[0], change[1]))
    worst = 0.0
    for (at_us, gpio, level), index in zip(plan, order, strict=True):
        tick, seen_gpio, seen_level = seen[index]
        if (gpio, level) != (seen_gpio, seen_level):
            return float("inf")
        worst = max(worst, abs((tick - seen[0][0]) % TICK_WRAP - (at_us - plan[0][0])))
    return worst
