"""Changes of the device's supply during an acquisition: switching, set points, the series resistor, profiles."""

from __future__ import annotations

import math
from collections.abc import Callable

from rig.bench.acquisition import Acquisition
from rig.bench.bench import Bench
from rig.bench.health import check_discharged
from rig.bench.supply_player import Playback, PlaybackResult
from rig.recording.actions import ActionKind
from rig.supply.profile import SupplyProfile, load_profile

BEFORE_S = 0.25  # of darkness before power-on, without which light that never changes looks like darkness
NOT_YET_S = 3600.0  # a playback that waits for its beginning
FALLS_WITHIN_S = 0.25


class SupplyControl:
    """The supply of one device; `acquisition` returns the one that samples while the supply changes."""

    def __init__(self, bench: Bench, acquisition: Callable[[], Acquisition]) -> None:
        self._bench = bench
        self._acquisition = acquisition
        self._weak = False  # the series resistor is in the line
        self._was_weak = False  # it was in the line since the decoder began

    def power_on(self, volts: float | None = None, supply: SupplyProfile | str | None = None) -> None:
        """Close the load switch at `volts` (None: the nominal voltage), or play `supply` from that moment on."""
        bench = self._bench
        bench.led_input.verify()
        volts = bench.device.supply.nominal_v if volts is None else volts
        playback = self.prepare(supply)
        acquisition = self._acquisition()
        volts = volts if playback is None else playback.first_v
        with acquisition.acting(ActionKind.SUPPLY_SET, volts=volts):
            bench.supply.set(volts)
        if not bench.supply.enabled:
            # A collapsing supply changes the light; what the decoder learned from it must not outlive it. And a device
            # that is off is dark, which the first light alone does not say.
            stream = acquisition.light_stream
            anew = not stream.switched_on or self._was_weak or stream.off_nominal
            self._was_weak = self._weak
            off_s = bench.clock.now_s() if stream.switched_on else -math.inf
            acquisition.run_for(BEFORE_S)
            stream.expect(volts, since_s=off_s, anew=anew)
        with acquisition.acting(ActionKind.POWER_ON, volts=volts):
            bench.supply.enable()
        if playback is not None:
            playback.begin_at(bench.clock.now_s())

    def power_off(self, duration_s: float) -> None:
        """Open the load switch, sample for `duration_s` seconds, and check that the voltage fell."""
        acquisition = self._acquisition()
        before_v = acquisition.last("dut_v")
        acquisition.stop_playbacks()
        with acquisition.acting(ActionKind.POWER_OFF):
            self._bench.supply.off()
        self._weak = False  # switching off takes the resistor out
        acquisition.run_for(duration_s)
        after_v = acquisition.last("dut_v")
        if before_v is not None and after_v is not None and duration_s >= FALLS_WITHIN_S:
            check_discharged(before_v, after_v, duration_s)

    def weaken(self, weak: bool) -> None:
        """Put the series resistor into the line, or take it out."""
        self._bench.require("supply.series")
        self._weak = weak
        self._was_weak |= weak
        with self._acquisition().acting(ActionKind.SERIES_IN if weak else ActionKind.SERIES_OUT):
            self._bench.supply.insert_series(weak)

    def set(self, volts: float) -> None:
        """Change the set point; the light is decoded as that of a device supplied with `volts`."""
        acquisition = self._acquisition()
        with acquisition.acting(ActionKind.SUPPLY_SET, volts=volts):
            self._bench.supply.set(volts)
        acquisition.expect_supply(volts)

    def prepare(self, profile: SupplyProfile | str | None) -> Playback | None:
        """A playback that waits until `begin_at` gives its beginning; None without a profile."""
        return None if profile is None else self.play(profile, NOT_YET_S)

    def play(self, profile: SupplyProfile | str, after_s: float = 0.0) -> Playback:
        """Begin to play a profile, or the one of that name or path, `after_s` from now on."""
        loaded = load_profile(profile) if isinstance(profile, str) else profile
        return self._acquisition().play(loaded, after_s)

    def finish(self, playback: Playback) -> PlaybackResult:
        """Sample until a playback is over."""
        while not playback.done:
            self._acquisition().run_for(max(playback.end_s - self._bench.clock.now_s(), 0.001))
        return playback.result()
