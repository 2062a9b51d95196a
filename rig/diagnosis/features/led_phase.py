"""Whether a LED kept its phase through a BlinkUp: a LED that paused for the sending begins anew, out of phase.

Most of a BlinkUp's light is blanked, and with it a pause and a red answer. The rhythm before and after is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rig.diagnosis.features.colours import Colour, merged_runs
from rig.diagnosis.scene import Scene, SceneSpan
from rig.diagnosis.thresholds import CUT_FLASH_S, HALF, PATTERN_FLASH_S, RHYTHM_ALIKE, RHYTHM_APART, RHYTHM_FLASHES
from rig.recording import Action

# Assumed: only BlinkUp interrupts these; a new attempt to connect may begin the pattern of its step anew.
UNINTERRUPTED = frozenset({"no_settings", "legacy_no_settings", "connected"})


def _onsets(colours: Sequence[Colour], start_s: float, end_s: float) -> list[float]:
    """When the LED lit after darkness, inside a stretch."""
    runs = merged_runs(colours)
    return [
        run.start_s
        for before, run in pairwise(runs)
        if before.letter == "D"
        and run.letter in "RAG"
        and run.start_s - before.end_s < CUT_FLASH_S
        and min(before.duration_s, run.duration_s) >= PATTERN_FLASH_S
        and start_s + CUT_FLASH_S <= run.start_s < end_s - CUT_FLASH_S
    ]


def _phase(onsets: list[float], period_s: float) -> tuple[float, float]:
    """Mean phase (0..1 of the period), and the largest deviation from it (share of a period)."""
    angles = np.exp(2j * np.pi * np.array(onsets) / period_s)
    mean = float(np.angle(angles.mean()) / (2 * np.pi)) % 1.0
    away = np.abs((np.array(onsets) / period_s - mean + HALF) % 1.0 - HALF)
    return mean, float(away.max())


def _period(longer: list[float]) -> float | None:
    """Seconds from flash to flash, if they are evenly spaced; flashes may be missing."""
    step_s = float(np.median(np.diff(longer)))
    turns = np.round((np.array(longer) - longer[0]) / step_s)
    if turns[-1] < RHYTHM_FLASHES - 1:
        return None
    slope, first = np.polyfit(turns, np.array(longer), 1)
    away = np.abs(np.array(longer) - (first + slope * turns))
    return float(slope) if float(away.max()) <= RHYTHM_ALIKE * slope else None


def kept_phase(scene: Scene, action: Action, before: SceneSpan | None, after: SceneSpan | None) -> bool | None:
    """Whether the LED blinks in one phase before and after a BlinkUp; None if that can't be told.

    False only for a pattern that nothing but BlinkUp interrupts, shown on both sides, out of phase.
    """
    if before is None or after is None or before.code != after.code or before.code not in UNINTERRUPTED:
        return None
    early = _onsets(scene.colours, before.start_s, min(before.end_s, action.start_s))
    late = _onsets(scene.colours, max(after.start_s, action.end_s), after.end_s)
    if min(len(early), len(late)) < RHYTHM_FLASHES:
        return None
    longer = max(early, late, key=lambda onsets: onsets[-1] - onsets[0])
    period_s = _period(longer)
    if period_s is None:
        return None
    (was, was_off), (became, became_off) = _phase(early, period_s), _phase(late, period_s)
    if max(was_off, became_off) > RHYTHM_ALIKE:
        return None
    apart = abs((became - was + HALF) % 1.0 - HALF)
    if apart > RHYTHM_APART:
        return False
    return True if apart <= RHYTHM_ALIKE else None
