"""BlinkUp by the kernel's GPIO lines, timed by a process of its own and proven by the kernel's time stamps. Any Pi.

Both legs of the LED are switched by one request. A receipt says what a line saw that is wired to the LED's: an edge
that was late, or a frame that a busy machine tore, is named and never believed.
"""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from rig.blinkup import MAX_HZ, InvalidOption, pulses
from rig.blinkup.frame import Frame
from rig.clock import Clock, Deadline
from rig.config.bench import BlinkUpWiring
from rig.drivers.failsafe.child_process import ChildProcess
from rig.drivers.failsafe.stalls import or_stall
from rig.drivers.kernel.chip import find_chip, package_folder
from rig.drivers.kernel.sender_process import JOB, MOST_ENTRIES
from rig.drivers.kernel.sense import SenseLines
from rig.drivers.optical.edges import gpios_of, planned_changes
from rig.drivers.optical.receipt import Receipt
from rig.drivers.optical.transmitter import POLL_S, TransmitterLimits
from rig.drivers.optical.wave import WaveTransmission, WaveTx
from rig.drivers.pigpio_link import GpioLink
from rig.errors import BenchConnectionError, BenchFault

PROGRAM: Final = Path(__file__).with_name("sender_process.py")
START_WITHIN_S: Final = 20.0
STOP_WITHIN_S: Final = 1.0
END_WITHIN_S: Final = 2.0
REPORTED_WITHIN_S: Final = 0.3  # the kernel has the edges at once; a thread of ours reads them
SETTLES_WITHIN_S: Final = 0.05
MIN_RATE_HZ: Final = 1.0
TEST_US: Final = 2_000  # how long the LED is lit for the self-test


class KernelWaveTx(WaveTx):
    """The BlinkUp LED of a bench, on one or two lines of the chip with this label (None: the Pi's header).

    Implements `rig.drivers.optical.transmitter.OpticalTx`.
    """

    daemon = "the sender process"
    limits = TransmitterLimits(MOST_ENTRIES, MIN_RATE_HZ, MAX_HZ)
    advice = (
        "software times these edges: let the sender have real-time priority (LimitRTPRIO in its unit, or rtprio in "
        'limits.d), keep other load off the machine, check the wire to the sense pin, or send via "spi"'
    )

    def __init__(self, wiring: BlinkUpWiring, clock: Clock, label: str | None) -> None:
        super().__init__(wiring, clock)
        legs, sense = self._legs, wiring.kernel
        assert sense.sense_gpio is not None  # the bench file was checked
        self._gpios = list(gpios_of(legs))
        self._wired = {sense.sense_gpio: legs.main_gpio}
        if legs.grey_gpio is not None and sense.grey_sense_gpio is not None:
            self._wired[sense.grey_sense_gpio] = legs.grey_gpio
        self._chip = find_chip(label)[1]
        self._worst_us: float | None = None
        self._sending = False
        self._child: ChildProcess | None = None
        with tempfile.TemporaryFile() as file:  # no name is left of it
            file.truncate(MOST_ENTRIES * JOB.size)
            self._job_fd = os.dup(file.fileno())
        self._job = mmap.mmap(self._job_fd, MOST_ENTRIES * JOB.size)
        try:
            self._scheduling = self._start_process()
            self._sense = SenseLines(self._chip, self._wired)
        except BaseException:
            self._end_process(kill=False)
            os.close(self._job_fd)
            raise
        self.name = f"kernel lines, timed by a process ({'real-time' if self._scheduling == 'fifo' else 'ordinary'})"

    @property
    def edge_uncertainty_us(self) -> float | None:
        """The worst jitter seen so far; None until a frame has been sent and sensed."""
        return self._worst_us

    def self_test(self) -> dict[str, str]:
        """Light the LED for 2 ms: each sense line must see its leg, and no other.

        Raises:
            BenchFault: a sense line does not see its leg.
        """
        for sense, gpio in self._wired.items():
            place = 1 << self._gpios.index(gpio)
            dark = self._dark_bits()
            self._sense.clear()
            self._switch([(0, dark ^ place), (TEST_US, dark)])
            over = Deadline.after(self._clock, START_WITHIN_S)
            while self.busy() and not over.expired:
                self._clock.sleep(POLL_S)
            self._await_reports(2)
            seen = [(on, level) for _, on, level in self._sense.changes()]
            lit = int(not dark & place)
            if seen != [(gpio, lit), (gpio, 1 - lit)]:
                raise or_stall(
                    BenchFault(
                        f"BlinkUp LED: GPIO {gpio} was switched to {lit} and back, and the sense pin GPIO {sense} saw "
                        f"{len(seen)} edges, expected 2; is it wired to GPIO {gpio}, and to nothing else?"
                    )
                )
        pins = ", ".join(f"GPIO {gpio} at GPIO {sense}" for sense, gpio in self._wired.items())
        return {"BlinkUp timing": f"by software, {self._scheduling}; sensed: {pins}"}

    def start(self, frame: Frame) -> WaveTransmission:
        """Begin to send; returns at once.

        Raises:
            BlinkUpError: the LED can't show the frame's code, or the frame has too many edges.
            BenchFault: the sender is still busy, or gone.
        """
        __tracebackhide__ = True  # a waveform is the packet
        if self.busy():
            raise BenchFault("BlinkUp LED: the frame before this one is still being sent; wait for its end")
        entries = list(self._entries(frame))
        if len(entries) > MOST_ENTRIES:
            raise InvalidOption(
                f"BlinkUp: {len(entries)} level changes, a frame takes {MOST_ENTRIES}; shorten the "
                "preamble or the packet"
            )
        self._sense.clear()
        start_s = self._clock.now_s()
        self._switch(entries)
        return WaveTransmission(self, frame, start_s)

    def off(self) -> None:
        """Stop sending and make the LED dark.

        Raises:
            BenchConnectionError: the sender is gone and its lines can't be had back.
        """
        child = self._child
        if child is None:
            return
        child.write("stop\n")
        over = Deadline.after(self._clock, STOP_WITHIN_S)
        while (said := child.line(max(0.0, over.remaining_s))) is not None:
            if said == "stopped":
                self._sending = False
                return
            if not said:
                break
        self._end_process(kill=True)  # its lines fall with it; the next one holds them dark
        self._scheduling = self._start_process()

    def close(self) -> None:
        """Make the LED dark and give its lines back.

        Raises:
            BenchConnectionError: the sender is gone and its lines can't be had back.
        """
        try:
            self.off()
        finally:
            self._end_process(kill=False)
            self._sense.close()
            self._job.close()
            os.close(self._job_fd)

    def busy(self) -> bool:
        """Whether a frame is being sent.

        Raises:
            BenchFault: the sender has died meanwhile.
        """
        if self._sending and self._child is not None:
            said = self._child.line(0.0)
            if said is not None:
                self._sending = False
                if not said.startswith("done"):
                    self.off()
                    raise BenchFault(
                        f"BlinkUp LED: its sender process ended in mid-frame ({said or 'killed'}); LED off"
                    )
        return self._sending

    def receipt(self, sent: WaveTransmission) -> Receipt:
        """What left the legs that are sensed, by the kernel's time stamps."""
        __tracebackhide__ = True
        frame = sent.frame
        watched = set(self._wired.values())
        planned = [change for change in planned_changes(frame, self._legs_of(frame)) if change[1] in watched]
        self._await_reports(len(planned))
        # The main leg alone tells bright from dark, not grey from dark.
        alone = len(watched) < len(self._gpios)
        readable = not alone or (frame.code == "bilevel" and frame.bright != "grey")
        receipt = self._compared(sent, planned, self._sense.changes(), readable=readable)
        if receipt.jitter_max_us is not None:
            self._worst_us = max(self._worst_us or 0.0, receipt.jitter_max_us)
        return receipt

    def _entries(self, frame: Frame) -> Iterator[tuple[int, int]]:
        """(microseconds from the start, levels as bits of places) of every change, dark at the end."""
        __tracebackhide__ = True
        at_us, before = 0, self._dark_bits()
        for on, _, delay_us in pulses(frame.wave, frame.code, self._legs_of(frame)):
            bits = sum(1 << place for place, gpio in enumerate(self._gpios) if on >> gpio & 1)
            if bits != before:
                yield at_us, bits
            at_us, before = at_us + delay_us, bits
        if before != self._dark_bits():
            yield at_us, self._dark_bits()

    def _switch(self, entries: list[tuple[int, int]]) -> None:
        __tracebackhide__ = True
        if self._child is None:
            raise BenchFault("BlinkUp LED: its sender process is gone; open the bench again")
        for n, entry in enumerate(entries):
            JOB.pack_into(self._job, n * JOB.size, *entry)
        self._sending = True
        self._child.write(f"send {len(entries)}\n")

    def _dark_bits(self) -> int:
        return 0 if self._legs.active_high else (1 << len(self._gpios)) - 1

    def _await_reports(self, edges: int) -> None:
        """Wait until `edges` edges have been read, or no more are to be expected."""
        over = Deadline.after(self._clock, REPORTED_WITHIN_S)
        while self._sense.count() < edges and not over.expired:
            self._clock.sleep(POLL_S)
        self._clock.sleep(SETTLES_WITHIN_S)  # one too many would be a fault as well

    def _start_process(self) -> str:
        arguments = [package_folder(), self._chip, str(os.getpid()), str(self._job_fd), str(self._dark_bits())]
        arguments += map(str, self._gpios)
        self._child = ChildProcess(["-I", "-S", str(PROGRAM), *arguments], inherited_fds=(self._job_fd,))
        said = self._child.line(START_WITHIN_S) or "nothing"
        if not said.startswith("ready"):
            self._end_process(kill=True)
            raise BenchConnectionError(
                f"BlinkUp LED: the process that switches GPIO {', '.join(map(str, self._gpios))} of {self._chip} says "
                f"{said!r}; end the program that has these lines (see gpioinfo)"
            )
        return said.split()[1]

    def _end_process(self, *, kill: bool) -> None:
        child, self._child = self._child, None
        self._sending = False
        if child is not None:
            child.end(END_WITHIN_S, kill=kill)


def open_kernel_wave(wiring: BlinkUpWiring, clock: Clock, factory: Any, link: GpioLink | None) -> KernelWaveTx:
    """The transmitter for `blinkup.via = "kernel"`, dark, on the chip of the bench's pins or on the Pi's header.

    Raises:
        BenchConnectionError: no such chip, or another program has a line.
    """
    return KernelWaveTx(wiring, clock, getattr(factory, "label", None))
