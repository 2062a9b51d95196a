"""The model by one bin forwards and backwards. Linear domain, scaled per bin. Both change their states in place."""

from __future__ import annotations

import numpy as np

from rig.led.hmm.model import SWITCH, Model
from rig.led.levels.bins import Floats


def forward(model: Model, alpha: Floats, scale: float, likelihood: Floats, scratch: Floats) -> Floats:
    """One bin on: `alpha` (size + 1,), which sums to `scale`, and the bin's likelihoods (8,), see `Model.seen_by`.

    scratch (size + 1,): space to work in, used again for every bin.
    Returns the new mass per colour (4,), whose sum is the likelihood of the bin and the next `scale`.
    """
    flows = model.flows.forward
    arrived = flows.sums(alpha)
    scratch[0] = 0.0
    np.multiply(alpha[:-1], model.onward_kept, out=scratch[1:])
    scratch[flows.targets] = arrived[:-1]
    np.multiply(model.entry, SWITCH * scale + float(arrived[-1]), out=alpha)
    alpha += scratch
    alpha *= model.seen_by(likelihood * (1 / scale))
    return np.asarray(np.add.reduceat(alpha, model.colour_starts))


def backward(model: Model, beta: Floats, scale: float, likelihood: Floats) -> float:
    """One bin back: `beta` (size + 1,) is this bin's, times `scale`; it becomes that of the bin before.

    likelihood (8,): this bin's. Returns what beta has become for light that begins anew: the next `scale`.
    """
    flows = model.flows
    seen = model.seen_by(likelihood * (1 / scale))
    seen *= beta
    anywhere = float(seen @ model.entry)
    np.multiply(seen[1:], model.onward_kept, out=beta[:-1])
    beta[model.loops] += seen.take(model.loops) * flows.kept + flows.kept_anew * anywhere
    behind = flows.backward.sums(seen)
    behind += flows.begun * anywhere
    leaving = behind.take(model.exit_flow)
    leaving *= model.exit_probs
    leaving += beta.take(model.exit_states)
    beta[model.exit_states] = leaving
    beta += SWITCH * anywhere
    beta[-1] = 0.0
    return anywhere
