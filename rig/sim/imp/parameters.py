"""What the simulated imp's BlinkUp receiver is made of: each number with its certainty.

DOC is the maker's own text, FORUM its staff or users, [A] is assumed here. The real receiver's code is not public.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReceiverParameters:
    """Light in fractions of full scale, times in seconds, lengths in symbols of the sync's rate where so named."""

    sample_hz: float = 1000.0  # DOC: the maker's tuning firmware samples at about 1 kHz; the receiver's own rate is [A]
    min_swing: float = 0.1  # FORUM staff: works down to a swing of 0.1 of full scale
    swing_slack: float = 0.9  # [A] share of `min_swing` that must be measured, since filters take some of a swing away
    sync_swing_fraction: float = 0.6  # [A] a tri-level sync swings to grey only, so it may be this much smaller
    min_rate_hz: float = 15.0  # [A] below the slowest known code (tri-level at 20 frames a second)
    max_rate_hz: float = 160.0  # [A] above the fastest known code (142 Hz), below 200: lamps flicker at 100 Hz
    max_trilevel_hz: float = 80.0  # [A] above the fastest known tri-level (60 frames a second)
    sync_runs: int = 16  # [A] regular alternations that make a sync; the shortest known preamble has 32 symbols
    window_s: float = 0.2  # [A] how far the search looks back for the darkest and brightest light
    hysteresis: float = 0.2  # [A] of the swing, either side of the mid-point
    white_over_grey: float = 1.16  # [A] a light this much of the sync's swing above dark is white, not grey
    max_sync_s: float = (
        5.0  # [A] a sync longer than this is no BlinkUp (the longest known preamble lasts 4.3 s at 15 Hz)
    )
    max_run_symbols: float = (
        200.0  # [A] light is lost without an edge for this long (five addresses 255.255.255.255 take 160)
    )
    max_dark_symbols: float = 6.0  # [A] tri-level: the dark clock may be stretched by dropped frames, but not more
    max_lit_symbols: float = 4.0  # [A] tri-level: a lit symbol may be stretched to this length, but not more
    glitch_symbols: float = 0.35  # [A] tri-level: a run shorter than this is noise on a crossing
    edge_gain: float = 0.08  # [A] bi-level: how much of an edge's offset moves the symbol clock
    rate_gain: float = 0.0016  # [A] bi-level: how much of an edge's offset changes the symbol's length
    off_grid: float = 0.33  # [A] an edge this far (in symbols) from the clock's grid says the clock is wrong
    off_grid_limit: int = 4  # [A] the symbol clock is lost when this number of the last eight edges are off the grid
    max_gap_s: float = 0.02  # [A] a hole in the samples longer than this ends a reception

    @property
    def sync_swing(self) -> float:
        """The smallest swing of a sync, as a fraction of full scale."""
        return self.min_swing * self.sync_swing_fraction

    @property
    def window_hops(self) -> int:
        """How many groups of samples the search looks back."""
        return max(1, round(self.window_s * self.sample_hz / HOP))


# Samples are taken in fixed groups counted from the start, so that the size of the blocks fed in changes nothing.
HOP = 10
