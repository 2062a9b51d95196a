"""Evidence that the rig itself was told to make the supply short."""

from __future__ import annotations

from rig.outcome.evidence import Scene
from rig.outcome.outcome import EvidenceItem


def starving_items(scene: Scene) -> tuple[EvidenceItem, ...]:
    """One item for each of the rig's own actions that starved the device."""
    return tuple(
        EvidenceItem(a.start_s, a.end_s, f"the rig was told to starve the device: {a.kind}", "action")
        for a in scene.supply.starved
    )
