"""What the current says against a reading of the light: restarts, and a radio that runs or does not."""

from __future__ import annotations

from rig.diagnosis.features.collapse_losses import collapse_losses
from rig.diagnosis.features.current_dropouts import dropouts
from rig.diagnosis.features.radio import (
    RadioTurn,
    radio_gave_up,
    radio_never,
    radio_on,
    radio_turn,
    supply_is_ample,
    transmits,
    usual_ma,
)
from rig.diagnosis.features.repeated_starts import red_draws_less
from rig.diagnosis.features.stages import CODE_VERDICTS, blinkup_kind, patterns_since_settings
from rig.diagnosis.hypothesis import Hypothesis, Objection, Weight
from rig.diagnosis.registry import veto
from rig.diagnosis.scene import Scene
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import DROPOUTS
from rig.diagnosis.verdicts import Trait, Verdict, with_trait, without_trait
from rig.recording.actions import BlinkUpKind


@veto(of=without_trait(Trait.RESTARTS) | {Verdict.MODULE_FAULT}, weight=Weight.IMPOSSIBLE)
def draws_nothing_at_times(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """A device that shows one thing all along draws current all along."""
    if hypothesis.verdict is Verdict.MODULE_FAULT and Tag.STUCK_RED not in hypothesis.tags:
        return None
    start_s, end_s = hypothesis.decisive_s
    count = sum(start_s <= t <= end_s for t in dropouts(scene))
    if count < DROPOUTS:
        return None
    return Objection(f"but it drew nothing at {count} moments meanwhile, so it restarted there")


@veto(of={Verdict.RUNTIME_LOOP}, weight=Weight.IMPOSSIBLE)
def lost_as_the_supply_collapsed(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """An application that fails does not choose the moments at which the supply gives way."""
    found = collapse_losses(scene)
    if found is None:
        return None
    return Objection(f"but {len(found.dips)} losses came as the supply at the device collapsed")


@veto(of={Verdict.SPI_FLASH_FAULT}, weight=Weight.IMPOSSIBLE)
def red_of_a_start(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """The codes of SPI flash show a short red in each cycle, and so does a start that breaks off soon."""
    if not red_draws_less(scene, *hypothesis.decisive_s):
        return None
    return Objection("but less current flows with the red than in the dark, so a start is what shows it")


@veto(of=with_trait(Trait.RADIO | Trait.UNANSWERED), weight=Weight.IMPOSSIBLE)
def radio_never_ran(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """Being connected, or on the way there, takes a radio; a supply too low for it explains that it doesn't run.

    That a BlinkUp was not answered rests on what is shown after it, so that this counts then.
    """
    on_s, end_s = scene.powered.start_s, hypothesis.decisive_s[1]
    unanswered = hypothesis.verdict in with_trait(Trait.UNANSWERED)
    shown = _goes_on_as(scene) if unanswered else hypothesis.verdict
    if Tag.BUSY in hypothesis.tags or shown not in with_trait(Trait.RADIO):
        return None
    if not scene.powered.cold or not scene.supply.steady or scene.wired or not supply_is_ample(scene):
        return None
    # A radio that runs later on, after a BlinkUp, does not explain what was online before.
    online = [
        p.end_s for p in scene.patterns if p.code == "connected" and on_s <= hypothesis.decisive_s[0] <= p.start_s
    ]
    end_s = min([end_s, *online])
    if not radio_never(scene, on_s, end_s):
        return None
    amps = usual_ma(scene, on_s, end_s)
    return Objection(f"but the current ({amps:.0f} mA) shows that its radio never ran", suspects_colours=True)


def _goes_on_as(scene: Scene) -> Verdict | None:
    """What the last pattern would mean without a BlinkUp."""
    spans = patterns_since_settings(scene)
    return CODE_VERDICTS.get(spans[-1].code or "") if spans else None


def _transmits_meanwhile(scene: Scene, hypothesis: Hypothesis) -> bool:
    start_s, end_s = hypothesis.decisive_s
    return bool(radio_on(scene, start_s, end_s)) and transmits(scene, start_s, end_s)


@veto(of={Verdict.NO_SETTINGS}, weight=Weight.IMPOSSIBLE)
def radio_without_settings(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """A device that waits for settings has no use for its radio."""
    if not _transmits_meanwhile(scene, hypothesis):
        return None
    amps = usual_ma(scene, *hypothesis.decisive_s)
    text = f"but its radio transmits meanwhile ({amps:.0f} mA, with bursts)"
    return Objection(text, suspects_colours=True)


@veto(of={Verdict.NO_SETTINGS}, weight=Weight.ODD)
def radio_before_asking(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """A device that tried to connect had settings."""
    if scene.blinkups or not scene.powered.cold or _transmits_meanwhile(scene, hypothesis):
        return None
    if not radio_gave_up(scene, *hypothesis.decisive_s):
        return None
    return Objection("but its radio ran before, which takes settings")


@veto(of=with_trait(Trait.RADIO) | {Verdict.SETTINGS_NOT_KEPT}, weight=Weight.IMPOSSIBLE)
def radio_stopped_with_clearing(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """A radio that stops with a clearing of the settings shows that the clearing was kept."""
    if radio_turn(scene) is not RadioTurn.STOPPED or blinkup_kind(scene) != BlinkUpKind.CLEAR:
        return None
    return Objection("but its radio stopped with the clearing, so that was kept", suspects_colours=True)


@veto(of=with_trait(Trait.UNANSWERED), weight=Weight.IMPOSSIBLE)
def radio_turned_with_blinkup(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
    """A radio that starts or stops at a BlinkUp shows that it was taken, whatever the LED showed."""
    turn = radio_turn(scene)
    if turn is None or Tag.BUSY in hypothesis.tags:  # a device goes online after its update
        return None
    text = f"but its radio {turn.value} with the BlinkUp, so it was taken and its answer not seen"
    return Objection(text, suspects_colours=True)
