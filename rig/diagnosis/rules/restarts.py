"""A device that restarts while the voltage at it holds: told by its current, or by the light of its starts."""

from __future__ import annotations

import numpy as np

from rig.diagnosis.features.current_dropouts import dropouts
from rig.diagnosis.features.radio import radio_never, supply_is_ample
from rig.diagnosis.features.repeated_starts import radio_stops, red_draws_less, red_starts
from rig.diagnosis.features.stages import CODE_VERDICTS, STAGE_RANK
from rig.diagnosis.hypothesis import Hypothesis
from rig.diagnosis.outcome import EvidenceItem, FaultDomain
from rig.diagnosis.registry import rule
from rig.diagnosis.scene import Scene, SceneSpan
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import (
    DECIDED_S,
    DROPOUTS,
    DROPOUTS_ALONE,
    DROPOUTS_MANY,
    DROPPED_OUT,
    DROPPED_OUT_OFTEN,
    STARTS_BREAK_OFF,
)
from rig.diagnosis.verdicts import Verdict
from rig.supply.restarts import PATIENCE


# Where both see restarts, the current proves that the device was without power, and a crash is ruled out.
@rule(decides={Verdict.BROWNOUT_LOOP}, needs=("dut_v", "supply_a"), before=("crash_loop",))
def current_dropouts(scene: Scene) -> Hypothesis | None:
    """The current breaks off again and again, to the end, while the voltage holds: restarts, whatever is shown."""
    supply = scene.supply
    if not supply.steady or supply.starved or not supply.fine_enough(scene.facts):
        return None
    times_s = dropouts(scene)
    if len(times_s) < DROPOUTS_ALONE:
        return None
    longest_s = float(np.max(np.diff(times_s)))
    assert supply.current_a is not None
    end_s = float(supply.current_a.times_s[-1])
    if end_s - times_s[-1] > PATIENCE * longest_s:
        return None
    text = (
        f"the device drew nothing at {len(times_s)} moments, while the voltage at it held: it starts anew each time, "
        "by a supply that gives way inside the device or by a crash"
    )
    item = EvidenceItem(times_s[0], times_s[-1], f"supply_a at nothing in {len(times_s)} samples", "supply")
    return Hypothesis(
        Verdict.BROWNOUT_LOOP,
        DROPPED_OUT_OFTEN if len(times_s) >= DROPOUTS_MANY else DROPPED_OUT,
        text,
        (item,),
        (times_s[0], end_s),
        FaultDomain.DUT,
        frozenset({Tag.DUT, Tag.STEADY_SUPPLY}),
    )


def _impossible(scene: Scene, shown: SceneSpan) -> bool:
    """Whether a pattern is one by chance: its radio never ran, it drew nothing at times, or its red is no LED's."""
    if sum(shown.start_s <= t <= shown.end_s for t in dropouts(scene)) >= DROPOUTS:
        return True
    if CODE_VERDICTS.get(shown.code or "") is Verdict.SPI_FLASH_FAULT and red_draws_less(
        scene, shown.start_s, shown.end_s
    ):
        return True
    silent = radio_never(scene, scene.powered.start_s, shown.end_s)
    return shown.code in {*STAGE_RANK, "wps"} and silent and supply_is_ample(scene) and not scene.wired


@rule(decides={Verdict.MODULE_FAULT}, needs=("dut_v",))
def crash_loop(scene: Scene) -> Hypothesis | None:
    """No pattern lasts, the red of the start comes back at one distance, and the supply holds: the start breaks off."""
    supply = scene.supply
    if not supply.steady or not supply.fine_enough(scene.facts) or supply.starved:
        return None
    if any(p.duration_s >= DECIDED_S and not _impossible(scene, p) for p in scene.patterns):
        return None
    if scene.power is not None and scene.power.restarts is not None:
        return None
    reds = red_starts(scene)
    times_s = reds or radio_stops(scene)
    if not times_s:
        return None
    distance_s = float(np.median(np.diff(times_s)))
    what = f"the red of the start came back {len(times_s) - 1}" if reds else f"the radio went off {len(times_s)}"
    text = (
        f"{what} times, every {distance_s:.2f} s, while the voltage at the "
        "device held: each start breaks off, by a crash or by a supply that gives way inside the device"
    )
    note = f"{len(times_s)} starts, {distance_s:.2f} s apart"
    item = EvidenceItem(times_s[0], times_s[-1], note, "led" if reds else "supply")
    window = (times_s[0], scene.led_end_s)
    tags = frozenset({Tag.RESTARTS})
    return Hypothesis(Verdict.MODULE_FAULT, STARTS_BREAK_OFF, text, (item,), window, FaultDomain.DUT, tags)
