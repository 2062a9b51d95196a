"""What a receiver hands back: every frame it found, and why each that is not good failed.

Bytes, configuration and margins in order stay out of every repr: they are the password, or lead to it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from rig.blinkup.config import Config
from rig.blinkup.linecode import LineCode

Polarity = Literal["normal", "inverted"]


class Reason(StrEnum):
    """Why there is no good frame."""

    TOO_FEW_SAMPLES = "too few samples"
    TOO_SLOW = "sampled too slowly"
    CONSTANT = "light never changes"
    NO_PREAMBLE = "no preamble"
    HEADER_WRONG = "header wrong"
    TRUNCATED = "truncated"
    GAP = "gap in the samples"
    CLOCK_LOST = "clock lost"
    MARGINS = "margins"
    CRC = "CRC"
    MALFORMED = "malformed"


@dataclass(frozen=True)
class ReceivedFrame:
    """One frame in the light, good or not.

    `start_s` is the first symbol of the preamble, `data_start_s`..`end_s` the light that carries the packet: a secret.
    `levels` are dark (grey) bright in the unit of the samples, as the sync showed them; in an inverted signal bright
    is the lowest. `contrast` is bright minus dark, without sign. `noise` is the standard deviation of a sample around
    what the decided symbols explain, `edge_jitter_s` that of the edges around an even clock. `margins` has one number
    for each data symbol (tri-level: each bit), its distance from the threshold over that of a perfect symbol: 1 is
    ideal, near 0 a guess. `crc_ok` is None if the packet never was complete. `lag_s` is the sensor's time constant,
    `ambient_steps` the number of steps of ambient light that were taken out.
    """

    start_s: float
    data_start_s: float
    end_s: float
    code: LineCode
    rate_hz: float
    polarity: Polarity
    reason: Reason | None
    why: str
    crc_ok: bool | None = None
    packet: bytes = field(default=b"", repr=False)
    config: Config | None = field(default=None, repr=False)
    margins: tuple[float, ...] = field(default=(), repr=False)
    levels: tuple[float, ...] = ()
    contrast: float = 0.0
    noise: float = 0.0
    edge_jitter_s: float = 0.0
    lag_s: float = 0.0
    preamble_symbols: int = 0
    ambient_steps: int = 0

    @property
    def good(self) -> bool:
        """Header, length and CRC are right and the entries make a configuration."""
        return self.reason is None

    @property
    def worst_margin(self) -> float:
        """The least margin of all data symbols; 0 without any."""
        return min(self.margins, default=0.0)

    @property
    def low_margin(self) -> float:
        """The margin that 5 % of the data symbols fall short of; 0 without any."""
        ranked = sorted(self.margins)
        return ranked[len(ranked) // 20] if ranked else 0.0

    @property
    def snr(self) -> float:
        """Contrast over the noise of one raw sample."""
        return self.contrast / self.noise if self.noise > 0.0 else float("inf")


@dataclass(frozen=True)
class Reception:
    """Every frame that was found, good or not, in order of time.

    Without any frame, `reason` and `why` say what the light lacks. `sample_hz` is in samples per second. `lamp_hz` is
    100 or 120 if lamps flicker so strongly that their light looked like a preamble.
    """

    frames: tuple[ReceivedFrame, ...]
    samples: int
    sample_hz: float
    reason: Reason | None = None
    why: str = ""
    lamp_hz: float | None = None

    @property
    def good(self) -> tuple[ReceivedFrame, ...]:
        """The good frames, in order of time."""
        return tuple(frame for frame in self.frames if frame.good)
