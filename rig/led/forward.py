"""The model by one bin forwards and backwards. Linear domain, scaled per bin."""

from __future__ import annotations

import numpy as np

from rig.led.bintypes import Floats
from rig.led.model import SOLID_SWITCH, SWITCH, Model


def forward(model: Model, alpha: Floats, scale: Floats, likelihood: Floats) -> tuple[Floats, Floats]:
    """One bin for several level tracks at once.

    alpha: (tracks, size + 1), whose rows sum to `scale`; likelihood: (tracks, 8), see `Model.seen_by`. Returns the new
    alpha and its mass per colour (tracks, 4), whose sums are each track's likelihood of the bin and the next `scale`.
    """
    if len(alpha) == 1:
        one, mass = forward_one(model, alpha[0], float(scale[0]), likelihood[0])
        return one[None], mass[None]
    parts = [forward_one(model, a, float(s), one) for a, s, one in zip(alpha, scale, likelihood, strict=True)]
    return np.array([part[0] for part in parts]), np.array([part[1] for part in parts])


def forward_one(model: Model, alpha: Floats, scale: float, likelihood: Floats) -> tuple[Floats, Floats]:
    """The same for one track: (size + 1,), (8,) to (size + 1,), (4,)."""
    new = np.empty(len(alpha))
    new[0] = 0.0
    np.multiply(alpha[:-1], model.onward_kept, out=new[1:])
    new[model.loops] += alpha[model.loops] * model.loop_kept
    leaving = alpha.take(model.exit_states)
    leaving *= model.exit_kept
    flow = np.zeros(model.runs + 1)
    flow[: len(model.exit_first)] = np.add.reduceat(leaving, model.exit_first)
    new[model.starts] += flow.take(model.preds[0]) * model.pred_probs[0]
    for preds, probs in zip(model.more, model.more_probs, strict=True):
        new[model.more_starts] += flow.take(preds) * probs
    free = SWITCH * scale
    if len(model.solid):
        steady = alpha[model.solid] * (SWITCH * (1 - SOLID_SWITCH))
        new[model.solid] += steady
        free -= float(steady.sum())
    if len(model.ends):
        over = flow[model.ends]
        free += float(over.sum())
        new[model.end_starts] -= over * model.entry[model.end_starts]
    new += model.entry * free
    new *= model.seen_by(likelihood * (1 / scale))
    return new, np.add.reduceat(new, model.colour_starts)


def backward(model: Model, beta: Floats, likelihood: Floats) -> Floats:
    """One bin back: beta (size + 1,) of the bin before, scaled, given this bin's beta and likelihoods (8,)."""
    seen = beta * model.seen_by(likelihood)
    anywhere = float(seen @ model.entry)
    to_start = seen.take(model.starts) * model.pred_probs
    flow = np.bincount(model.preds.ravel(), to_start.ravel(), minlength=model.runs + 1) * (1 - SWITCH)
    if len(model.ends):
        flow[model.ends] += (1 - SWITCH) * (anywhere - seen[model.end_starts] * model.entry[model.end_starts])
    old = np.empty(len(beta))
    old[-1] = 0.0
    np.multiply(seen[1:], model.onward_kept, out=old[:-1])
    old[model.loops] += seen.take(model.loops) * model.loop_kept
    old[model.exit_states] += model.exit_probs * flow[model.exit_flow]
    old += SWITCH * anywhere
    if len(model.solid):
        old[model.solid] += SWITCH * (1 - SOLID_SWITCH) * (seen.take(model.solid) - anywhere)
    old[-1] = 0.0
    old *= 1 / float(old.max())
    return old
