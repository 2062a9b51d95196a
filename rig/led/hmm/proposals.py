"""Which changes of the levels the light of the last seconds suggests, and how likely each can become at most.

Blocks are counted from the first one remembered; `lights` has the settled light of each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.led.hmm.ambient_changes import BlockLight, after_dark, coincidence, first_like, moves, settled_from
from rig.led.hmm.hypothesis import HISTORY_BLOCKS, LevelHypothesis
from rig.led.hmm.window import Window
from rig.led.levels.bins import BLOCK_BINS, Floats
from rig.led.levels.level_mixture import OFFSET_APART, likely_offsets
from rig.led.levels.levels import LevelEstimate, LevelModel
from rig.led.levels.likelihood import colour_likelihoods

# Blocks last 50 ms, nats are natural logarithms of odds. All values are assumed, and tuned on the scorer's traces.
CHANGE_NATS = 7.0  # against a change of ambient light
CHANGE_NATS_PER_CHANNEL = 4.0  # in addition for each channel, since the size of its change is free to fit
LIT_CHANGE_NATS = 1.0  # in addition against a change after which the LED is lit, or which is only a guess
LIT_START_NATS = 2.0  # against light that begins lit, or levels that are found anew from the start on
EARLIER_BLOCKS = (0, 6)  # a change began so long before the light was off all levels: on its way it passed a colour
MOVES_BLOCKS = 50  # a change may also have begun wherever the light moved, up to so long before
PROBE_WINDOW = 26  # blocks over which the recent minimum of the light is taken
OFF_LEVEL = 0.1  # amber steps off a level, at least, for another level to be proposed
OFF_LEVEL_SIGMAS = 4.0  # standard deviations off a level, at least, for another level to be proposed
LEVELS_ANEW = 3  # offsets that are tried when the levels are found anew


@dataclass(frozen=True)
class ProposedChange:
    """Other levels from block `at` on, whose light is not read before block `read_from`.

    penalty: nats against the change, before any light is seen.
    """

    at: int
    read_from: int
    levels: LevelEstimate
    penalty: float


def change_nats(levels: LevelModel) -> float:
    """Nats against a change of ambient light."""
    return CHANGE_NATS + CHANGE_NATS_PER_CHANNEL * levels.calibration.channels


def changes_to_shown_light(
    hypothesis: LevelHypothesis,
    lights: Sequence[BlockLight | None],
    levels: LevelModel,
    proposed: set[tuple[int, int, int]],
) -> list[ProposedChange]:
    """The light just shown is dark, red, green or amber, since one of the moments when it may have changed.

    proposed: what was proposed so far for hypotheses with the same past; this call adds to it.
    """
    last = len(lights) - 1
    light = lights[last]
    if light is None:
        return []
    oldest = max(0, len(lights) - HISTORY_BLOCKS)
    begun = [max(oldest, hypothesis.off_level_since - earlier) for earlier in EARLIER_BLOCKS]
    when = [(at, first_like(lights, last, at)) for at in begun]
    when += moves(lights, max(oldest, len(lights) - MOVES_BLOCKS), hypothesis.off_level_since + 1)
    changes = []
    for at, read_from in when:
        past = (id(hypothesis.history[at - 1]) if at else 0, at, read_from)
        if past not in proposed:
            proposed.add(past)
            learned = hypothesis.history[at - 1].levels if at else None
            for colour in range(4):
                changed = levels.given_colour(colour, *light, learned)
                penalty = change_nats(levels) + (0.0 if colour == 0 else LIT_CHANGE_NATS)
                changes.append(ProposedChange(at, read_from, changed, penalty))
    return changes


def darkest_recent(lights: Sequence[BlockLight | None]) -> BlockLight | None:
    """The darkest light of the last second or so; None where too little of it was settled."""
    recent = [light for light in lights[-PROBE_WINDOW:] if light is not None]
    return min(recent, key=lambda light: float(light[0].sum())) if len(recent) >= PROBE_WINDOW // 2 else None


def is_off_dark(hypothesis: LevelHypothesis, light: BlockLight) -> bool:
    """Whether light differs clearly from what the hypothesis takes for dark."""
    mean, variance = light
    away = np.abs(mean - hypothesis.mean[:, 0])
    clear = away**2 > OFF_LEVEL_SIGMAS**2 * (hypothesis.variance[:, 0] + variance)
    return bool(((away > OFF_LEVEL) & clear).any())


def changes_to_dark(
    hypothesis: LevelHypothesis, lights: Sequence[BlockLight | None], levels: LevelModel, dark: BlockLight
) -> list[ProposedChange]:
    """Some light is dark, since one of the moments after the last darkness when the light may have changed."""
    mean, variance = dark
    first = after_dark(lights, hypothesis, max(0, len(lights) - HISTORY_BLOCKS), OFF_LEVEL)
    by_chance = max(0.0, coincidence(hypothesis, mean, variance) - CHANGE_NATS_PER_CHANNEL * len(mean))
    when = [(first, settled_from(lights, first)), *moves(lights, first, len(lights))]
    changes = []
    for at, read_from in dict.fromkeys(when):
        learned = hypothesis.history[at - 1].levels if at else None
        changed = levels.given_colour(0, mean, variance, learned)
        changes.append(ProposedChange(at, read_from, changed, change_nats(levels) + LIT_CHANGE_NATS + by_chance))
    return changes


def levels_anew(
    hypothesis: LevelHypothesis, lights: Sequence[BlockLight | None], levels: LevelModel
) -> list[ProposedChange]:
    """Levels as the light of the last seconds suggests by itself."""
    at = max(0, len(lights) - HISTORY_BLOCKS)
    settled = [light for light in lights[at:] if light is not None]
    if len(settled) < PROBE_WINDOW // 2:
        return []
    means: Floats = np.array([mean for mean, _ in settled])
    variances: Floats = np.array([variance / BLOCK_BINS for _, variance in settled])
    changes = []
    for offset, gain in likely_offsets(levels, means, variances, LEVELS_ANEW):
        if (np.abs(hypothesis.mean[:, 0] - offset) < OFFSET_APART).all() and at:
            continue
        changed = levels.given_colour(0, offset, variances.mean(0) * BLOCK_BINS)
        changed.mean[:, 1:3] = gain
        changes.append(ProposedChange(at, 0, changed, change_nats(levels) if at else LIT_START_NATS))
    return changes


def weight_bound(
    hypothesis: LevelHypothesis, change: ProposedChange, levels: LevelModel, window: Window, end: int, least: float
) -> float:
    """An upper bound of the log weight of a hypothesis after a change: all light has the colour that fits it best.

    Counts the light up to bin `end`. A bound that falls below `least` is not worked out any further.
    """
    before = hypothesis.history[change.at - 1].log_likelihood if change.at else 0.0
    bound = hypothesis.log_weight - (hypothesis.log_likelihood - before) - change.penalty
    mean, variance = levels.predict(change.levels)
    for first in range(max(change.at, change.read_from) * BLOCK_BINS, end, BLOCK_BINS):
        last = min(first + BLOCK_BINS, end)
        likelihoods = colour_likelihoods(window.part(first, last), window.before(first, last), mean, variance)
        bound += math.log(math.prod(max(likelihood) for likelihood in likelihoods))
        if bound < least:
            break
    return bound
