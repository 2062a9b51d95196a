"""Rules about devices without a sign of life, and about power that never came or went away."""

from __future__ import annotations

import numpy as np

from rig.diagnosis.features.colours import joined
from rig.diagnosis.features.radio import draws_nothing, radio_on
from rig.diagnosis.features.supply import Series, starving_items
from rig.diagnosis.hypothesis import Candidate
from rig.diagnosis.outcome import EvidenceItem, FaultDomain, Verdict
from rig.diagnosis.scene import GREEN_ANSWERS, Scene

_DARK = 0.95
_BOOTED_S = 1.0  # while a device starts, its current changes anyway
_LOOP = 3  # one dip may be a glitch and two a coincidence
_WINDOW_BY_CODE_IMPOS = 42  # enableblinkup(false) acts as soon as code runs (developer.electricimp.com, imp API)
_CODE_WAITS_S = 10.0  # for a connection, before it runs without one (the same page)
_STEPS_S = 0.9  # sooner than any connection (1.1 s, forum 3626): what is lit later is more than a start
_LOOK_AT_LED = (
    "check that the sensor sits over the status LED, its wiring and calibration, and the LED's own colours (a dead die)"
)


def _dark_throughout(scene: Scene) -> tuple[float, float] | None:
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
    if total_s < scene.facts.min_dark_s or (dark_s < 0.95 * total_s and not draws_nothing(scene)):
        return None
    return start_s, end_s


def _swing_a(current: Series) -> float:
    """How far the current usually moves, in A; single pulses don't count."""
    settled = current.values[current.times_s >= current.times_s[0] + _BOOTED_S]
    return float(np.percentile(settled, 90) - np.percentile(settled, 10)) if len(settled) else 0.0


def switched_off_by_code(scene: Scene) -> Candidate | None:
    """Lit on its way to the server, and dark sooner than code runs without one: it came online, and code runs."""
    impos = scene.facts.impos
    if impos is None or impos < _WINDOW_BY_CODE_IMPOS or not scene.start_seen:
        return None
    answers = [p for p in scene.patterns if p.code in GREEN_ANSWERS]
    since_s = answers[-1].end_s if answers else scene.powered.start_s
    if any(p.end_s > since_s for p in scene.patterns):
        return None
    lit = [run for run in joined(scene.colours) if run.letter in "RAG" and run.start_s > since_s]
    red = any(run.letter == "R" for run in lit)
    if len(lit) < 2 or not red or not since_s + _STEPS_S < lit[-1].end_s < since_s + _CODE_WAITS_S:
        return None
    dark_s, watched_s = lit[-1].end_s, scene.led_end_s - lit[-1].end_s
    after = [a for a in scene.blinkups if a.start_s > dark_s]
    sending_s = sum(a.end_s - a.start_s for a in after)
    too_short = watched_s - sending_s < scene.facts.min_dark_s
    if too_short or scene.dark_share(dark_s, scene.led_end_s) * watched_s + sending_s < _DARK * watched_s:
        return None
    if radio_on(scene, dark_s, scene.led_end_s) is not True:
        return None
    what = "its BlinkUp" if answers else "power-on"
    item = EvidenceItem(dark_s, scene.led_end_s, f"LED dark from {dark_s - since_s:.1f} s after {what}", "led")
    text = (
        f"the LED showed steps of a connection, went dark {dark_s - since_s:.1f} s after {what} and the radio went on: "
        "its own code switched the LED off (enableblinkup), which it can so soon only when online"
    )
    if not after:
        score = 0.8 if answers else 0.62  # settings were taken: the question is only how far they led
        return Candidate(Verdict.CONNECTED, score, text, (item,), (dark_s, scene.led_end_s), FaultDomain.NONE)
    text += "; the BlinkUp came after that, when nothing listened"
    window = (after[0].start_s, scene.led_end_s)
    tags = frozenset({"late"})
    return Candidate(Verdict.BLINKUP_NOT_RECEIVED, 0.62, text, (item,), window, FaultDomain.CONFIGURATION, tags)


def dead(scene: Scene) -> Candidate | None:
    """Powered within limits since a seen power-on, and the LED never lit."""
    stretch = _dark_throughout(scene)
    if stretch is None or switched_off_by_code(scene) is not None:
        return None
    supply, facts = scene.supply, scene.facts
    dark = EvidenceItem(*stretch, f"LED dark for {stretch[1] - stretch[0]:.1f} s", "led")

    def open_question(text: str, step: str, domain: FaultDomain = FaultDomain.UNKNOWN) -> Candidate:
        return Candidate(Verdict.UNDECIDED, 0.9, text, (dark,), stretch, domain, next_step=step)

    if not scene.powered.cold and scene.blinkups:
        return None
    if not scene.powered.cold:
        return open_question(
            "the LED was dark all the time, and the power-on was not part of the recording: the LED window may be over",
            "record from power-on: the LED lights at every cold start",
        )
    at_device = supply.dut_v if supply.dut_v is not None else supply.source_v
    if at_device is None:
        return open_question(
            "the LED never lit, and nobody measured whether the device had power",
            "measure dut_v, or check the supply by hand, and repeat",
        )
    volts = float(np.median(at_device.values))
    if not facts.min_v <= volts <= facts.max_v:
        step = f"bring the supply into {facts.min_v:.1f} to {facts.max_v:.1f} V and repeat"
        text = f"the LED never lit, but the supply was {volts:.2f} V, outside {facts.min_v:.1f} to {facts.max_v:.1f} V"
        domain = FaultDomain.CONFIGURATION if supply.starved else FaultDomain.BENCH
        return open_question(text, step, domain)
    where = "at the device" if supply.dut_v is not None else "at the regulator only"
    evidence = [dark, EvidenceItem(*stretch, f"{volts:.2f} V {where}", "supply")]
    score, tags = (0.75 if supply.dut_v is not None else 0.6), set[str]()
    text = f"the LED never lit in {stretch[1] - stretch[0]:.0f} s although {volts:.2f} V were measured {where}"
    if supply.current_a is not None:
        amps = float(np.median(supply.current_a.values))
        evidence.append(EvidenceItem(*stretch, f"{amps * 1000:.2f} mA drawn (median)", "supply"))
        if len(supply.pulses) >= _LOOP:
            return open_question(
                f"the LED was seen dark, yet the device draws {len(supply.pulses)} pulses of current as in operation",
                _LOOK_AT_LED,
                FaultDomain.BENCH,
            )
        if (swing_a := _swing_a(supply.current_a)) >= facts.blink_a:
            return open_question(
                f"the LED was seen dark, yet the current moves by {swing_a * 1000:.1f} mA as with a blinking LED",
                _LOOK_AT_LED,
                FaultDomain.BENCH,
            )
        score += 0.15
        if amps < facts.dead_current_a:
            text += f", and it draws nothing ({amps * 1000:.3f} mA)"
            tags.add("no_current")
        else:
            score -= 0.1
            text += f", with a current of {amps * 1000:.1f} mA and no sign of a radio"
            tags.add("steady_current")
    if not scene.anchored and "no_current" not in tags:
        score -= 0.35
        text += "; no light was recorded before power-on, so that steady light may pass for dark"
    return Candidate(
        Verdict.DEAD,
        score,
        text,
        tuple(evidence),
        stretch,
        FaultDomain.DUT,
        frozenset(tags),
        "record the light from a second before power-on, and the current",
    )


def _draws_after(scene: Scene, t_s: float) -> bool:
    """Whether the device still draws the current of one that runs, after `t_s`."""
    amps = scene.supply.current_a
    later = amps.values[amps.times_s > t_s] if amps is not None else ()
    return len(later) > 0 and float(np.median(later)) >= scene.facts.dead_current_a


def no_power(scene: Scene) -> Candidate | None:
    """The voltage at the device was measured and never came up, or went away for good without a power-off."""
    supply, facts = scene.supply, scene.facts
    if supply.dut_v is None:
        return None
    first_s, last_s = float(supply.dut_v.times_s[0]), float(supply.dut_v.times_s[-1])
    if supply.risen_s is None:
        amps = float(np.median(supply.current_a.values)) if supply.current_a is not None else None
        if (amps is None and scene.patterns) or (amps is not None and amps >= facts.dead_current_a):
            return None
        high_v = float(np.max(supply.dut_v.values))
        text = f"the device never had power: dut_v reached {high_v:.2f} V, expected {facts.min_v:.1f} V or more"
        since_s = first_s
    elif supply.lost_s is not None and len(supply.collapses) < _LOOP and not _draws_after(scene, supply.lost_s):
        text = f"the supply at the device went away at {supply.lost_s:.1f} s for good, without a power-off"
        since_s = supply.lost_s
    else:
        return None
    domain = FaultDomain.CONFIGURATION if supply.starved else FaultDomain.BENCH
    if supply.starved:
        text += "; the rig itself was told to starve it: made on purpose"
    item = EvidenceItem(since_s, last_s, f"dut_v below {facts.min_v:.1f} V", "supply")
    step = "check switch, wiring, contacts and set point between the regulator and the device, and repeat"
    return Candidate(
        Verdict.UNDECIDED, 0.97, text, (item, *starving_items(scene.supply)), (since_s, last_s), domain, next_step=step
    )
