"""Line codes: bytes to symbols, one symbol per frame. Nothing in a packet marks its end but its length.

Sources: Electric Imp's JavaScript BlinkUp SDK 0.3.0 (tri-level, header); an independent description of the Android
SDK, rsaxvc.net, 2018-04-06 (bi-level preamble).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rig.blinkup.errors import InvalidOption
from rig.blinkup.rates import check_rate

LineCode = Literal["bilevel", "trilevel"]

HEADER = 0x2A
MIN_PREAMBLE_S = 1.0


@dataclass(frozen=True)
class _Code:
    """Symbols of a code: level 0 is dark; 1 is bright in bi-level and grey in tri-level; 2 is bright."""

    zero: tuple[int, ...]
    one: tuple[int, ...]
    preamble_byte: int
    preamble_bytes: int
    tail: int


_CODES: dict[LineCode, _Code] = {
    "bilevel": _Code(zero=(0,), one=(1,), preamble_byte=0x55, preamble_bytes=8, tail=1),
    # The dark symbol before each bit is the clock. The 2015 SDK sent 2 preamble bytes and a tail of 1.
    "trilevel": _Code(zero=(0, 1), one=(0, 2), preamble_byte=0x00, preamble_bytes=3, tail=6),
}


def symbols(
    packet: bytes,
    code: LineCode = "bilevel",
    *,
    preamble_bytes: int | None = None,
    tail: int | None = None,
    header: int = HEADER,
) -> tuple[int, ...]:
    """Preamble, header, `packet` and `tail` dark symbols, as levels 0, 1 (and 2 in tri-level).

    The packet may be damaged. Defaults: bi-level 8 preamble bytes (about a second at 60 Hz, see
    `preamble_bytes_for`) and 1 dark symbol; tri-level 3 (48 symbols) and 6. Any other `header` byte than the default
    is a frame that no right receiver takes.

    Raises:
        InvalidOption: no such code, a negative preamble or tail, or a header that is no byte.
    """
    __tracebackhide__ = True  # pytest would print the packet, which carries a password
    shape, preamble, dark = _layout(code, preamble_bytes, tail)
    if not 0 <= header <= 0xFF:
        raise InvalidOption(f"header is {header}; expected a byte, 0 to 255 (0x{HEADER:02X} is the right one)")
    data = bytes([shape.preamble_byte]) * preamble + bytes([header]) + packet
    sent: list[int] = []
    for byte in data:
        for shift in range(7, -1, -1):
            sent += shape.one if byte >> shift & 1 else shape.zero
    return tuple(sent) + (0,) * dark


def bits_of(symbols: Sequence[int], code: LineCode) -> str:
    """The bits that `symbols` stand for, as a text of 0 and 1, or ? where they stand for none.

    The inverse of how `symbols` spells a byte; a rest too short for a bit is left out.

    Raises:
        InvalidOption: no such code.
    """
    __tracebackhide__ = True
    shape, _, _ = _layout(code, None, None)
    per_bit = len(shape.zero)
    spelled = {shape.zero: "0", shape.one: "1"}
    groups = (tuple(symbols[i : i + per_bit]) for i in range(0, len(symbols) - per_bit + 1, per_bit))
    return "".join(spelled.get(group, "?") for group in groups)


def preamble_bytes_for(rate_hz: float) -> int:
    """Bi-level preamble bytes that fill at least a second at `rate_hz`; never fewer than 8.

    Raises:
        InvalidRate: not above 0, or beyond `MAX_HZ`.
    """
    check_rate(rate_hz)
    return max(_CODES["bilevel"].preamble_bytes, math.ceil(MIN_PREAMBLE_S * rate_hz / 8))


def data_span(packet_length: int, code: LineCode = "bilevel", *, preamble_bytes: int | None = None) -> tuple[int, int]:
    """First and end index (half open) of the symbols that carry a packet of `packet_length` bytes.

    Their light is a secret: it is blanked in whatever is stored. `preamble_bytes` as given to `symbols`.

    Raises:
        InvalidOption: no such code, or a negative length or preamble.
    """
    shape, preamble, _ = _layout(code, preamble_bytes, None)
    if packet_length < 0:
        raise InvalidOption(f"packet_length is {packet_length}; expected 0 or more bytes")
    per_byte = 8 * len(shape.zero)
    first = (preamble + 1) * per_byte
    return first, first + packet_length * per_byte


def frame_duration_s(
    packet_length: int,
    rate_hz: float,
    code: LineCode = "bilevel",
    *,
    preamble_bytes: int | None = None,
    tail: int | None = None,
) -> float:
    """Seconds from the first preamble symbol to the end of the tail, for a packet of `packet_length` bytes.

    Raises:
        InvalidOption, InvalidRate: as `data_span` and `preamble_bytes_for`.
    """
    check_rate(rate_hz)
    _, _, dark = _layout(code, preamble_bytes, tail)
    return (data_span(packet_length, code, preamble_bytes=preamble_bytes)[1] + dark) / rate_hz


def _layout(code: LineCode, preamble_bytes: int | None, tail: int | None) -> tuple[_Code, int, int]:
    if code not in _CODES:
        raise InvalidOption(f"line code is {code!r}; expected one of {', '.join(_CODES)}")
    shape = _CODES[code]
    preamble = shape.preamble_bytes if preamble_bytes is None else preamble_bytes
    dark = shape.tail if tail is None else tail
    if preamble < 0 or dark < 0:
        raise InvalidOption(f"preamble_bytes is {preamble} and tail {dark}; expected 0 or more of each")
    return shape, preamble, dark
