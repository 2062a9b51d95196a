"""Numbers of the pigpio socket protocol (source: pigpio.h version 79) and the shape of its messages.

A request is 16 bytes `cmd, p1, p2, p3`, little-endian; p3 is the length of the extension that follows it.
The answer is 16 bytes `cmd, p1, p2, res`; for `WITH_BYTES` a positive res counts the bytes that follow it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

HEADER: Final = struct.Struct("<IIII")
REPORT: Final = struct.Struct("<HHII")
PULSE: Final = struct.Struct("<III")

MAX_EXTENSION: Final = 65536  # an extension this long or longer closes the socket
VERSION: Final = 79
HARDWARE_REVISION: Final = 0xA020D3  # a Pi 3B+
PERMITTED_GPIOS: Final = 0x0FFFFFFC  # of a Pi 3B+: PI_DEFAULT_UPDATE_MASK_PI3B
MAX_USER_GPIO: Final = 31
MAX_GPIO: Final = 53

TIMEOUT: Final = 2  # the level that a watchdog reports

FLAG_WATCHDOG: Final = 1 << 5
FLAG_ALIVE: Final = 1 << 6
FLAG_EVENT: Final = 1 << 7


class Cmd(IntEnum):
    """Command numbers (PI_CMD_... in pigpio.h)."""

    MODES, MODEG, PUD, READ, WRITE, PWM, PRS, PFS = range(8)
    SERVO, WDOG, BR1, BR2, BC1, BC2, BS1, BS2 = range(8, 16)
    TICK, HWVER, NO, NB, NP, NC, PRG, PFG = range(16, 24)
    PRRG, HELP, PIGPV, WVCLR, WVAG, WVAS, WVGO, WVGOR = range(24, 32)
    WVBSY, WVHLT, WVSM, WVSP, WVSC, TRIG, PROC, PROCD = range(32, 40)
    PROCR, PROCS, SLRO, SLR, SLRC, PROCP, MICS, MILS = range(40, 48)
    PARSE, WVCRE, WVDEL, WVTX, WVTXR, WVNEW, I2CO, I2CC = range(48, 56)
    I2CRD, I2CWD, I2CWQ, I2CRS, I2CWS, I2CRB, I2CWB, I2CRW = range(56, 64)
    I2CWW, I2CRK, I2CWK, I2CRI, I2CWI, I2CPC, I2CPK, SPIO = range(64, 72)
    SPIC, SPIR, SPIW, SPIX, SERO, SERC, SERRB, SERWB = range(72, 80)
    SERR, SERW, SERDA, GDC, GPW, HC, HP, CF1 = range(80, 88)
    CF2, BI2CC, BI2CO, BI2CZ, I2CZ, WVCHA, SLRI, CGI = range(88, 96)
    CSI, FG, FN, NOIB, WVTXM, WVTAT, PADS, PADG = range(96, 104)
    FO, FC, FR, FW, FS, FL, SHELL, BSPIC = range(104, 112)
    BSPIO, BSPIX, BSCX, EVM, EVT, PROCU, WVCAP = range(112, 119)


WITH_BYTES: Final = frozenset(
    {
        Cmd.BI2CZ,
        Cmd.BSCX,
        Cmd.CF2,
        Cmd.FL,
        Cmd.FR,
        Cmd.I2CPK,
        Cmd.I2CRD,
        Cmd.I2CRI,
        Cmd.I2CRK,
        Cmd.I2CZ,
        Cmd.PROCP,
        Cmd.SERR,
        Cmd.SLR,
        Cmd.SPIX,
        Cmd.SPIR,
        Cmd.BSPIX,
    }
)


class Err(IntEnum):
    """Error codes (pigpio.h)."""

    BAD_USER_GPIO = -2
    BAD_GPIO = -3
    BAD_MODE = -4
    BAD_LEVEL = -5
    BAD_PUD = -6
    BAD_PULSEWIDTH = -7
    BAD_DUTYCYCLE = -8
    BAD_WDOG_TIMEOUT = -15
    BAD_DUTYRANGE = -21
    BAD_PATHNAME = -23
    NO_HANDLE = -24
    BAD_HANDLE = -25
    BAD_WAVE_MODE = -33
    BAD_WAVE_BAUD = -35
    TOO_MANY_PULSES = -36
    TOO_MANY_CHARS = -37
    NOT_SERIAL_GPIO = -38
    NOT_PERMITTED = -41
    SOME_PERMITTED = -42
    BAD_WVSC_COMMND = -43
    BAD_WVSM_COMMND = -44
    BAD_WVSP_COMMND = -45
    BAD_PULSELEN = -46
    BAD_SCRIPT_ID = -48
    BAD_SER_OFFSET = -49
    GPIO_IN_USE = -50
    BAD_SERIAL_COUNT = -51
    DUP_TAG = -53
    TOO_MANY_TAGS = -54
    BAD_SCRIPT_CMD = -55
    NO_SCRIPT_ROOM = -57
    TOO_MANY_PARAM = -61
    BAD_TAG = -63
    BAD_MICS_DELAY = -64
    BAD_MILS_DELAY = -65
    BAD_WAVE_ID = -66
    TOO_MANY_CBS = -67
    TOO_MANY_OOL = -68
    EMPTY_WAVEFORM = -69
    NO_WAVEFORM_ID = -70
    SER_OPEN_FAILED = -72
    BAD_I2C_BUS = -74
    BAD_I2C_ADDR = -75
    BAD_SPI_CHANNEL = -76
    BAD_FLAGS = -77
    BAD_SPI_SPEED = -78
    BAD_SER_DEVICE = -79
    BAD_SER_SPEED = -80
    BAD_PARAM = -81
    I2C_WRITE_FAILED = -82
    I2C_READ_FAILED = -83
    BAD_SPI_COUNT = -84
    SER_WRITE_FAILED = -85
    SER_READ_NO_DATA = -87
    UNKNOWN_COMMAND = -88
    BAD_POINTER = -90
    NOT_PWM_GPIO = -92
    NOT_SERVO_GPIO = -93
    NOT_HCLK_GPIO = -94
    NOT_HPWM_GPIO = -95
    BAD_HPWM_FREQ = -96
    BAD_HPWM_DUTY = -97
    BAD_HCLK_FREQ = -98
    BAD_HCLK_PASS = -99
    BAD_DATABITS = -101
    BAD_STOPBITS = -102
    BAD_I2C_SEG = -106
    BAD_SMBUS_CMD = -107
    NOT_I2C_GPIO = -108
    BAD_I2C_WLEN = -109
    BAD_I2C_RLEN = -110
    BAD_I2C_CMD = -111
    BAD_I2C_BAUD = -112
    CHAIN_LOOP_CNT = -113
    BAD_CHAIN_LOOP = -114
    CHAIN_COUNTER = -115
    BAD_CHAIN_CMD = -116
    CHAIN_NESTING = -118
    CHAIN_TOO_BIG = -119
    DEPRECATED = -120
    BAD_SER_INVERT = -121
    BAD_FOREVER = -124
    BAD_FILTER = -125
    BAD_PAD = -126
    BAD_STRENGTH = -127
    BAD_FILE_MODE = -129
    NO_FILE_ACCESS = -137
    BAD_SCRIPT_NAME = -140
    BAD_SPI_BAUD = -141
    NOT_SPI_GPIO = -142
    BAD_EVENT_ID = -143


@dataclass(frozen=True)
class Request:
    """One command. `p1` and `p2` are unsigned 32-bit; `ext` is the extension's bytes."""

    cmd: int
    p1: int = 0
    p2: int = 0
    ext: bytes = b""

    def word(self, index: int) -> int:
        """The extension's 32-bit word at `index`; what a short extension lacks reads as 0."""
        part = self.ext[4 * index : 4 * index + 4]
        return int.from_bytes(part.ljust(4, b"\0"), "little")


Answer = int | tuple[int, bytes]
"""`res`, or `res` and the bytes that follow the answer."""
