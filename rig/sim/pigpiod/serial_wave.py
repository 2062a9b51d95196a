"""Bytes as pulses of a serial line, for WVAS (source: pigpio.c gpioWaveAddSerial, waveBitDelay)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rig.sim.pigpiod.protocol import MAX_USER_GPIO, Err, Request
from rig.sim.pigpiod.waves import MAX_MICROS, Pulse

MIN_BAUD: Final = 50
MAX_BAUD: Final = 1_000_000
MIN_DATA_BITS, MAX_DATA_BITS = 1, 32
MIN_HALF_STOP_BITS, MAX_HALF_STOP_BITS = 2, 8
MAX_CHARS: Final = 1200
HEAD: Final = 12  # bytes before the characters: data bits, half stop bits, offset


def serial_pulses(request: Request) -> list[Pulse] | Err:
    """The pulses of a WVAS request, or the daemon's error; no pulses for no characters.

    The line idles high for `offset` us (at least one bit), then each character is a low start bit, its data bits,
    lowest first, and the stop bits.
    """
    gpio, baud = request.p1, request.p2
    data_bits, half_stop_bits, offset_us = (request.word(i) for i in range(3))
    if gpio > MAX_USER_GPIO:
        return Err.BAD_USER_GPIO
    if not MIN_BAUD <= baud <= MAX_BAUD:
        return Err.BAD_WAVE_BAUD
    if not MIN_DATA_BITS <= data_bits <= MAX_DATA_BITS:
        return Err.BAD_DATABITS
    if not MIN_HALF_STOP_BITS <= half_stop_bits <= MAX_HALF_STOP_BITS:
        return Err.BAD_STOPBITS
    if not HEAD <= len(request.ext) <= HEAD + MAX_CHARS:
        return Err.TOO_MANY_CHARS
    if offset_us > MAX_MICROS:
        return Err.BAD_SER_OFFSET
    width = 1 if data_bits < 9 else 2 if data_bits < 17 else 4
    data = request.ext[HEAD:]
    chars = [int.from_bytes(data[i : i + width], "little") for i in range(0, len(data) - width + 1, width)]
    if not chars:
        return []
    return _pulses(1 << gpio, chars, bit_times_us(baud, data_bits, half_stop_bits), data_bits, offset_us)


def bit_times_us(baud: int, data_bits: int, half_stop_bits: int) -> list[int]:
    """Start bit, data bits, stop bits in whole us, so that the ends stay on the exact grid."""
    bit_ns = 1_000_000_000 // baud
    ends_us = [((n + 1) * bit_ns + 500) // 1000 for n in range(data_bits + 1)]
    ends_us.append(((data_bits + 1) * bit_ns + half_stop_bits * bit_ns // 2 + 500) // 1000)
    return [end - begin for begin, end in zip([0, *ends_us], ends_us, strict=False)]


def _pulses(bit: int, chars: Sequence[int], times_us: Sequence[int], data_bits: int, offset_us: int) -> list[Pulse]:
    steps = [(1, max(offset_us, times_us[0]))]  # level, duration
    for char in chars:
        levels = [0, *(char >> n & 1 for n in range(data_bits)), 1]
        first = len(steps)
        for level, us in zip(levels, times_us, strict=True):
            if len(steps) > first and steps[-1][0] == level:
                steps[-1] = (level, steps[-1][1] + us)
            else:
                steps.append((level, us))
    # The daemon prepares one more idle bit but does not count it in: the wave ends with the last stop bit.
    return [Pulse(bit, 0, us) if level else Pulse(0, bit, us) for level, us in steps]
