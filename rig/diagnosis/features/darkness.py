"""Darkness that says something: a LED that never lit, and one that the device's own code switched off."""

from __future__ import annotations

from dataclasses import dataclass

from rig.diagnosis.feature import feature
from rig.diagnosis.features.colours import merged_runs
from rig.diagnosis.features.radio import draws_nothing, radio_on
from rig.diagnosis.scene import GREEN_ANSWERS, Scene
from rig.diagnosis.thresholds import BEFORE_CONNECTION_S, CODE_WAITS_S, DARK_SHARE, WINDOW_BY_CODE_IMPOS
from rig.recording import Action


@feature
def dark_throughout(scene: Scene) -> tuple[float, float] | None:
    """The stretch of at least `min_dark_s`, apart from BlinkUp sending, in which the LED never lit; None if it did.

    A LED shines by the device's current: where none flows, light that fits no code is not the LED's.
    """
    if scene.patterns:
        return None
    start_s, end_s = scene.powered.start_s, scene.led_end_s
    if scene.powered.cold:
        end_s = min(end_s, start_s + scene.facts.led_window_s)
    cuts = [start_s, *(t for a in scene.blinkups for t in (a.start_s, a.end_s) if start_s < t < end_s), end_s]
    quiet = [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False) if b > a]
    total_s = sum(b - a for a, b in quiet)
    dark_s = sum(scene.dark_share(a, b) * (b - a) for a, b in quiet)
    if total_s < scene.facts.min_dark_s or (dark_s < DARK_SHARE * total_s and not draws_nothing(scene)):
        return None
    return start_s, end_s


@dataclass(frozen=True)
class SwitchedOff:
    """The LED went dark at `dark_s`, `after_s` after the settings were taken (`answered`) or after power-on.

    `sent_after` is the first BlinkUp that came later, when nothing listened.
    """

    dark_s: float
    after_s: float
    answered: bool
    sent_after: Action | None


@feature
def switched_off_by_code(scene: Scene) -> SwitchedOff | None:
    """A LED that lit on the way to the server, and was dark sooner than code runs without a connection."""
    impos = scene.facts.impos
    if impos is None or impos < WINDOW_BY_CODE_IMPOS or not scene.start_seen:
        return None
    answers = [p for p in scene.patterns if p.code in GREEN_ANSWERS]
    since_s = answers[-1].end_s if answers else scene.powered.start_s
    if any(p.end_s > since_s for p in scene.patterns):
        return None
    lit = [run for run in merged_runs(scene.colours) if run.letter in "RAG" and run.start_s > since_s]
    red = any(run.letter == "R" for run in lit)
    if len(lit) < 2 or not red or not since_s + BEFORE_CONNECTION_S < lit[-1].end_s < since_s + CODE_WAITS_S:
        return None
    dark_s, watched_s = lit[-1].end_s, scene.led_end_s - lit[-1].end_s
    after = [a for a in scene.blinkups if a.start_s > dark_s]
    sending_s = sum(a.end_s - a.start_s for a in after)
    too_short = watched_s - sending_s < scene.facts.min_dark_s
    if too_short or scene.dark_share(dark_s, scene.led_end_s) * watched_s + sending_s < DARK_SHARE * watched_s:
        return None
    if radio_on(scene, dark_s, scene.led_end_s) is not True:
        return None
    return SwitchedOff(dark_s, dark_s - since_s, bool(answers), after[0] if after else None)
