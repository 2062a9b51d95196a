"""Whether a LED blinked on in step through a BlinkUp: what paused for it began anew, out of step.

Most of a BlinkUp's light is blanked, and with it a pause and a red answer. The rhythm before and after is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from rig.diagnosis.features.colours import Colour, joined
from rig.diagnosis.scene import Scene, Seen
from rig.recording import Action

# Assumed: only BlinkUp interrupts these; a new attempt to connect may begin the pattern of its step anew.
UNINTERRUPTED = frozenset({"no_settings", "legacy_no_settings", "connected"})
_FEWEST = 3  # flashes on either side
_ALIKE = 0.04  # of a period: how far flashes of one rhythm may lie apart
_APART = 0.08  # of a period: farther is another rhythm, by chance missed in one case of six
_FLASH_S = 0.1
_SETTLED_S = 0.05  # a flash that touches the end of what was seen is cut short


def _onsets(colours: Sequence[Colour], start_s: float, end_s: float) -> list[float]:
    """When the LED lit after darkness, inside a stretch."""
    runs = joined(colours)
    return [
        run.start_s
        for before, run in pairwise(runs)
        if before.letter == "D"
        and run.letter in "RAG"
        and run.start_s - before.end_s < _SETTLED_S
        and min(before.duration_s, run.duration_s) >= _FLASH_S
        and start_s + _SETTLED_S <= run.start_s < end_s - _SETTLED_S
    ]


def _phase(onsets: list[float], period_s: float) -> tuple[float, float]:
    """Mean place within the period (0..1), and the farthest from it (share of a period)."""
    angles = np.exp(2j * np.pi * np.array(onsets) / period_s)
    mean = float(np.angle(angles.mean()) / (2 * np.pi)) % 1.0
    away = np.abs((np.array(onsets) / period_s - mean + 0.5) % 1.0 - 0.5)
    return mean, float(away.max())


def _period(longer: list[float]) -> float | None:
    """Seconds from flash to flash, if they are evenly spaced; flashes may be missing."""
    step_s = float(np.median(np.diff(longer)))
    turns = np.round((np.array(longer) - longer[0]) / step_s)
    if turns[-1] < _FEWEST - 1:
        return None
    slope, first = np.polyfit(turns, np.array(longer), 1)
    away = np.abs(np.array(longer) - (first + slope * turns))
    return float(slope) if float(away.max()) <= _ALIKE * slope else None


def kept_step(scene: Scene, action: Action, before: Seen | None, after: Seen | None) -> bool | None:
    """Whether the rhythm after a BlinkUp is that from before it; None if that can't be told.

    False only for a pattern that nothing but BlinkUp interrupts, shown on both sides, out of step by more than 8 % of
    its period.
    """
    if before is None or after is None or before.code != after.code or before.code not in UNINTERRUPTED:
        return None
    early = _onsets(scene.colours, before.start_s, min(before.end_s, action.start_s))
    late = _onsets(scene.colours, max(after.start_s, action.end_s), after.end_s)
    if min(len(early), len(late)) < _FEWEST:
        return None
    longer = max(early, late, key=lambda onsets: onsets[-1] - onsets[0])
    period_s = _period(longer)
    if period_s is None:
        return None
    (was, was_off), (became, became_off) = _phase(early, period_s), _phase(late, period_s)
    if max(was_off, became_off) > _ALIKE:
        return None
    apart = abs((became - was + 0.5) % 1.0 - 0.5)
    if apart > _APART:
        return False
    return True if apart <= _ALIKE else None
