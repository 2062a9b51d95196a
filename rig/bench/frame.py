"""One BlinkUp frame ready to be sent: its waveform, and which stretch of its light is secret."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from rig.blinkup import (
    ClearConfig,
    Config,
    LineCode,
    Waveform,
    WpsConfig,
    data_span,
    encode,
    preamble_bytes_for,
    symbols,
    waveform,
)


@dataclass(frozen=True)
class Frame:
    """Times in seconds from the frame's first symbol. `packet_sha256` identifies the packet without telling it."""

    what: str
    code: LineCode
    rate_hz: float
    wave: Waveform = field(repr=False)
    duration_s: float
    secret_start_s: float
    secret_end_s: float
    packet_sha256: str


def kind_of(config: Config) -> str:
    """wifi, clear or wps."""
    if isinstance(config, ClearConfig):
        return "clear"
    return "wps" if isinstance(config, WpsConfig) else "wifi"


def frame_for(config: Config, *, rate_hz: float = 60.0, code: LineCode = "bilevel") -> Frame:
    """The frame that carries `config`.

    Raises:
        BlinkUpError: the configuration, the rate or the code can't be sent.
    """
    __tracebackhide__ = True
    return frame_of_packet(encode(config), kind_of(config), rate_hz=rate_hz, code=code)


def frame_of_packet(packet: bytes, what: str, *, rate_hz: float = 60.0, code: LineCode = "bilevel") -> Frame:
    """The frame that carries `packet` as it is, damaged or not."""
    __tracebackhide__ = True
    preamble = preamble_bytes_for(rate_hz) if code == "bilevel" else None
    wave = waveform(symbols(packet, code, preamble_bytes=preamble), rate_hz)
    first, end = data_span(len(packet), code, preamble_bytes=preamble)
    digest = hashlib.sha256(packet).hexdigest()
    return Frame(what, code, rate_hz, wave, wave.duration_us / 1e6, first / rate_hz, end / rate_hz, digest)
