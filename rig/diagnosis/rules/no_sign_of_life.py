"""A device whose LED never lit, or that its own code switched off."""

from __future__ import annotations

import numpy as np

from rig.diagnosis.features.darkness import dark_throughout, switched_off_by_code
from rig.diagnosis.features.supply import SupplySeries
from rig.diagnosis.hypothesis import Hypothesis
from rig.diagnosis.outcome import EvidenceItem, FaultDomain
from rig.diagnosis.registry import rule
from rig.diagnosis.scene import Scene
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import (
    BOOTED_S,
    DARK_AT_REGULATOR,
    DARK_OPEN,
    DARK_WITH_POWER,
    HIGH_PERCENT,
    LIGHT_NOT_ANCHORED,
    LOOP,
    LOW_PERCENT,
    ONLINE_AFTER_SETTINGS,
    ONLINE_BY_DARKNESS,
    WITH_CURRENT,
    WITH_STEADY_CURRENT,
)
from rig.diagnosis.verdicts import Verdict

_LOOK_AT_LED = (
    "check that the sensor sits over the status LED, its wiring and calibration, and the LED's own colours (a dead die)"
)


@rule(decides={Verdict.CONNECTED, Verdict.BLINKUP_NOT_RECEIVED}, needs=("supply_a",))
def led_off_by_code(scene: Scene) -> Hypothesis | None:
    """Lit on its way to the server, and dark sooner than code runs without a connection: it came online."""
    off = switched_off_by_code(scene)
    if off is None:
        return None
    what = "its BlinkUp" if off.answered else "power-on"
    item = EvidenceItem(off.dark_s, scene.led_end_s, f"LED dark from {off.after_s:.1f} s after {what}", "led")
    text = (
        f"the LED showed steps of a connection, went dark {off.after_s:.1f} s after {what} and the radio went on: "
        "its own code switched the LED off (enableblinkup), which it can so soon only when online"
    )
    if off.sent_after is None:
        score = ONLINE_AFTER_SETTINGS if off.answered else ONLINE_BY_DARKNESS
        return Hypothesis(Verdict.CONNECTED, score, text, (item,), (off.dark_s, scene.led_end_s), FaultDomain.NONE)
    text += "; the BlinkUp came after that, when nothing listened"
    window = (off.sent_after.start_s, scene.led_end_s)
    tags = frozenset({Tag.LATE})
    verdict = Verdict.BLINKUP_NOT_RECEIVED
    return Hypothesis(verdict, ONLINE_BY_DARKNESS, text, (item,), window, FaultDomain.CONFIGURATION, tags)


@rule(decides={Verdict.UNDECIDED, Verdict.DEAD})
def never_lit(scene: Scene) -> Hypothesis | None:
    """Powered within limits since a seen power-on, and the LED never lit."""
    stretch = dark_throughout(scene)
    if stretch is None or switched_off_by_code(scene) is not None:
        return None
    if not scene.powered.cold:
        return (
            None
            if scene.blinkups
            else _open(
                stretch,
                "the LED was dark all the time, and the power-on was not part of the recording: the LED window may be "
                "over",
                "record from power-on: the LED lights at every cold start",
            )
        )
    return _without_power(scene, stretch) or _with_current(scene, stretch) or _dead(scene, stretch)


def _dark_item(stretch: tuple[float, float]) -> EvidenceItem:
    return EvidenceItem(*stretch, f"LED dark for {stretch[1] - stretch[0]:.1f} s", "led")


def _open(stretch: tuple[float, float], text: str, step: str, domain: FaultDomain = FaultDomain.UNKNOWN) -> Hypothesis:
    return Hypothesis(Verdict.UNDECIDED, DARK_OPEN, text, (_dark_item(stretch),), stretch, domain, next_step=step)


def _at_device(scene: Scene) -> SupplySeries | None:
    """The voltage nearest to the device that was measured."""
    return scene.supply.dut_v if scene.supply.dut_v is not None else scene.supply.source_v


def _without_power(scene: Scene, stretch: tuple[float, float]) -> Hypothesis | None:
    """Nobody knows that it had power, or it had too little or too much."""
    facts, measured = scene.facts, _at_device(scene)
    if measured is None:
        return _open(
            stretch,
            "the LED never lit, and nobody measured whether the device had power",
            "measure dut_v, or check the supply by hand, and repeat",
        )
    volts = float(np.median(measured.values))
    if facts.min_v <= volts <= facts.max_v:
        return None
    return _open(
        stretch,
        f"the LED never lit, but the supply was {volts:.2f} V, outside {facts.min_v:.1f} to {facts.max_v:.1f} V",
        f"bring the supply into {facts.min_v:.1f} to {facts.max_v:.1f} V and repeat",
        FaultDomain.CONFIGURATION if scene.supply.starved else FaultDomain.BENCH,
    )


def _swing_a(current: SupplySeries) -> float:
    """How far the current usually moves after the boot, in A; single pulses don't count."""
    settled = current.values[current.times_s >= current.times_s[0] + BOOTED_S]
    if not len(settled):
        return 0.0
    return float(np.percentile(settled, HIGH_PERCENT) - np.percentile(settled, LOW_PERCENT))


def _with_current(scene: Scene, stretch: tuple[float, float]) -> Hypothesis | None:
    """Its current moves as that of a device that runs: the sensor does not see the LED."""
    supply = scene.supply
    if supply.current_a is None:
        return None
    if len(supply.pulses) >= LOOP:
        text = f"the LED was seen dark, yet the device draws {len(supply.pulses)} pulses of current as in operation"
        return _open(stretch, text, _LOOK_AT_LED, FaultDomain.BENCH)
    if (swing_a := _swing_a(supply.current_a)) >= scene.facts.blink_a:
        text = f"the LED was seen dark, yet the current moves by {swing_a * 1000:.1f} mA as with a blinking LED"
        return _open(stretch, text, _LOOK_AT_LED, FaultDomain.BENCH)
    return None


def _dead(scene: Scene, stretch: tuple[float, float]) -> Hypothesis:
    supply, measured = scene.supply, _at_device(scene)
    assert measured is not None
    volts = float(np.median(measured.values))
    where = "at the device" if supply.dut_v is not None else "at the regulator only"
    evidence = [_dark_item(stretch), EvidenceItem(*stretch, f"{volts:.2f} V {where}", "supply")]
    score: float = DARK_WITH_POWER if supply.dut_v is not None else DARK_AT_REGULATOR
    text = f"the LED never lit in {stretch[1] - stretch[0]:.0f} s although {volts:.2f} V were measured {where}"
    tags = set[Tag]()
    if supply.current_a is not None:
        amps = float(np.median(supply.current_a.values))
        evidence.append(EvidenceItem(*stretch, f"{amps * 1000:.2f} mA drawn (median)", "supply"))
        score += WITH_CURRENT
        if amps < scene.facts.dead_current_a:
            text += f", and it draws nothing ({amps * 1000:.3f} mA)"
            tags.add(Tag.NO_CURRENT)
        else:
            score -= WITH_STEADY_CURRENT
            text += f", with a current of {amps * 1000:.1f} mA and no sign of a radio"
            tags.add(Tag.STEADY_CURRENT)
    if not scene.anchored and Tag.NO_CURRENT not in tags:
        score -= LIGHT_NOT_ANCHORED
        text += "; no light was recorded before power-on, so that steady light may pass for dark"
    step = "record the light from a second before power-on, and the current"
    items = tuple(evidence)
    return Hypothesis(Verdict.DEAD, score, text, items, stretch, FaultDomain.DUT, frozenset(tags), next_step=step)
