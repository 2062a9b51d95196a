"""The LED's light as it is decoded while it is sampled, at the levels of the voltage that the device has."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from rig.bench.bench import Bench
from rig.bench.channels import SampledChannel
from rig.bench.conversions import rating_of
from rig.diagnosis.corrections.supply_dimming import concatenated, dimmed_calibration, is_nominal, surely_dark
from rig.diagnosis.thresholds import STEADY_VOLTAGE
from rig.led import Catalogue, Decoded, DecoderState, Tracker, finish
from rig.recording import Action, Blanked, Floats
from rig.recording.actions import ActionKind

FOLLOW_EVERY_S = 1.0  # between two looks at whether the device has the voltage that was expected
FOLLOW_WINDOW_S = 5.0  # light that is read anew at another voltage, at most: decoding it is no pause in the sampling


class StreamedLight:
    """Decodes the light of one acquisition: its `channels` by name, its `actions` and `secrets` as they grow.

    `settled` says whether no supply profile changes the voltage now. `expected_volts` has (since s, V) for each stretch
    of light that was begun with levels of its own: a stored recording is read by it as the live one was.
    """

    def __init__(
        self,
        bench: Bench,
        codes: Catalogue,
        channels: Mapping[str, SampledChannel],
        actions: Sequence[Action],
        secrets: Sequence[Blanked],
        settled: Callable[[], bool],
    ) -> None:
        self._bench, self._codes = bench, codes
        self._led, self._device_v = channels["led"], channels.get("dut_v")
        self._actions, self._secrets, self._settled = actions, secrets, settled
        self._calibration = bench.calibration
        self._tracker = Tracker(self._calibration, codes)
        self._before: list[Decoded] = []
        self._decoded_to = 0
        self._begun_at = 0  # the first sample that the tracker gets
        self._began_s = self._expected_s = self._follow_s = bench.clock.now_s()
        self._expected_v = bench.device.supply.nominal_v
        self.expected_volts: list[tuple[float, float]] = []

    @property
    def state(self) -> DecoderState:
        """What the decoder makes of the light so far: the code, and the probability of each code."""
        self.decode()
        return self._tracker.state

    @property
    def label(self) -> str | None:
        """The code that the LED shows now; None while no code is more likely than all others together."""
        self.decode()
        return self._tracker.label

    def decoded(self) -> Decoded:
        """All light that was decoded so far; call `decode` before."""
        return concatenated([*self._before, finish(self._tracker)])

    @property
    def switched_on(self) -> bool:
        """Whether the device's supply was switched on during this acquisition."""
        return any(action.kind is ActionKind.POWER_ON for action in self._actions)

    @property
    def off_nominal(self) -> bool:
        """Whether the device's usual voltage since it was last switched on is not the one of the calibration.

        False where nobody measures it. What the decoder learned of the light's levels then holds for that voltage.
        """
        measured = self._device_v
        ons = [action for action in self._actions if action.kind is ActionKind.POWER_ON]
        if measured is None or not ons:
            return False
        offs_s = [a.start_s for a in self._actions if a.kind is ActionKind.POWER_OFF and a.start_s >= ons[-1].end_s]
        powered_v = measured.trace().between(ons[-1].end_s, min(offs_s, default=math.inf)).values
        nominal_v = self._bench.device.supply.nominal_v
        return len(powered_v) > 0 and not is_nominal(float(np.median(powered_v)), nominal_v)

    def expect(self, volts: float, *, since_s: float = math.inf, anew: bool = False) -> None:
        """From now on decode the light as that of a device supplied with `volts`: the LED dims with its supply.

        `since_s` (s of the bench's clock) is when that began, if light which is not decoded yet belongs to it. `anew`
        starts the decoder again even for an unchanged voltage, as after a time without power.
        """
        calibration = dimmed_calibration(self._bench.calibration, volts, rating_of(self._bench.device))
        if calibration == self._calibration and not anew:
            return
        self._push(since_s)
        if self._decoded_to > self._begun_at:
            self._before.append(finish(self._tracker))
        self._begun_at = self._decoded_to
        self._expected_s = self._follow_s = self._bench.clock.now_s()
        # By the last sample that the old decoder got: a sample is taken a little before it arrives here.
        since_s = self._led.times_s[self._decoded_to - 1] if self._decoded_to else self._before_all_s
        self.expected_volts.append((since_s, volts))
        self._read_at(volts)

    @property
    def _before_all_s(self) -> float:
        """A time before that of the first sample, which is half a conversion older than the acquisition."""
        first_s = self._led.times_s[0] if self._led.times_s else self._began_s
        return math.nextafter(min(first_s, self._began_s), -math.inf)

    def decode(self) -> None:
        """Push the light samples that the decoder has not had yet, at the levels of the voltage that there is."""
        self._follow_voltage()
        self._push(math.inf)

    def _push(self, until_s: float) -> None:
        """Push the samples before `until_s` that the decoder has not had yet, without the light of BlinkUp data."""
        until = bisect_left(self._led.times_s, until_s, self._decoded_to)
        times_s = np.array(self._led.times_s[self._decoded_to : until])
        if not len(times_s):
            return
        values = np.array(self._led.values[self._decoded_to : until])
        self._decoded_to += len(times_s)
        self._tracker.push(times_s, blanked(times_s, values, self._secrets))

    def _read_at(self, volts: float) -> None:
        """Begin the decoder anew for the last expected stretch, whose light is that of a device with `volts`."""
        rating = rating_of(self._bench.device)
        since_s, self._expected_v = self.expected_volts[-1][0], volts
        self._calibration = dimmed_calibration(self._bench.calibration, volts, rating)
        device_v = self._device_v.trace() if self._device_v is not None else None
        dark = surely_dark(self._actions, device_v, since_s, rating)
        self._tracker = Tracker(self._calibration, self._codes, starts_dark=dark)

    def _follow_voltage(self) -> None:
        """Where the device has another voltage than was expected, read its light at the one that is measured."""
        now_s, measured = self._bench.clock.now_s(), self._device_v
        if measured is None or not self.expected_volts or now_s < self._follow_s + FOLLOW_EVERY_S:
            return
        self._follow_s = now_s
        switched = [a for a in self._actions if a.kind in (ActionKind.POWER_ON, ActionKind.POWER_OFF)]
        if not switched or switched[-1].kind is not ActionKind.POWER_ON or not self._settled():
            return
        since_s = max(switched[-1].end_s, self._expected_s, now_s - FOLLOW_WINDOW_S)
        volts = float(np.median(measured.since(since_s))) if now_s - since_s >= FOLLOW_EVERY_S else self._expected_v
        if abs(volts - self._expected_v) <= STEADY_VOLTAGE * self._bench.device.supply.nominal_v:
            return
        read = self._led.times_s[self._begun_at : self._decoded_to]
        if read and read[-1] - read[0] > FOLLOW_WINDOW_S:
            self.expect(volts, anew=True)
            return
        self.expected_volts[-1] = (self.expected_volts[-1][0], volts)
        self._decoded_to = self._begun_at
        self._read_at(volts)


def blanked(times_s: Floats, values: Floats, secrets: Iterable[Blanked]) -> Floats:
    """A copy of samples (N,) or (N, channels), taken at times_s (N,), with NaN for the light of BlinkUp data."""
    kept = values.copy()
    for window in secrets:
        kept[(times_s >= window.start_s) & (times_s < window.end_s)] = np.nan
    return kept
