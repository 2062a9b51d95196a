"""What the order and the times of events say against a reading of the light."""

from __future__ import annotations

from rig.diagnosis.features.blinkup_response import Unkept, blinkup_response, unanswered, unkept
from rig.diagnosis.features.colours import merged_runs
from rig.diagnosis.features.radio import RadioTurn, radio_turn
from rig.diagnosis.features.stages import STAGE_RANK, blinkup_kind, dark_after, patterns_since_settings
from rig.diagnosis.hypothesis import Hypothesis, Objection, Weight
from rig.diagnosis.registry import veto
from rig.diagnosis.scene import Scene
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import (
    DARK_PART_S,
    DARK_SHARE,
    FULL_CODES_IMPOS,
    LIGHT_EDGE_S,
    LONGEST_DARK_S,
    SOON_S,
    UNSUPPORTED_CYCLE_S,
)
from rig.diagnosis.verdicts import Trait, Verdict, with_trait
from rig.recording.actions import BlinkUpKind

_UNSUPPORTED = "imp003_flash_unsupported"


@veto(of=with_trait(Trait.LISTENING), weight=Weight.NO_ANSWER)
def no_answer_to_blinkup(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """A pattern after a BlinkUp without an answer decides nothing, unless the radio turned and fits what is shown."""
    if not unanswered(scene):
        return None
    turn, r = radio_turn(scene), blinkup_response(scene)
    if turn is None:
        return Objection("but this is not an answer to the BlinkUp")
    note = f"its radio {turn.value} with the BlinkUp, whose answer was not seen"
    started = turn is RadioTurn.STARTED
    fits = hypothesis.verdict in (with_trait(Trait.ON_THE_WAY) if started else {Verdict.NO_SETTINGS})
    if fits and r is not None and r.refused is None:
        return Objection(note, Weight.REMARK, suspects_colours=True)
    return Objection(f"but this is not an answer to the BlinkUp; {note}", suspects_colours=True)


@veto(of={Verdict.NO_SETTINGS}, weight=Weight.NO_ANSWER)
def settings_were_confirmed(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """Amber after settings that green confirmed is not that of a device which never had any."""
    if unkept(scene) is not Unkept.AMBER_AGAIN:
        return None
    return Objection("but settings were sent, and green answered them")


@veto(of={Verdict.BLINKUP_NOT_RECEIVED}, weight=Weight.IMPOSSIBLE)
def dark_after_blinkup(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """No pattern is dark for long, so darkness between a BlinkUp and a pattern is an answer in a colour not seen."""
    if not scene.blinkups or Tag.LATE in hypothesis.tags:
        return None
    sent_s = scene.blinkups[-1].end_s
    after = [run for run in merged_runs(scene.colours) if run.end_s > sent_s]
    lit = [run.start_s for run in after if run.letter in "RAG"]
    dark = [run for run in after if run.letter == "D" and run.start_s <= sent_s + SOON_S]
    if not lit or not dark or dark[0].end_s - sent_s < LONGEST_DARK_S or lit[0] < dark[0].end_s - SOON_S:
        return None
    dark_s = dark[0].end_s - sent_s
    return Objection(f"but its LED stayed dark for {dark_s:.1f} s after the BlinkUp", suspects_colours=True)


@veto(of=with_trait(Trait.ON_THE_WAY), weight=Weight.IMPOSSIBLE)
def dark_too_early(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """The LED shows steps for its window; only code switches it off before, and code starts after 10 s or online."""
    on_s, lit = scene.powered.start_s, [run for run in scene.colours if run.letter in "RAG"]
    if not scene.powered.cold or scene.blinkups or not lit:
        return None
    last_s = lit[-1].end_s
    watched = scene.led_end_s - last_s >= scene.facts.min_dark_s
    dark = watched and scene.dark_share(last_s, scene.led_end_s) > DARK_SHARE
    if not dark or last_s > on_s + scene.facts.stuck_s - DARK_PART_S:
        return None
    return Objection(f"but its LED was dark from {last_s - on_s:.1f} s after power-on", suspects_colours=True)


@veto(of={Verdict.LOST_CONNECTION}, weight=Weight.UNUSUAL)
def red_without_steps(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """Today's impOS shows the steps of a first attempt, and red once a second only after it was online."""
    impos = scene.facts.impos
    if Tag.NEVER_ONLINE not in hypothesis.tags or impos is None or impos < FULL_CODES_IMPOS:
        return None
    if any(p.code in STAGE_RANK for p in scene.patterns):
        return None
    note = f"but impOS {impos} shows the steps of a first attempt, not this"
    if any(run.letter in "AG" for run in scene.colours):
        return Objection(note)
    return Objection(f"{note}, and neither green nor amber was seen", suspects_colours=True)


@veto(of={Verdict.LOST_CONNECTION}, weight=Weight.IMPOSSIBLE)
def red_since_clearing(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """A device without settings connects to nothing; its amber without green has the rhythm of a lost connection."""
    if blinkup_kind(scene) != BlinkUpKind.CLEAR or Tag.NEVER_ONLINE not in hypothesis.tags:
        return None
    shown = [p for p in scene.patterns if p.code == "lost"]
    if not shown or shown[0].start_s < scene.blinkups[-1].start_s:
        return None
    text = "but this began with a clearing of its settings, after which amber is due"
    return Objection(text, suspects_colours=True)


@veto(of=with_trait(Trait.AFTER_JOINING), weight=Weight.IMPOSSIBLE)
def step_at_power_on(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """A start shows red, and a step behind joining comes a second later: from the very start it is something else."""
    if not scene.powered.cold or not scene.start_seen:
        return None
    if hypothesis.decisive_s[0] > scene.powered.start_s + LIGHT_EDGE_S:
        return None
    return Objection("but it was shown from power-on, before any step can be reached", suspects_colours=True)


@veto(of={Verdict.SPI_FLASH_FAULT}, weight=Weight.IMPOSSIBLE)
def part_of_a_cycle(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """The green of an update, broken off by a start, begins as the code for an unsupported flash does."""
    spans = patterns_since_settings(scene)
    if not spans or spans[-1].code != _UNSUPPORTED or dark_after(scene, spans[-1]):
        return None
    shown = [p.duration_s for p in scene.patterns if p.code == _UNSUPPORTED]
    if max(shown, default=0.0) >= UNSUPPORTED_CYCLE_S:
        return None
    return Objection("but less than one cycle of it was seen, and an update that starts anew looks the same")
