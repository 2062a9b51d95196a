"""The forward and the backward recursion by one bin, in the linear domain and scaled in each bin.

Both change their vector of states in place.
"""

from __future__ import annotations

import numpy as np

from rig.led.hmm.model import LightModel
from rig.led.hmm.transitions import SWITCH
from rig.led.levels.bins import Floats


def forward(model: LightModel, alpha: Floats, scale: float, likelihood: Floats, scratch: Floats) -> Floats:
    """One bin on: `alpha` (size + 1,), which sums to `scale`, takes in the likelihoods (8,) of a bin's colours.

    scratch (size + 1,): space to work in, which may serve for every bin.
    Returns the new mass per colour (4,); its sum is the likelihood of the bin, and the `scale` of the next call.
    """
    transitions, states = model.transitions, model.states
    arrived = transitions.forward.sums(alpha)
    scratch[0] = 0.0
    np.multiply(alpha[:-1], transitions.onward_kept, out=scratch[1:])
    scratch[transitions.forward.targets] = arrived[:-1]
    np.multiply(model.entry, SWITCH * scale + float(arrived[-1]), out=alpha)
    alpha += scratch
    alpha *= states.emissions(likelihood * (1 / scale))
    return np.asarray(np.add.reduceat(alpha, states.colour_starts))


def backward(model: LightModel, beta: Floats, scale: float, likelihood: Floats) -> float:
    """One bin back: `beta` (size + 1,) of a bin, `scale` times too large, becomes that of the bin before.

    likelihood (8,): of the colours of the former bin.
    Returns the new beta of light that switches, which is the `scale` of the next call.
    """
    transitions, exits, loops = model.transitions, model.exits, model.loops
    emitted = model.states.emissions(likelihood * (1 / scale))
    emitted *= beta
    switched = float(emitted @ model.entry)
    np.multiply(emitted[1:], transitions.onward_kept, out=beta[:-1])
    beta[loops.states] += emitted.take(loops.states) * transitions.loop_kept + transitions.loop_switch * switched
    behind = transitions.backward.sums(emitted)
    behind += transitions.exit_switch * switched
    leaving = behind.take(exits.number)
    leaving *= exits.probs
    leaving += beta.take(exits.states)
    beta[exits.states] = leaving
    beta += SWITCH * switched
    beta[-1] = 0.0
    return switched
