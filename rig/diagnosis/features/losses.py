"""Losses of a connection: green that is followed by red, and whether a slow new join lies between."""

from __future__ import annotations

from rig.diagnosis.feature import feature
from rig.diagnosis.features.stages import STAGE_RANK
from rig.diagnosis.scene import GREEN_ANSWERS, Scene, SceneSpan
from rig.diagnosis.thresholds import SHORT_LOSS_CONFIDENCE, SHORT_LOSS_S

RED_AFTER_GREEN = frozenset({"lost", "legacy_blinkup_fail"})


def drops(spans: tuple[SceneSpan, ...], slow_s: float) -> tuple[list[SceneSpan], int]:
    """The greens that were followed by red, and how many of these losses led through a slow new join."""
    greens: list[SceneSpan] = []
    rejoined = 0
    green: SceneSpan | None = None
    fell = False
    for span in spans:
        if span.code == "connected":
            green, fell = span, False
        elif span.code in RED_AFTER_GREEN and green is not None:
            greens.append(green)
            green, fell = None, True
        elif span.code in STAGE_RANK and fell and span.duration_s >= slow_s:
            rejoined, fell = rejoined + 1, False
    return greens, rejoined


@feature
def since_green(scene: Scene) -> tuple[SceneSpan, ...]:
    """Patterns since green last answered a BlinkUp, with losses that are too short to be named by their pattern."""
    mark_s = max((p.end_s for p in scene.patterns if p.code in GREEN_ANSWERS), default=float("-inf"))
    spans = tuple(p for p in scene.patterns if p.start_s >= mark_s and p.code not in GREEN_ANSWERS)
    return _with_short_losses(scene, spans)


def red_after_s(scene: Scene, t_s: float) -> float:
    """For how long the LED was red after `t_s`, in s."""
    return sum(c.end_s - max(c.start_s, t_s) for c in scene.colours if c.letter == "R" and c.end_s > t_s)


def _with_short_losses(scene: Scene, spans: tuple[SceneSpan, ...]) -> tuple[SceneSpan, ...]:
    """Red between two stretches of green, too short to be named by its pattern, is a loss all the same."""
    found: list[SceneSpan] = []
    for span in spans:
        before = found[-1] if found else None
        if before is not None and before.code == span.code == "connected":
            reds = [
                min(c.end_s, span.start_s) - max(c.start_s, before.end_s)
                for c in scene.colours
                if c.letter == "R" and c.end_s > before.end_s and c.start_s < span.start_s
            ]
            if sum(reds) >= SHORT_LOSS_S:
                found.append(
                    SceneSpan(
                        before.end_s,
                        span.start_s,
                        "lost",
                        SHORT_LOSS_CONFIDENCE * min(before.confidence, span.confidence),
                    )
                )
        found.append(span)
    return tuple(found)
