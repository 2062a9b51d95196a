"""The remaining commands: pads, internals, the example custom functions, the I2C/SPI slave, files and the shell.

The daemon opens files and runs programs only where /opt/pigpio allows it. This one has no such folder, and touches
nothing of the machine that it runs on.
"""

from __future__ import annotations

from typing import Final

from rig.sim.physics.gpio import ALT3, INPUT
from rig.sim.pigpiod.core import Core
from rig.sim.pigpiod.protocol import Answer, Cmd, Err, Request

MAX_PAD: Final = 2
DEFAULT_STRENGTH_MA: Final = 8  # assumed: what the Pi's firmware sets
MAX_STRENGTH_MA: Final = 16
DEFAULT_INTERNALS: Final = 1 << 10  # pigpiod sets PI_CFG_NOSIGHANDLER
NO_SUCH_PROGRAM: Final = 127 << 8  # what system() answers for a program that isn't there

BSC_FIFO: Final = 16
BSC_TX_FULL: Final = 1 << 2
BSC_RX_EMPTY: Final = 1 << 1
BSC_TX_EMPTY: Final = 1 << 4
BSC_ENABLED: Final = 1
BSC_CLEAR: Final = 1 << 7
BSC_SPI: Final = 2
BSC_PINS: Final = {False: (18, 19), True: (18, 19, 20, 21)}  # I2C: SDA, SCL; SPI: MISO, SCLK, MOSI, CE


class MiscCommands:
    """PADS, PADG, CGI, CSI, CF1, CF2, BSCX, FO to FL, SHELL."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._pads = [DEFAULT_STRENGTH_MA] * (MAX_PAD + 1)
        self._internals = DEFAULT_INTERNALS
        self._slave_sends = 0  # bytes that wait for a master to fetch them
        self._slave_pins: tuple[int, ...] = ()
        core.handlers |= {
            Cmd.PADS: self.set_pad,
            Cmd.PADG: lambda r: Err.BAD_PAD if r.p1 > MAX_PAD else self._pads[r.p1],
            Cmd.CGI: lambda _: self._internals,
            Cmd.CSI: self.set_internals,
            Cmd.CF1: lambda r: max(r.p1, r.p2, *r.ext),
            Cmd.CF2: self.reverse,
            Cmd.BSCX: self.slave,
            Cmd.FO: lambda r: Err.NO_FILE_ACCESS if 1 <= r.p1 <= 15 and r.p1 & 3 else Err.BAD_FILE_MODE,
            Cmd.FL: lambda _: Err.NO_FILE_ACCESS,
            **{cmd: lambda _: Err.BAD_HANDLE for cmd in (Cmd.FC, Cmd.FR, Cmd.FW, Cmd.FS)},
            Cmd.SHELL: self.shell,
        }

    def set_pad(self, request: Request) -> Answer:
        """PADS: give the pads p1 a strength of p2 mA, in steps of 2."""
        if request.p1 > MAX_PAD:
            return Err.BAD_PAD
        if not 1 <= request.p2 <= MAX_STRENGTH_MA:
            return Err.BAD_STRENGTH
        self._pads[request.p1] = (request.p2 + 1) // 2 * 2  # steps of 2 mA
        return 0

    def set_internals(self, request: Request) -> Answer:
        """CSI: keep the internal settings p1; they change nothing here."""
        self._internals = request.p1
        return 0

    @staticmethod
    def reverse(request: Request) -> Answer:
        """The example in the daemon's source: the first bytes, reversed."""
        data = request.ext[: min(request.p2, len(request.ext))][::-1]
        return len(data), data

    def slave(self, request: Request) -> Answer:
        """As I2C or SPI slave nobody ever addresses this Pi: what it sends fills its queue of 16 bytes."""
        control = request.p1
        if not control:
            self._take_pins(())
            self._slave_sends = 0
            return 4, bytes(4)
        self._take_pins(BSC_PINS[bool(control & BSC_SPI)])
        if control & BSC_CLEAR or not control & BSC_ENABLED:
            self._slave_sends = 0
        copied = min(len(request.ext), BSC_FIFO, BSC_FIFO - self._slave_sends)
        self._slave_sends += copied
        state = BSC_RX_EMPTY | self._slave_sends << 6
        state |= BSC_TX_EMPTY if not self._slave_sends else 0
        state |= BSC_TX_FULL if self._slave_sends == BSC_FIFO else 0
        return 4, (copied << 16 | state).to_bytes(4, "little")

    def _take_pins(self, pins: tuple[int, ...]) -> None:
        for pin in self._slave_pins:
            if pin not in pins:
                self._core.gpio.set_mode(pin, INPUT)
        for pin in pins:
            self._core.gpio.set_mode(pin, ALT3)
        self._slave_pins = pins

    @staticmethod
    def shell(request: Request) -> Answer:
        """SHELL: no program is ever found."""
        name = request.ext[: request.p1].split(b"\0", 1)[0]
        valid = name.replace(b"_", b"a").replace(b"-", b"a").isalnum()
        return NO_SUCH_PROGRAM if valid else Err.BAD_SCRIPT_NAME
