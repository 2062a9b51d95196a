"""BlinkUp as one transfer on an SPI data line (MOSI). Any Pi, also the Pi 5; bi-level only.

The controller's shift clock times the edges, so no software can be late. Nothing sees them though: only the rig's own
light sensor can tell that the LED blinked. A transfer can't be stopped: a gate pin makes the LED dark at once.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from rig.blinkup import MAX_HZ
from rig.blinkup.frame import Frame
from rig.clock import Clock, Task
from rig.config.bench import BlinkUpWiring
from rig.drivers.optical.receipt import Receipt, not_captured
from rig.drivers.optical.spi_plan import CONTROLLERS, EDGE_BYTES, MAX_TRANSFER_BYTES, payload, plan
from rig.drivers.optical.transmitter import TransmitterLimits
from rig.drivers.pigpio_link import GpioLink, close_devices, daemon_answers
from rig.errors import BenchConnectionError, BenchFault

BUFSIZ = Path("/sys/module/spidev/parameters/bufsiz")  # the most bytes that spidev takes in one transfer
SPIDEV_BUFSIZ: Final = 4096  # its default
DARK_HZ: Final = 100_000
FEWEST_SYMBOLS: Final = 113  # the shortest frame: 64 of preamble, 8 of header, 40 to clear, 1 dark


class SpiTransmission:
    """A frame on its way as a transfer. Implements `rig.drivers.optical.transmitter.Transmission`."""

    def __init__(self, sender: SpiStreamTx, frame: Frame, data: bytes, lead_s: float) -> None:
        self._sender = sender
        self._data = data
        self.frame = frame
        self.failure: OSError | None = None
        self.done = False
        self.start_s = sender._clock.now_s() + lead_s
        self.task: Task = sender._clock.spawn(self._run, "BlinkUp by SPI")

    @property
    def busy(self) -> bool:
        """Whether the transfer is still under way."""
        return not self.done

    def _run(self) -> None:
        __tracebackhide__ = True
        data, self._data = self._data, b""  # the stream is the packet: it is not kept
        try:
            self._sender._spi.writebytes2(data)
        except OSError as error:
            self.failure = error
        finally:
            self.done = True

    def finish(self) -> Receipt:
        """The receipt of a frame that must be over by now: nothing has seen its edges.

        Raises:
            BenchFault: the transfer is still under way, or the driver failed.
        """
        return self._sender._finish(self)


class SpiStreamTx:
    """The BlinkUp LED of a bench, on the data line of an SPI controller.

    Implements `rig.drivers.optical.transmitter.OpticalTx`.
    """

    has_grey = False
    edge_uncertainty_us: float | None = None  # gaps between bytes have been reported of a Pi 4; nothing here sees them
    advice = "Does another program use this SPI controller, and is core_freq fixed in config.txt?"

    def __init__(self, wiring: BlinkUpWiring, clock: Clock, factory: Any) -> None:
        asked = wiring.spi
        controller = CONTROLLERS[asked.model]
        self._controller = controller if asked.core_hz is None else replace(controller, core_hz=asked.core_hz)
        self._clock = clock
        self._active_high = wiring.active_high
        self._sending: SpiTransmission | None = None
        self.name = f"SPI bit stream on /dev/spidev{asked.bus}.{asked.device} ({self._controller.name})"
        self._gate = _gate(asked.gate_gpio, factory)
        try:
            self._spi = _opened(asked.bus, asked.device, self._controller.mode)
            self._dark()
        except BaseException:
            close_devices(self._gate)
            raise

    @property
    def limits(self) -> TransmitterLimits:
        """Symbol rates that the shortest frame can have, by the controller's clock and spidev's buffer."""
        most_bits = (_bufsiz() - 2 * EDGE_BYTES) * 8 // FEWEST_SYMBOLS
        return TransmitterLimits(None, self._controller.slowest_hz / most_bits, MAX_HZ)

    def self_test(self) -> dict[str, str]:
        """Nothing more than opening has shown: that the driver takes data."""
        return {"BlinkUp timing": f"by the SPI clock; {self.name} takes data, nothing senses its edges"}

    def start(self, frame: Frame) -> SpiTransmission:
        """Begin to send; returns at once.

        Raises:
            BlinkUpError: not bi-level, or too long or too slow for this controller; with the numbers.
            BenchFault: a transfer is still under way.
        """
        __tracebackhide__ = True
        if self._sending is not None and self._sending.busy:
            raise BenchFault("BlinkUp by SPI: the frame before this one is still being shifted out; wait for its end")
        symbols = round(frame.wave.duration_us * frame.rate_hz / 1e6)
        made = plan(self._controller, frame.rate_hz, symbols, max_bytes=_bufsiz())
        data = payload(frame, made, active_high=self._active_high)
        try:
            self._spi.max_speed_hz = made.speed_hz
        except OSError as error:
            raise BenchFault(f"BlinkUp by SPI: the driver refuses {made.speed_hz} Hz: {error}") from error
        with daemon_answers("BlinkUp LED: opening its gate"):
            for gate in self._gate:
                gate.on()
        self._sending = SpiTransmission(self, frame, data, EDGE_BYTES * 8 / made.clock_hz)
        return self._sending

    def off(self) -> None:
        """Make the LED dark: at once with a gate pin, else when the transfer has ended, which this waits for."""
        with daemon_answers("BlinkUp LED: closing its gate"):
            for gate in self._gate:
                gate.off()
        if self._sending is not None and self._sending.busy:
            self._sending.task.join()

    def close(self) -> None:
        """Make the LED dark and give controller and gate pin back.

        Raises:
            BenchFault: the driver does not take data.
        """
        try:
            self.off()
            self._dark()
        finally:
            self._spi.close()
            close_devices(self._gate)

    def _dark(self) -> None:
        """Shift out LED-off bits: what level the line has before its first transfer is the driver's business."""
        try:
            self._spi.max_speed_hz = DARK_HZ
            self._spi.writebytes2(bytes([0x00 if self._active_high else 0xFF]) * EDGE_BYTES)
        except OSError as error:
            raise BenchFault(f"BlinkUp by SPI: {self.name} does not take data: {error}") from error

    def _finish(self, sent: SpiTransmission) -> Receipt:
        __tracebackhide__ = True
        if sent.busy:
            self.off()
            raise BenchFault("BlinkUp by SPI: the frame was to be over, the controller is still sending; LED off now")
        sent.task.join()
        with daemon_answers("BlinkUp LED: closing its gate"):
            for gate in self._gate:
                gate.off()
        if sent.failure is not None:
            raise BenchFault(f"BlinkUp by SPI: the transfer failed: {sent.failure}") from sent.failure
        edges = len(sent.frame.wave.edges) - (sent.frame.wave.edges[0].level == 0)
        return not_captured(edges, sent.start_s, self._clock.now_s(), sent.frame.packet_hmac, self.name)


def _bufsiz() -> int:
    try:
        return min(int(BUFSIZ.read_text(encoding="ascii")), MAX_TRANSFER_BYTES)
    except (OSError, ValueError):
        return SPIDEV_BUFSIZ


def _gate(gpio: int | None, factory: Any) -> list[Any]:
    if gpio is None:
        return []
    from gpiozero import DigitalOutputDevice

    return [DigitalOutputDevice(gpio, initial_value=False, pin_factory=factory)]


def _opened(bus: int, device: int, mode: int) -> Any:
    path = f"/dev/spidev{bus}.{device}"
    try:
        import spidev
    except ImportError as error:
        raise BenchConnectionError(
            'BlinkUp LED: blinkup.via = "spi" needs the spidev client: on the Pi `pip install spidev`, or choose '
            'another blinkup.via in the bench file ("pigpio", "lgpio")'
        ) from error
    try:
        spi = spidev.SpiDev()
        spi.open(bus, device)
        spi.mode = mode
        spi.bits_per_word = 8
    except OSError as error:
        raise BenchConnectionError(
            f"BlinkUp LED: {path} can't be opened in mode {mode}: {error}; put dtparam=spi=on into config.txt, boot "
            "again, let the user be in the group spi, and check blinkup.spi.bus and device in the bench file"
        ) from error
    return spi


def open_spi_stream(wiring: BlinkUpWiring, clock: Clock, factory: Any, link: GpioLink | None) -> SpiStreamTx:
    """The transmitter for `blinkup.via = "spi"`, dark; the bench's connection to pigpiod is not used.

    Raises:
        BenchConnectionError: spidev is not installed, or the controller can't be opened.
        BenchFault: the controller takes no data.
    """
    return SpiStreamTx(wiring, clock, factory)
