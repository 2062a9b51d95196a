"""What the colours of the start say against a reading of the light.

One sensor sees one number, so exchanged or broken colours pass for other patterns. A verdict that the rest of the
recording contradicts loses confidence, and LED and calibration are named as suspects.
"""

from __future__ import annotations

from rig.diagnosis.features.start_colours import green_start, lit_since_start, red_in_steps_before
from rig.diagnosis.hypothesis import Hypothesis, Objection, Weight
from rig.diagnosis.registry import veto
from rig.diagnosis.scene import GREEN_ANSWERS, RED_ANSWERS, Scene
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import AFTER_POWER_ON_S, BEFORE_CONNECTION_S, SHORT_START_S, WHOLE_GREEN_ANSWER_S
from rig.diagnosis.verdicts import Trait, Verdict, with_trait

_SHOW_RED_ELSEWHERE = with_trait(Trait.COLOURS) | {Verdict.NO_SETTINGS}
_TAKES_IN_FLASH = frozenset({"imp003", "imp004m", "imp005", "imp006"})  # green at the first start (LED guide)
_FIRST_GREEN = "flash_ingest"


def _without_red(scene: Scene, hypothesis: Hypothesis) -> bool:
    """Whether the hypothesis holds without any red (forum 4395: 'no red at all'), or rests on no colour."""
    if Tag.POLARITY in hypothesis.tags or "imp003_no_wlan" in hypothesis.codes:
        return True
    answered = any(p.code in GREEN_ANSWERS | RED_ANSWERS for p in scene.patterns)
    return hypothesis.verdict is Verdict.NO_SETTINGS and not answered


def _green_start_explained(scene: Scene, hypothesis: Hypothesis) -> bool:
    """Whether green and red were told apart elsewhere, so that the start was misread."""
    if any(p.code == "blinkup_ok" and p.duration_s >= WHOLE_GREEN_ANSWER_S for p in scene.patterns):
        return True
    return hypothesis.verdict is Verdict.CONNECTED and red_in_steps_before(scene, hypothesis.decisive_s[0])


def _contradicting_green_start(scene: Scene, hypothesis: Hypothesis) -> bool:
    return green_start(scene) and not _green_start_explained(scene, hypothesis)


@veto(of=_SHOW_RED_ELSEWHERE, weight=Weight.IMPOSSIBLE)
def green_where_red_is_due(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """A start shows red before anything else (troubleshooting guide: boots, turns the red LED on, then Wi-Fi)."""
    if _without_red(scene, hypothesis) or not _contradicting_green_start(scene, hypothesis):
        return None
    # Noise may turn the colour of a very short flash.
    short = next(r.duration_s for r in lit_since_start(scene) if r.letter == "G") < SHORT_START_S
    weight = Weight.ODD if short else Weight.IMPOSSIBLE
    return Objection("but the start showed green where red is due", weight, suspects_colours=True)


@veto(of=_SHOW_RED_ELSEWHERE, weight=Weight.ODD)
def no_red_at_all(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """Green alone since power-on: red is due at the start, unless the device takes in its flash."""
    if _without_red(scene, hypothesis) or _contradicting_green_start(scene, hypothesis):
        return None
    lit = lit_since_start(scene)
    only_green = bool(lit) and all(run.letter == "G" for run in lit) and Tag.BUSY not in hypothesis.tags
    if not only_green or hypothesis.decisive_s[1] - scene.powered.start_s <= AFTER_POWER_ON_S:
        return None
    weight = Weight.ODD
    if hypothesis.verdict is Verdict.UPDATING:
        takes_in = scene.facts.model in _TAKES_IN_FLASH
        takes_in = takes_in or any(_FIRST_GREEN in p.alternatives for p in scene.patterns)
        # An update has to be fetched first, which takes longer than a start.
        at_once = lit[0].start_s <= scene.powered.start_s + BEFORE_CONNECTION_S
        weight = Weight.UNUSUAL if takes_in else (Weight.IMPOSSIBLE if at_once else Weight.ODD)
    return Objection("but no red at all was seen, not even at the start", weight, suspects_colours=True)
