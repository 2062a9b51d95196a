"""What left the BlinkUp LED's pins, in figures and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

# Crystals of boards are within 50 ppm (rule of thumb): four times that is another fault.
RATE_TOLERANCE_PPM = 200.0

Captured = Literal["pins", "light", "nothing"]
_WHERE: dict[Captured, str] = {"pins": "the pins", "light": "the rig's light sensor", "nothing": "nowhere"}


@dataclass(frozen=True)
class Receipt:
    """One transmission, captured and compared with its plan. Times in microseconds, `start_s` and `end_s` on the clock.

    `worst_edge_us` is counted from the first edge on, with the plan's clock; infinite if edges and plan don't match,
    NaN if nobody saw edges. `rate_error_ppm` and the jitter are those of the best-fit clock; None if there is none.
    `decoded_back` is whether the packet read from the captured edges is the planned one; None if it can't be read.
    `contrast_v` is how far the rig's own sensor swings with the LED. `difference` is empty if all was as planned.
    `grey_fraction` is what the bench file says of a tri-level frame's grey.
    """

    edges_planned: int
    edges_seen: int
    worst_edge_us: float
    start_s: float
    end_s: float
    packet_hmac: str
    captured: Captured
    by: str
    decoded_back: bool | None = None
    rate_error_ppm: float | None = None
    jitter_rms_us: float | None = None
    jitter_max_us: float | None = None
    contrast_v: float | None = None
    difference: str = ""
    grey_fraction: float | None = None

    @property
    def sent_as_planned(self) -> bool | None:
        """Whether nothing differed from the plan; None if nobody could see."""
        return None if self.captured == "nothing" else not self.difference

    @property
    def verdict(self) -> str:
        """One line: sent as planned, or what differed, or that nobody saw it."""
        if self.captured == "nothing":
            return "not captured: no pin was watched and the rig's sensor does not see the LED"
        return self.difference or "sent as planned"

    def rows(self) -> list[tuple[str, str]]:
        """(name, figure with unit) of everything that is known, for tables."""
        decoded = {True: "the planned packet", False: "NOT the planned packet", None: "not read back"}
        found: list[tuple[str, str]] = [
            ("result", self.verdict),
            ("sent by", self.by),
            ("captured at", _WHERE[self.captured]),
            ("packet HMAC, of this run", self.packet_hmac),
            ("decoded back", decoded[self.decoded_back]),
        ]
        if self.captured == "pins":
            found.append(("edges", f"{self.edges_seen} of {self.edges_planned}"))
        if self.grey_fraction is not None:
            found.append(("grey, by the bench file", f"{self.grey_fraction:.0%} of bright"))
        figures = (
            ("rate error", self.rate_error_ppm, "+.1f", "ppm"),
            ("edge jitter, rms", self.jitter_rms_us, ".2f", "us"),
            ("edge jitter, most", self.jitter_max_us, ".2f", "us"),
            ("contrast at the rig's sensor", self.contrast_v, ".3f", "V"),
        )
        found += [(name, f"{value:{form}} {unit}") for name, value, form, unit in figures if value is not None]
        return found

    def with_contrast(self, volts: float) -> Receipt:
        """This receipt with what the rig's sensor saw of the LED."""
        return replace(self, contrast_v=volts)


def not_captured(frame_edges: int, start_s: float, end_s: float, packet_hmac: str, by: str) -> Receipt:
    """The receipt of a frame whose edges nobody saw."""
    return Receipt(frame_edges, 0, math.nan, start_s, end_s, packet_hmac, "nothing", by)
