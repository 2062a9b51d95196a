"""What there is to judge: one powered stretch, with the patterns, the rig's actions and the supply inside it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rig.diagnosis.device_facts import DeviceFacts
from rig.diagnosis.features.colours import Answer, Colour, answers
from rig.diagnosis.features.supply import SupplyView, view_supply
from rig.diagnosis.outcome import EvidenceItem
from rig.diagnosis.thresholds import (
    ANSWER_CONFIDENCE,
    ANSWER_SHARE,
    BESIDE_SENDING_S,
    HASTY_ONLINE_S,
    LIGHT_BEFORE_POWER_S,
    LIGHT_GAP_S,
    MERGE_GAP_S,
    MOSTLY_DARK,
    PATTERN_FLASH_S,
)
from rig.led import Decoded, Problem, Span
from rig.recording import Action, Recording, Trace
from rig.recording.actions import ActionKind
from rig.supply.restarts import SupplyReport, analyse

DARK = "normal_operation"
GREEN_ANSWERS = frozenset({"blinkup_ok", "legacy_blinkup_ok"})
RED_ANSWERS = frozenset({"reception_error", "legacy_blinkup_fail"})


@dataclass(frozen=True)
class SceneSpan(Span):
    """A span inside the stretch that is judged; `code` is None if it is undecided or too unsure to build on."""

    def item(self) -> EvidenceItem:
        """The span as evidence."""
        what = self.code if self.code is not None else f"undecided ({self.reason or 'no reason given'})"
        text = f"{what} for {self.duration_s:.1f} s, confidence {self.confidence:.2f}"
        if self.code is not None and self.reason:
            text += f", {self.reason}"
        if self.details.get("rate_hz"):
            text += f", {self.details['rate_hz']:.1f} flashes per second"
        return EvidenceItem(self.start_s, self.end_s, text, "led")


@dataclass(frozen=True)
class Powered:
    """A stretch with power; `cold` if its beginning was seen, so that the LED window counts from `start_s`."""

    start_s: float
    end_s: float
    cold: bool


@dataclass(frozen=True)
class Scene:
    """Everything the rules look at. `seen` are all spans; `patterns` the decided, lit ones outside BlinkUp sending.

    `unmerged` are the spans as they were decoded: neighbours of one code apart.

    `start_seen`: the light was recorded from before a power-on, so that the red of the start can't have been missed.
    `anchored`: the light was recorded before power-on too, so that dark is known and not only assumed.
    `blanked`: stretches whose light the rig itself left out, as it holds a secret. `light`: the sensor's trace.
    `features` keeps what `rig.diagnosis.feature` worked out of this scene.
    """

    facts: DeviceFacts
    powered: Powered
    led_end_s: float
    seen: tuple[SceneSpan, ...]
    patterns: tuple[SceneSpan, ...]
    colours: tuple[Colour, ...]
    blinkups: tuple[Action, ...]
    supply: SupplyView
    problems: tuple[Problem, ...]
    proven: bool
    led_gaps: tuple[tuple[float, float], ...] = ()
    anchored: bool = True
    power: SupplyReport | None = None
    unmerged: tuple[SceneSpan, ...] = ()
    start_seen: bool = False
    blanked: tuple[tuple[float, float], ...] = ()
    light: Trace | None = None
    features: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def wired(self) -> bool:
        """Whether it may be on a cable, and so without a radio (only an imp005 can)."""
        return self.facts.model == "imp005"

    def undecided_s(self, after_s: float = float("-inf"), before_s: float = float("inf")) -> float:
        """Time within undecided spans that isn't plainly dark, nor left out by the rig itself."""
        total = 0.0
        for span in self.seen:
            a, b = max(span.start_s, after_s), min(span.end_s, before_s)
            if span.code is None and b > a:
                hidden_s = sum(max(0.0, min(b, end_s) - max(a, start_s)) for start_s, end_s in self.blanked)
                total += 0.0 if self.dark_share(a, b) > MOSTLY_DARK else max(0.0, b - a - hidden_s)
        return total

    def dark_share(self, start_s: float, end_s: float) -> float:
        """Share (0..1) of a stretch in which the LED was seen dark; what was not seen does not count as dark."""
        if end_s <= start_s:
            return 0.0
        if self.colours:
            parts = [(c.start_s, c.end_s) for c in self.colours if c.letter == "D"]
        else:
            parts = [(s.start_s, s.end_s) for s in self.seen if s.code == DARK]
        return sum(max(0.0, min(b, end_s) - max(a, start_s)) for a, b in parts) / (end_s - start_s)

    def green_between(self, start_s: float, end_s: float) -> bool:
        """Whether a flash of green, or a code that is green, lies inside."""
        return any(
            c.letter == "G" and min(c.end_s, end_s) - max(c.start_s, start_s) >= PATTERN_FLASH_S for c in self.colours
        ) or any(
            s.code in GREEN_ANSWERS | {"connected", "update"} and s.start_s >= start_s and s.end_s <= end_s
            for s in self.patterns
        )


def powered_stretches(actions: Iterable[Action], start_s: float, end_s: float) -> tuple[Powered, ...]:
    """The stretches with power. Without any power action the device is taken to have had it all along."""
    found: list[Powered] = []
    switches = sorted(
        (a for a in actions if a.kind in (ActionKind.POWER_ON, ActionKind.POWER_OFF)), key=lambda a: a.start_s
    )
    on_s: float | None = start_s if not switches or switches[0].kind == ActionKind.POWER_OFF else None
    cold = False
    for action in switches:
        if action.kind == ActionKind.POWER_ON and on_s is None:
            on_s, cold = action.start_s, True
        elif action.kind == ActionKind.POWER_OFF and on_s is not None:
            found.append(Powered(on_s, action.start_s, cold))
            on_s = None
    if on_s is not None:
        found.append(Powered(on_s, max(end_s, on_s), cold))
    return tuple(p for p in found if p.end_s > p.start_s or p.cold or not switches)


def observed_range(recording: Recording, spans: Iterable[Any]) -> tuple[float, float]:
    """First and last moment of which anything is known; (0, 0) if nothing is."""
    times = [t for span in spans for t in (span.start_s, span.end_s)]
    times += [t for action in recording.actions for t in (action.start_s, action.end_s)]
    for trace in recording.traces.values():
        if len(trace.times_s):
            times += [float(trace.times_s[0]), float(trace.times_s[-1])]
    return (min(times), max(times)) if times else (0.0, 0.0)


def build_scene(recording: Recording, decoded: Decoded, facts: DeviceFacts) -> Scene | None:
    """The last powered stretch of a recording; None if the device never had power."""
    spans = sorted(decoded, key=lambda s: (s.start_s, s.end_s))
    start_s, end_s = observed_range(recording, spans)
    stretches = powered_stretches(recording.actions, start_s, end_s)
    if not stretches:
        return None
    powered = stretches[-1]
    sends = tuple(
        a for a in recording.actions if a.kind == ActionKind.BLINKUP and powered.start_s <= a.start_s < powered.end_s
    )
    colours = tuple(
        Colour(max(c.start_s, powered.start_s), min(c.end_s, powered.end_s), c.colour[0].upper())
        for c in decoded.segments
        if c.end_s > powered.start_s and c.start_s < powered.end_s
    )
    clipped = _clip(spans, powered, facts)
    led = recording.traces.get("led")
    first_s = float(led.times_s[0]) if led is not None and len(led.times_s) else None
    start_seen = powered.cold and first_s is not None and first_s <= powered.start_s - LIGHT_BEFORE_POWER_S
    seen = _merge(_read_answers(clipped, answers(colours, sends, start_seen=start_seen)))
    led_end_s = float(led.times_s[-1]) if led is not None and len(led.times_s) else (seen[-1].end_s if seen else end_s)
    return Scene(
        facts,
        powered,
        min(led_end_s, powered.end_s),
        tuple(seen),
        tuple(_outside_sending(seen, sends)),
        colours,
        tuple(sorted(sends, key=lambda a: a.start_s)),
        view_supply(recording, powered.start_s, powered.end_s, facts, fresh=powered.cold),
        tuple(decoded.problems),
        _settings_proven(spans, recording, powered, facts),
        _led_gaps(recording),
        first_s is None or first_s <= powered.start_s - LIGHT_BEFORE_POWER_S,
        analyse(recording, powered.start_s, powered.end_s, wifi_v=facts.min_wifi_v),
        tuple(clipped),
        start_seen,
        tuple((window.start_s, window.end_s) for window in recording.secret_windows),
        led,
    )


def _led_gaps(recording: Recording) -> tuple[tuple[float, float], ...]:
    """Stretches without usable light samples that are longer than the shortest flash (a quarter of a second).

    Light that was blanked as BlinkUp data is not missing, so that a stored recording is judged as the live one was.
    """
    led = recording.traces.get("led")
    if led is None or len(led.times_s) < 2:
        return ()
    good = np.isfinite(led.values.reshape(len(led.times_s), -1)).all(axis=1)
    for window in recording.secret_windows:
        good |= (led.times_s >= window.start_s) & (led.times_s < window.end_s)
    times = led.times_s[good]
    edges = np.concatenate(([led.times_s[0]], times, [led.times_s[-1]]))
    return tuple((float(edges[i]), float(edges[i + 1])) for i in np.flatnonzero(np.diff(edges) > LIGHT_GAP_S))


def _clip(spans: Iterable[Any], powered: Powered, facts: DeviceFacts) -> list[SceneSpan]:
    seen = []
    for span in spans:
        a, b = max(span.start_s, powered.start_s), min(span.end_s, powered.end_s)
        if b > a:
            code = span.code if span.confidence >= facts.min_span_confidence else None
            reason = span.reason
            if span.code is not None and code is None:
                reason = f"{span.code} at a confidence of only {span.confidence:.2f}"
            seen.append(
                SceneSpan(a, b, code, float(span.confidence), tuple(span.alternatives), reason, dict(span.details))
            )
    return seen


def _read_answers(spans: list[SceneSpan], found: list[Answer]) -> list[SceneSpan]:
    """Undecided spans that are little else than a flash that answers a BlinkUp are read as that answer.

    So is green that passes for being online where nothing can be online yet and was not before.
    """
    read: list[SceneSpan] = []
    for span in spans:
        online_before = any(s.code == "connected" for s in read[-3:])
        hasty = span.code == "connected" and span.duration_s < HASTY_ONLINE_S and not online_before
        for answer in found if span.code is None or hasty else ():
            both_s = min(span.end_s, answer.end_s) - max(span.start_s, answer.start_s)
            whole_s = answer.end_s - answer.start_s if hasty else max(span.duration_s, answer.end_s - answer.start_s)
            if both_s >= ANSWER_SHARE * whole_s:
                span = replace(
                    span, code=answer.code, confidence=ANSWER_CONFIDENCE, reason="by its place after a BlinkUp"
                )
        read.append(span)
    return read


def _merge(spans: list[SceneSpan]) -> list[SceneSpan]:
    """Neighbours of the same code are one span, as sure as their mean over time."""
    merged: list[SceneSpan] = []
    for span in spans:
        last = merged[-1] if merged else None
        if last is not None and last.code == span.code is not None and span.start_s - last.end_s <= MERGE_GAP_S:
            weight_s = last.duration_s + span.duration_s
            sure = (last.confidence * last.duration_s + span.confidence * span.duration_s) / weight_s
            names = tuple(dict.fromkeys(last.alternatives + span.alternatives))
            merged[-1] = replace(last, end_s=max(last.end_s, span.end_s), confidence=sure, alternatives=names)
        else:
            merged.append(span)
    return merged


def _outside_sending(spans: list[SceneSpan], sends: tuple[Action, ...]) -> list[SceneSpan]:
    """Decided lit patterns; what was seen only during the rig's own flashing is none, unless it answers it."""
    kept = []
    for span in spans:
        if span.code in (None, DARK):
            continue
        covered_s = sum(max(0.0, min(span.end_s, a.end_s) - max(span.start_s, a.start_s)) for a in sends)
        if (
            covered_s == 0
            or span.duration_s - covered_s >= BESIDE_SENDING_S
            or span.code in GREEN_ANSWERS | RED_ANSWERS
        ):
            kept.append(span)
    return kept


def _settings_proven(spans: Iterable[Any], recording: Recording, powered: Powered, facts: DeviceFacts) -> bool:
    """Whether the device was online in an earlier powered stretch, with no BlinkUp since."""
    online = [
        s.end_s
        for s in spans
        if s.code == "connected" and s.confidence >= facts.min_span_confidence and s.end_s <= powered.start_s
    ]
    return bool(online) and not any(a.kind == ActionKind.BLINKUP and a.start_s > online[-1] for a in recording.actions)
