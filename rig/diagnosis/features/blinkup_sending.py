"""What is known of the sending of a BlinkUp: whether the light was as planned, and whose fault a failure is."""

from __future__ import annotations

from dataclasses import dataclass

from rig.diagnosis.outcome import EvidenceItem, FaultDomain
from rig.diagnosis.scene import Scene
from rig.diagnosis.tags import Tag
from rig.recording import Action


@dataclass(frozen=True)
class Sender:
    """Whose fault a BlinkUp that did not arrive is, as far as the sending tells, and why."""

    domain: FaultDomain
    text: str
    tag: Tag


def sender(action: Action) -> Sender:
    """What the receipt of a sending says of the sender's part in a failure."""
    planned, damage = action.details.get("sent_as_planned"), action.details.get("damage")
    if damage and planned is not False:
        text = f"the frame was damaged on purpose ({damage}), so a device that does not take it is right"
        return Sender(FaultDomain.CONFIGURATION, text, Tag.SENT_DAMAGED)
    if planned is False:
        return Sender(FaultDomain.BENCH, "the captured light was not what was to be sent", Tag.SENT_WRONG)
    if planned is True:
        text = "the light was captured and was as planned, so look at the device and its optics"
        return Sender(FaultDomain.DUT, text, Tag.SENT_RIGHT)
    return Sender(FaultDomain.UNKNOWN, "nobody checked whether the light was sent as planned", Tag.SENT_UNCHECKED)


def sent_item(action: Action) -> EvidenceItem:
    """The sending as evidence."""
    what, planned = action.details.get("what", "?"), action.details.get("sent_as_planned")
    checked = (
        "not checked on the way out" if planned is None else ("sent as planned" if planned else "NOT sent as planned")
    )
    return EvidenceItem(action.start_s, action.end_s, f"BlinkUp ({what}) sent, {checked}", "action")


def sent_late(scene: Scene) -> bool:
    """Whether the last BlinkUp came after the LED's window, so that nothing came of it whatever the supply was."""
    if not scene.powered.cold or not scene.blinkups:
        return False
    return scene.blinkups[-1].start_s > scene.powered.start_s + scene.facts.led_window_s
