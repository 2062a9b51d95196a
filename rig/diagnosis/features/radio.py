"""Whether the device's radio works, read from its current alone: a second witness beside the LED.

Waiting for a BlinkUp takes about 25 mA, a radio that connects or is connected 65 mA and more, in bursts of 250 mA
(forum 3975, 2159).
"""

from __future__ import annotations

from enum import Enum

import numpy as np

from rig.diagnosis.feature import feature
from rig.diagnosis.scene import Scene
from rig.diagnosis.thresholds import (
    ATTEMPT_S,
    CURRENT_SAMPLES,
    RADIO_BURST_A,
    RADIO_BURSTS,
    RADIO_BURSTS_HZ,
    RADIO_HARDLY,
    RADIO_LOOK_S,
    RADIO_MOSTLY,
    RADIO_TRIED_S,
    REGULATOR_DROP_V,
    SETTLING_S,
)
from rig.recording import Floats


def _values(scene: Scene, start_s: float, end_s: float) -> Floats | None:
    series = scene.supply.current_a
    if series is None:
        return None
    part = series.values[(series.times_s >= start_s) & (series.times_s < end_s)]
    return part if len(part) >= CURRENT_SAMPLES else None


@feature
def radio_on(scene: Scene, start_s: float, end_s: float) -> bool | None:
    """Whether the radio ran for most of a stretch (True) or hardly at all (False); None if that can't be told."""
    values = _values(scene, start_s, end_s)
    if values is None:
        return None
    share = float(np.mean(values > scene.facts.radio_on_a))
    return True if share >= RADIO_MOSTLY else (False if share <= RADIO_HARDLY else None)


@feature
def radio_never(scene: Scene, start_s: float, end_s: float) -> bool:
    """Whether the current was measured and the radio did not run for even a moment, nor tried to."""
    values = _values(scene, start_s, end_s)
    if values is None or _bursts(values) >= RADIO_BURSTS:
        return False
    return radio_time_s(scene, start_s, end_s) < RADIO_TRIED_S


def radio_gave_up(scene: Scene, t_s: float, until_s: float) -> bool:
    """Whether the radio ran from power-on for as long as an attempt to connect takes, and not after `t_s`."""
    tried = radio_time_s(scene, scene.powered.start_s, t_s) >= ATTEMPT_S
    return tried and radio_on(scene, t_s, until_s) is False


def radio_time_s(scene: Scene, start_s: float, end_s: float) -> float:
    """For how long the radio ran within a stretch, in s; 0 if the current was not measured."""
    values = _values(scene, start_s, end_s)
    return float(np.mean(values > scene.facts.radio_on_a)) * (end_s - start_s) if values is not None else 0.0


def transmits(scene: Scene, start_s: float, end_s: float) -> bool:
    """Whether there are bursts as of a radio that is trying to connect, one every two seconds or more often."""
    values = _values(scene, start_s, end_s)
    if values is None or end_s <= start_s:
        return False
    bursts = _bursts(values)
    return bursts >= RADIO_BURSTS and bursts / (end_s - start_s) >= RADIO_BURSTS_HZ


def _bursts(values: Floats) -> int:
    high = values > float(np.median(values)) + RADIO_BURST_A
    return int(np.count_nonzero(high[1:] & ~high[:-1])) + int(high[0])


class RadioTurn(Enum):
    """What a radio did with a BlinkUp; either shows that the BlinkUp was taken."""

    STARTED = "started"
    STOPPED = "stopped"


@feature
def radio_turn(scene: Scene) -> RadioTurn | None:
    """What the radio did with the last BlinkUp; None if it went on as before, or that can't be told."""
    if not scene.blinkups:
        return None
    sent, on_s = scene.blinkups[-1], scene.powered.start_s
    if scene.powered.cold and sent.start_s > on_s + scene.facts.led_window_s:
        return None
    before = radio_on(scene, on_s + SETTLING_S, sent.start_s)
    after = radio_on(scene, sent.end_s + scene.facts.after_blinkup_s, min(scene.led_end_s, sent.end_s + RADIO_LOOK_S))
    if before is None or after is None or before is after:
        return None
    return RadioTurn.STARTED if after else RadioTurn.STOPPED


@feature
def draws_nothing(scene: Scene) -> bool:
    """Whether the current was measured since power-on, and a device that runs would draw more."""
    values = _values(scene, scene.powered.start_s + SETTLING_S, scene.powered.end_s)
    return values is not None and float(np.median(values)) < scene.facts.dead_current_a


def usual_ma(scene: Scene, start_s: float, end_s: float) -> float:
    """Median current of a stretch in mA; 0 if it was not measured."""
    values = _values(scene, start_s, end_s)
    return 1000.0 * float(np.median(values)) if values is not None else 0.0


def supply_is_ample(scene: Scene) -> bool:
    """Whether the voltage was measured and leaves room for what is lost between the terminals and the radio."""
    volts = scene.supply.dut_v
    return volts is not None and float(np.median(volts.values)) >= scene.facts.min_wifi_v + REGULATOR_DROP_V
