"""One BlinkUp frame ready to be sent: its waveform, and which stretch of its light is secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict, Unpack, get_args

from rig.blinkup import (
    STANDARD_HZ,
    Bright,
    ClearConfig,
    Config,
    Damage,
    FrameDamage,
    FrameFault,
    LineCode,
    Waveform,
    WpsConfig,
    data_span,
    encode,
    frame_fault,
    preamble_bytes_for,
    stretched,
    symbols,
    waveform,
)
from rig.blinkup import damage as damaged
from rig.secret import keyed_hash

DAMAGES: tuple[str, ...] = (*get_args(Damage), *get_args(FrameDamage))


class LightOptions(TypedDict, total=False):
    """How a packet becomes light: symbols a second (default 60), line code (`bilevel`), legs of the LED that are lit
    for bright (`both`), and by how many percent of a symbol every lit stretch is lengthened (0)."""

    rate_hz: float
    code: LineCode
    bright: Bright
    lit_percent: float


class FrameOptions(LightOptions, total=False):
    """How a configuration becomes light, and what to spoil on purpose: a kind of `rig.blinkup.damage` or
    `rig.blinkup.frame_fault` (default None), with `damage_at` as its `at`."""

    damage: Damage | FrameDamage | None
    damage_at: float | None


@dataclass(frozen=True)
class Frame:
    """Times in seconds from the frame's first symbol. `packet_hmac` identifies the packet within this run
    (`rig.secret.keyed_hash`) without telling it.

    `first_data` and `end_data` (half open) number the symbols that carry the packet; `rate_hz` is what is really sent.
    `bright` says which legs of the LED light for bright; `damage` names what is wrong with the frame on purpose.
    """

    what: str
    code: LineCode
    rate_hz: float
    wave: Waveform = field(repr=False)
    duration_s: float
    secret_start_s: float
    secret_end_s: float
    packet_hmac: str
    first_data: int
    end_data: int
    bright: Bright = "both"
    damage: str = ""
    lit_percent: float = 0.0


def config_kind(config: Config) -> str:
    """What a configuration is for: wifi, clear or wps."""
    if isinstance(config, ClearConfig):
        return "clear"
    return "wps" if isinstance(config, WpsConfig) else "wifi"


def frame_for(
    config: Config,
    *,
    damage: Damage | FrameDamage | None = None,
    damage_at: float | None = None,
    **light: Unpack[LightOptions],
) -> Frame:
    """The frame that carries `config`; the keywords are those of `FrameOptions`.

    Raises:
        BlinkUpError: the configuration, the rate, the code or the damage can't be sent.
    """
    __tracebackhide__ = True
    packet, fault = encode(config), FrameFault()
    if damage in get_args(Damage):
        packet = damaged(packet, damage, None if damage_at is None else int(damage_at))  # type: ignore[arg-type]
        fault = FrameFault(name=str(damage))
    elif damage is not None:
        fault = frame_fault(damage, damage_at)  # type: ignore[arg-type]
    return frame_of_packet(packet, config_kind(config), fault=fault, **light)


def frame_of_packet(
    packet: bytes,
    what: str,
    *,
    fault: FrameFault | None = None,
    **light: Unpack[LightOptions],
) -> Frame:
    """The frame that carries `packet` as it is, damaged or not; `fault` says what is wrong with the frame on purpose.

    Raises:
        BlinkUpError: the rate or the code can't be sent.
    """
    __tracebackhide__ = True
    rate_hz, code = light.get("rate_hz", STANDARD_HZ), light.get("code", "bilevel")
    bright, lit_percent = light.get("bright", "both"), light.get("lit_percent", 0.0)
    fault = fault or FrameFault()
    preamble = preamble_bytes_for(rate_hz) if code == "bilevel" else None
    if fault.preamble_bytes is not None:
        preamble = fault.preamble_bytes
    sent_hz = rate_hz * fault.rate_factor
    wave = waveform(symbols(packet, code, preamble_bytes=preamble, header=fault.header), sent_hz)
    if lit_percent:
        wave = stretched(wave, sent_hz, lit_percent)
    first, end = data_span(len(packet), code, preamble_bytes=preamble)
    digest = keyed_hash(packet)
    return Frame(
        what,
        code,
        sent_hz,
        wave,
        wave.duration_us / 1e6,
        first / sent_hz,
        # A lit stretch that was made longer still tells the last bit.
        end / sent_hz + max(0.0, lit_percent) / 100 / sent_hz,
        digest,
        first,
        end,
        bright,
        fault.name,
        lit_percent,
    )
