"""Losses of a connection that come with a collapse of the supply: the light's witness held against the supply's."""

from __future__ import annotations

from dataclasses import dataclass

from rig.diagnosis.feature import feature
from rig.diagnosis.features.losses import since_green
from rig.diagnosis.features.supply import SupplyDip
from rig.diagnosis.scene import Scene, SceneSpan
from rig.diagnosis.thresholds import COLLAPSED_LOSSES, COLLAPSED_SHARE, LASTING_GREEN_S


@dataclass(frozen=True)
class CollapseLosses:
    """Stretches online that ended with a collapse of the supply, and those collapses, in pairs and in order of time."""

    greens: tuple[SceneSpan, ...]
    dips: tuple[SupplyDip, ...]


@feature
def collapse_losses(scene: Scene) -> CollapseLosses | None:
    """The losses that collapses explain: twice or more, most of all losses, and with most of the collapses.

    None if there are none such, or if the voltage at the device was not measured.
    """
    collapses = scene.supply.collapses
    ended = [s for s in since_green(scene) if s.code == "connected" and s.end_s < scene.led_end_s - LASTING_GREEN_S]
    pairs = [
        (green, dip)
        for green in ended
        if (dip := min(collapses, key=lambda d: abs(d.start_s - green.end_s), default=None)) is not None
        and abs(dip.start_s - green.end_s) <= LASTING_GREEN_S
    ]
    if len(pairs) < COLLAPSED_LOSSES or len(pairs) < COLLAPSED_SHARE * max(len(ended), len(collapses)):
        return None
    return CollapseLosses(tuple(green for green, _ in pairs), tuple(dip for _, dip in pairs))
