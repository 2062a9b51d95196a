"""Steady red: without a blink it may as well be ambient light that rose, or darkness at levels that were misread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rig.diagnosis.features.radio import draws_nothing
from rig.diagnosis.scene import DARK, Scene, SceneSpan
from rig.diagnosis.thresholds import (
    BRIGHT_PERCENT,
    DARK_STEP,
    OTHER_STEP,
    PATTERN_FLASH_S,
    RED_STEP_LEAST,
    RED_STEP_MOST,
    SOLID_SHARE,
    SOON_S,
    STEADY_CONFIDENCE,
    STEADY_LATE_CONFIDENCE,
    STEADY_LEAST_S,
    WITH_START_S,
)
from rig.led import AmbientChange, Problem, ProblemKind
from rig.recording import Trace

_SOLID_RED, _SOLID_GREEN = ("power_fault",), ("update", "flash_ingest")
_AS_OFF = "as dark as before power-on"


def with_steady_red(scene: Scene) -> Scene:
    """The scene with one stretch of solid red in place of darkness, if light as strong as red rose with the start.

    Only where the power-on was seen from darkness, nothing else was lit, and the light stayed for 5 s, to the end.
    """
    if not scene.start_seen or scene.patterns or draws_nothing(scene):
        return scene
    leaning = scene.seen[-1] if scene.seen else None
    if leaning is not None and leaning.code is None and leaning.alternatives == _SOLID_RED:
        return _leaning(scene, leaning)
    return _risen(scene)


def without_false_light(scene: Scene) -> Scene:
    """The scene with a solid colour taken for the darkness that it is, where the light is what it was before power-on.

    A LED that is much weaker than its calibration, or never blinks, leaves the levels open. What draws nothing is dark.
    """
    light, on_s = scene.light, scene.powered.start_s
    solid = [s for s in scene.seen if s.code in _SOLID_GREEN or _is_solid_red(s)]
    if light is None or not scene.start_seen or not solid or light.values.ndim > 1:
        return scene
    off_v = float(np.nanmedian(light.between(light.times_s[0], on_s).values))
    step_v = float(np.nanpercentile(light.between(on_s, scene.led_end_s).values, BRIGHT_PERCENT)) - off_v
    dead = draws_nothing(scene)
    false = [s for s in solid if dead or _usual_v(light, s) - off_v < DARK_STEP * step_v]
    if not false:
        return scene

    def mended(spans: tuple[SceneSpan, ...]) -> tuple[SceneSpan, ...]:
        return tuple(replace(s, code=DARK, details={}, reason=_AS_OFF) if s in false else s for s in spans)

    colours = tuple(
        replace(c, letter="D") if any(s.start_s <= c.start_s and c.end_s <= s.end_s for s in false) else c
        for c in scene.colours
    )
    left = tuple(s for s in scene.patterns if not any(f.start_s < s.end_s and s.start_s < f.end_s for f in false))
    return replace(scene, seen=mended(scene.seen), unmerged=mended(scene.unmerged), patterns=left, colours=colours)


def _is_solid_red(span: SceneSpan) -> bool:
    return span.code in _SOLID_RED and float(span.details.get("duty") or 0.0) >= SOLID_SHARE


def _usual_v(light: Trace, span: SceneSpan) -> float:
    values = light.between(span.start_s, span.end_s).values
    return float(np.nanmedian(values)) if np.isfinite(values).any() else float("inf")


def _leaning(scene: Scene, span: SceneSpan) -> Scene:
    """The decoder leans towards red but leaves the levels open, as always with steady light: the start decides."""
    on_s = scene.powered.start_s
    if not on_s <= span.start_s <= on_s + WITH_START_S or span.duration_s < STEADY_LEAST_S:
        return scene
    return _with_red(scene, span.start_s, tuple(p for p in scene.problems if p.kind is not ProblemKind.LEVELS))


def _risen(scene: Scene) -> Scene:
    """The decoder took it for ambient light."""
    on_s = scene.powered.start_s
    rises = [
        (p, p.payload)
        for p in scene.problems
        if isinstance(p.payload, AmbientChange) and p.payload.time_s >= on_s and abs(p.payload.change) >= OTHER_STEP
    ]
    if len(rises) != 1:
        return scene
    ((problem, rise),) = rises
    since_s = rise.time_s
    lit = any(c.letter in "RAG" and c.end_s > on_s and c.duration_s >= PATTERN_FLASH_S for c in scene.colours)
    stayed = scene.led_end_s - since_s >= STEADY_LEAST_S
    if lit or not stayed or since_s > on_s + WITH_START_S or not RED_STEP_LEAST <= rise.change <= RED_STEP_MOST:
        return scene
    return _with_red(scene, since_s, tuple(p for p in scene.problems if p is not problem))


def _with_red(scene: Scene, since_s: float, problems: tuple[Problem, ...]) -> Scene:
    late_s = since_s - scene.powered.start_s
    sure = STEADY_CONFIDENCE if late_s <= SOON_S else STEADY_LATE_CONFIDENCE
    why = f"light as strong as red rose {late_s:.2f} s after power-on and stayed"
    dark = tuple(replace(s, end_s=min(s.end_s, since_s)) for s in scene.seen if s.start_s < since_s)
    red = SceneSpan(since_s, scene.led_end_s, "power_fault", sure, (DARK,), why, {"duty": 1.0})
    return replace(scene, seen=(*dark, red), patterns=(red,), unmerged=(red,), colours=(), problems=problems)
