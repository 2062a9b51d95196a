"""Up and down sweeps: where they transition_v, and whether the difference means anything."""

from __future__ import annotations

import pytest

from rig.errors import ConfigError
from rig.supply.edge.hysteresis import hysteresis, transition_v

UP = (2.4, 2.5, 2.6, 2.7, 2.8)
DOWN = UP[::-1]


@pytest.mark.parametrize(
    ("online", "at"),
    [
        ((False, False, True, True, True), 2.55),
        ((False, True, False, True, True), 2.65),
        ((False, False, False, False, True), 2.75),
        ((True, True, True, True, True), None),
    ],
)
def test_a_sweep_turns_where_its_last_result_begins(online: tuple[bool, ...], at: float | None) -> None:
    found = transition_v(UP, online)
    assert found == (None if at is None else pytest.approx(at))


def test_a_gap_wider_than_step_and_spread_is_hysteresis() -> None:
    up = [(UP, (False, False, False, True, True))] * 3
    down = [(DOWN, (True, True, True, True, False))] * 3
    found = hysteresis(up, down)
    assert found.gap_v == pytest.approx(0.2)
    assert found.significant
    same = hysteresis(up, [(DOWN, (True, True, False, False, False))] * 3)
    assert not same.significant
    assert "no hysteresis" in str(same)


def test_sweeps_that_never_turn_are_counted_or_refused() -> None:
    never = (UP, (False,) * 5)
    risen = (UP, (False, False, True, True, True))
    down = [(DOWN, (True, True, False, False, False))] * 2
    assert hysteresis([risen, never], down).never == 1
    with pytest.raises(ConfigError, match="upwards"):
        hysteresis([never], down)
    with pytest.raises(ConfigError, match="one each"):
        transition_v(UP, (True,))
