"""When the ambient light may have changed, and what becomes of the light around such a change."""

from __future__ import annotations

import numpy as np
import pytest
from led_light import Scene, pattern, samples

from rig.led import decode, load_catalogue
from rig.led.hmm.ambient_changes import BlockLight, first_like, moves, settled_from, steady
from rig.led.result import Decoded

WIFI = load_catalogue().for_device("wifi")


def lights(*levels: float | None) -> list[BlockLight | None]:
    return [None if level is None else (np.array([level]), np.array([1e-5])) for level in levels]


def test_light_that_moved_is_not_steady() -> None:
    seen = lights(0.2, 0.21, 0.6, None, 0.6, 0.61)
    assert [steady(seen, k) for k in range(6)] == [False, True, False, False, False, True]


def test_moves_begin_and_end_where_the_light_does() -> None:
    seen = lights(0.2, 0.2, 0.4, 0.6, 0.6, 0.6, 0.2, 0.2)
    assert moves(seen, 0, 8) == [(2, 3), (6, 6)]
    assert moves(seen, 5, 8) == [(6, 6)]
    assert moves(seen, 0, 3) == []  # still on its way: nothing is known of where it goes


def test_the_light_shown_is_followed_back_to_where_it_began() -> None:
    seen = lights(0.2, 0.4, 0.6, 0.6, 0.6)
    assert first_like(seen, 4, 0) == 2
    assert first_like(seen, 4, 3) == 3
    assert settled_from(seen, 1) == 2


def stepped(at_s: float, height: float, width_s: float, seed: int, **scene: float) -> Decoded:
    """Getting an address for 4 s, joining for 6 s, and a step of ambient light meanwhile; heights in amber steps."""
    s = Scene(snr=20.0, ambient=0.4, **scene)  # type: ignore[arg-type]
    times, volts = samples([*pattern("getting_ip", 4.0), *pattern("joining", 6.0)], s, seed=seed)
    volts = volts + height * np.clip((times - at_s) / width_s, 0, 1)
    return decode(times, volts, calibration=s.calibration(), codes=WIFI)


def share_named(decoded: Decoded, code: str, a: float, b: float) -> float:
    named = sum(max(0.0, min(b, s.end_s) - max(a, s.start_s)) for s in decoded if s.code == code)
    return named / (b - a)


@pytest.mark.parametrize(
    ("at_s", "height"),
    [(2.0, 0.61), (2.3, 0.38), (4.6, 1.03), (5.1, 0.62), (6.3, 0.36), (5.5, -0.3)],
    ids=["green-before", "red-before", "amber", "green", "red", "down"],
)
@pytest.mark.parametrize("seed", [3, 4])
def test_a_step_as_high_as_a_colour_leaves_the_pattern_in_phase(at_s: float, height: float, seed: int) -> None:
    decoded = stepped(at_s, height, 0.1, seed)
    assert decoded.codes == ("getting_ip", "joining")  # what is left open carries no code
    assert share_named(decoded, "joining", 4.0, 10.0) > 0.5
    assert "ambient" in {p.kind for p in decoded.problems}


@pytest.mark.parametrize("gain_error", [-0.08, 0.08])
def test_a_calibration_that_is_off_is_no_change_of_ambient_light(gain_error: float) -> None:
    decoded = stepped(99.0, 0.0, 0.1, 5, gain_error=gain_error)
    assert share_named(decoded, "joining", 4.0, 10.0) > 0.9
    assert "ambient" not in {p.kind for p in decoded.problems}
