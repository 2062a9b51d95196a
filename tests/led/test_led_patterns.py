"""Unknown colours: spelled out where possible, never equal to a known row that the device can show."""

from __future__ import annotations

from rig.led import load_catalogue
from rig.led.hmm.model import build_model
from rig.led.hmm.patterns import LightPattern, patterns_of


def _patterns(code_id: str, *tags: str) -> list[LightPattern]:
    return [pattern for pattern in patterns_of(load_catalogue().for_device(*tags)) if code_id in pattern.codes]


def _colours(patterns: list[LightPattern]) -> set[str]:
    return {"".join(run.colours for run in pattern.runs) for pattern in patterns}


def test_equal_lights_are_one_pattern_named_in_the_catalogues_order() -> None:
    (pattern,) = _patterns("update", "wifi", "legacy", "factory")
    assert pattern.codes == ("update", "legacy_install", "blessed")
    assert all(pattern.codes == ("wps", "offline") for pattern in _patterns("offline", "wifi"))


def test_unknown_colours_stay_out_of_the_way_of_known_rows() -> None:
    def long_green_short_green(pattern: LightPattern) -> bool:
        return sorted((r.colours, r.lo_ms) for r in pattern.runs) == [("D", 250), ("D", 250), ("G", 250), ("G", 500)]

    assert any(map(long_green_short_green, _patterns("offline", "wifi")))
    assert not any(map(long_green_short_green, _patterns("offline", "wifi", "legacy")))
    long_amber_short_red = [("A", 500), ("D", 500), ("D", 500), ("R", 250)]
    for pattern in _patterns("modem", "cellular"):
        assert sorted((r.colours, r.lo_ms) for r in pattern.runs) != long_amber_short_red


def test_constraints_on_unknown_colours() -> None:
    assert all(len(set(colours) - {"D"}) > 1 for colours in _colours(_patterns("reg_denied", "cellular")))
    assert len(_patterns("reg_denied", "cellular")) == 8  # 24 colourings, of which rotations look the same
    assert len(_patterns("eth_wait", "ethernet", "imp005")) == 9


def test_where_a_cycle_begins_does_not_matter() -> None:
    catalogue = load_catalogue()
    one = catalogue.only(["getting_ip"])
    (pattern,) = patterns_of(one)
    assert "".join(r.colours for r in pattern.runs) in ("DRA", "RAD", "ADR")


def test_the_models_probabilities_add_up() -> None:
    model = build_model(load_catalogue().for_device("wifi", "legacy", "imp003"))
    leaving = 1 - model.transitions.onward
    leaving[model.loops.states] -= model.loops.probs
    out = [0.0] * model.size
    for state, p in zip(model.exits.states, model.exits.probs, strict=True):
        if p:
            out[state] += p
    assert abs(leaving - out).max() < 1e-12
    assert abs(model.entry.sum() - 1) < 1e-12
    assert abs(model.start_prior.sum() - 1) < 1e-12
