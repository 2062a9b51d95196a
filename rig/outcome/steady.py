"""Red that comes with the start and never goes: without a blink it may as well be ambient light that rose."""

from __future__ import annotations

from dataclasses import replace

from rig.outcome.evidence import DARK, Scene, Seen
from rig.outcome.spans import ProblemLike

# In amber steps. Assumed: red is the weaker die, about 0.4 of amber; half of amber and more may be green or amber.
_RED = (0.30, 0.50)
_OTHER = 0.1  # a change as large as this later on is no LED that stays
_WITH_START_S = 1.0  # assumed: a start lights its red within a second; room light seldom happens to
_SOON_S = 0.3
_LEAST_S = 5.0
_FLASH_S = 0.1
_SURE, _LESS_SURE = 0.9, 0.8
_SOLID_RED = ("power_fault",)


def with_steady_red(scene: Scene) -> Scene:
    """The scene with one stretch of solid red in place of darkness, if light as strong as red rose with the start.

    Only where the power-on was seen from darkness, nothing else was lit, and the light stayed for 5 s, to the end.
    """
    if not scene.start_seen or scene.patterns:
        return scene
    leaning = scene.seen[-1] if scene.seen else None
    if leaning is not None and leaning.code is None and leaning.alternatives == _SOLID_RED:
        return _leaning(scene, leaning)
    return _risen(scene)


def _leaning(scene: Scene, span: Seen) -> Scene:
    """The decoder leans towards red but leaves the levels open, as always with steady light: the start decides."""
    on_s = scene.powered.start_s
    if not on_s <= span.start_s <= on_s + _WITH_START_S or span.duration_s < _LEAST_S:
        return scene
    return _with_red(scene, span.start_s, tuple(p for p in scene.problems if p.kind != "levels"))


def _risen(scene: Scene) -> Scene:
    """The decoder took it for ambient light."""
    on_s = scene.powered.start_s
    rises = [
        p
        for p in scene.problems
        if p.kind == "ambient"
        and float(p.numbers.get("time_s", on_s)) >= on_s
        and abs(float(p.numbers.get("change", 0.0))) >= _OTHER
    ]
    if len(rises) != 1:
        return scene
    since_s, change = float(rises[0].numbers["time_s"]), float(rises[0].numbers["change"])
    lit = any(c.letter in "RAG" and c.end_s > on_s and c.duration_s >= _FLASH_S for c in scene.colours)
    stayed = scene.led_end_s - since_s >= _LEAST_S
    if lit or not stayed or since_s > on_s + _WITH_START_S or not _RED[0] <= change <= _RED[1]:
        return scene
    return _with_red(scene, since_s, tuple(p for p in scene.problems if p is not rises[0]))


def _with_red(scene: Scene, since_s: float, problems: tuple[ProblemLike, ...]) -> Scene:
    late_s = since_s - scene.powered.start_s
    sure = _SURE if late_s <= _SOON_S else _LESS_SURE
    why = f"light as strong as red rose {late_s:.2f} s after power-on and stayed"
    dark = tuple(replace(s, end_s=min(s.end_s, since_s)) for s in scene.seen if s.start_s < since_s)
    red = Seen(since_s, scene.led_end_s, "power_fault", sure, (DARK,), why, {"duty": 1.0})
    return replace(scene, seen=(*dark, red), patterns=(red,), unmerged=(red,), colours=(), problems=problems)
