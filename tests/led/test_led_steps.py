"""The model's steps, laid out for speed, against the plain matrix of all transitions."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from rig.led import load_catalogue
from rig.led.hmm.forward import backward, forward
from rig.led.hmm.model import LightModel, build_model
from rig.led.hmm.transitions import SOLID_SWITCH, SWITCH
from rig.led.hmm.viterbi import Viterbi

MIXES = {
    "one-shots": ["blinkup_ok", "legacy_blinkup_ok", "reception_error", "getting_ip"],
    "irregular": ["power_fault", "flash_ingest", "connected", "no_settings"],
}


def _model(name: str) -> LightModel:
    return build_model(load_catalogue().only(MIXES[name]))


@cache
def _matrix(name: str) -> np.ndarray:
    """(size, size): the probability of going from one state to another in one bin."""
    m = _model(name)
    out = np.zeros((m.size, m.size))
    for s in range(m.size - 1):
        out[s, s + 1] += m.transitions.onward[s]
    for s, p in zip(m.loops.states, m.loops.probs, strict=True):
        out[s, s] += p
    ends = dict(zip(m.exits.once.tolist(), m.exits.once_start.tolist(), strict=True))
    for s, p, number in zip(m.exits.states, m.exits.probs, m.exits.number, strict=True):
        for sources, probs in zip(m.runs.sources, m.runs.source_probs, strict=True):
            for run in np.flatnonzero((sources == number) & (probs > 0)):
                out[s, m.runs.start[run]] += p * probs[run]
        if number in ends:
            anew = m.entry[: m.size].copy()
            anew[ends[number]] = 0.0
            out[s] += p * anew
    rate = np.full(m.size, SWITCH)
    rate[m.loops.solids] *= SOLID_SWITCH
    return np.asarray(out * (1 - rate[:, None]) + rate[:, None] * m.entry[: m.size])


def _light(m: LightModel, bins: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    colours = np.repeat(rng.integers(0, 4, bins), rng.integers(10, 60, bins))[:bins]
    out = np.full((bins, 8), 3e-4)
    out[np.arange(bins), colours] += rng.random(bins)
    out[:, 4:] = np.maximum(out[:, :4], 0.3 * rng.random((bins, 1)))
    return out


def _seen(m: LightModel, likelihood: np.ndarray) -> np.ndarray:
    return likelihood[..., np.repeat(m.states.emission, m.states.emission_lengths)[: m.size]]


def test_the_mixes_have_everything() -> None:
    assert len(_model("one-shots").exits.once)
    assert _model("irregular").groups.irregular
    assert any(len(_model(name).loops.solids) for name in MIXES)
    assert any((_model(name).runs.source_probs[1:] > 0).any() for name in MIXES)


@pytest.mark.parametrize("name", MIXES)
def test_forward_is_the_matrix(name: str) -> None:
    m, matrix = _model(name), _matrix(name)
    alpha, scratch, scale = m.start_prior.copy(), np.empty(m.size + 1), 1.0
    plain = m.start_prior[: m.size].copy()
    for row in _light(m, 150, seed=1):
        mass = forward(m, alpha, scale, row, scratch)
        plain = (plain @ matrix) * _seen(m, row)
        assert mass.sum() == pytest.approx(plain.sum(), rel=1e-9)
        scale, plain = float(mass.sum()), plain / plain.sum()
        np.testing.assert_allclose(alpha[:-1] / scale, plain, rtol=1e-9, atol=1e-18)
        assert mass == pytest.approx([alpha[:-1][m.states.colour == c].sum() for c in range(4)], rel=1e-9)


@pytest.mark.parametrize("name", MIXES)
def test_backward_is_the_matrix(name: str) -> None:
    m, matrix = _model(name), _matrix(name)
    beta, scale = np.ones(m.size + 1), 1.0
    plain = np.ones(m.size)
    for row in _light(m, 150, seed=2):
        scale = backward(m, beta, scale, row)
        plain = matrix @ (plain * _seen(m, row))
        plain /= plain.max()
        np.testing.assert_allclose(beta[:-1] / beta.max(), plain, rtol=1e-9, atol=1e-18)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", MIXES)
def test_no_path_is_likelier_than_the_best_one(name: str, seed: int) -> None:
    m = _model(name)
    with np.errstate(divide="ignore"):
        log, prior = np.log(_matrix(name)), np.log(m.start_prior[: m.size])
    light = _light(m, 200, seed)
    seen = np.log(_seen(m, light))
    best = prior + seen[0]
    for row in seen[1:]:
        best = (best[:, None] + log).max(0) + row
    viterbi = Viterbi(m, m.start_prior)
    for row in light:
        viterbi.push(row)
    states, fresh = viterbi.path()
    score = prior[states[0]] + seen[np.arange(len(light)), states].sum() + log[states[:-1], states[1:]].sum()
    assert score == pytest.approx(best.max(), abs=0.05)  # a one-shot's end may begin anew by either way
    assert fresh[0]
