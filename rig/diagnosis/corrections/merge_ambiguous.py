"""Light that was left undecided between codes that mean the same: what they mean is known all the same."""

from __future__ import annotations

from dataclasses import replace

from rig.diagnosis.features.radio import draws_nothing
from rig.diagnosis.features.stages import CODE_VERDICTS
from rig.diagnosis.scene import Scene, SceneSpan
from rig.diagnosis.thresholds import AGREED_CONFIDENCE, AGREED_LEAST_S, NEXT_SPAN_S, UNSUPPORTED_LEAST_S

# How long a cycle of a slow code takes at least; its parts may pass for other codes.
_SLOW_S: dict[str | None, float] = {"imp003_flash_unsupported": UNSUPPORTED_LEAST_S}


def with_agreed_spans(scene: Scene) -> Scene:
    """The scene with undecided spans of 3 s and more read as the likelier of codes that have one meaning.

    As an update and the ingestion of a flash, or the two faults of a proxy.
    """
    scene = _with_last_cycle(scene)
    agreed = [(_agrees(s) and _beside_sending(scene, s)) or _goes_on(scene, s) for s in scene.seen]
    if not any(agreed) or draws_nothing(scene):
        return scene
    seen = [replace(s, code=s.alternatives[0]) if yes else s for s, yes in zip(scene.seen, agreed, strict=True)]
    found = [s for s, yes in zip(seen, agreed, strict=True) if yes]
    patterns = tuple(sorted((*scene.patterns, *found), key=lambda s: s.start_s))
    return replace(scene, seen=tuple(seen), patterns=patterns)


def _agrees(span: SceneSpan) -> bool:
    meanings = {CODE_VERDICTS.get(code) for code in span.alternatives}
    undecided = span.code is None and span.duration_s >= AGREED_LEAST_S and span.confidence >= AGREED_CONFIDENCE
    return undecided and len(meanings) == 1 and None not in meanings


def _goes_on(scene: Scene, span: SceneSpan) -> bool:
    """Whether the likeliest reading of an undecided span is the slow code that was shown right before it."""
    likeliest = span.alternatives[0] if span.alternatives else None
    if span.code is not None or likeliest not in _SLOW_S or span.confidence < AGREED_CONFIDENCE:
        return False
    return any(p.code == likeliest and 0.0 <= span.start_s - p.end_s <= NEXT_SPAN_S for p in scene.patterns)


def _beside_sending(scene: Scene, span: SceneSpan) -> bool:
    """Whether enough of it lies outside the rig's own flashing."""
    inside_s = sum(max(0.0, min(span.end_s, a.end_s) - max(span.start_s, a.start_s)) for a in scene.blinkups)
    return span.duration_s - inside_s >= AGREED_LEAST_S


def _with_last_cycle(scene: Scene) -> Scene:
    """The scene with what is left of a last, broken off cycle read as the slow code that it belongs to."""
    last = scene.patterns[-1] if scene.patterns else None
    before = scene.patterns[-2] if len(scene.patterns) > 1 else None
    if last is None or before is None or before.code not in _SLOW_S or before.code not in last.alternatives:
        return scene
    begun = before.duration_s >= _SLOW_S[before.code] and last.start_s - before.end_s <= NEXT_SPAN_S
    if not begun or last.duration_s >= _SLOW_S[before.code]:
        return scene
    whole = replace(before, end_s=last.end_s)
    seen = tuple(whole if s is before else s for s in scene.seen if s is not last)
    return replace(scene, seen=seen, patterns=(*scene.patterns[:-2], whole))
