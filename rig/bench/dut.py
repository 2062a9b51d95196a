"""The device under test as a test sees it: power it, configure it by light, watch it, ask what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from rig.bench.acquisition import Watch
from rig.bench.bench import Bench
from rig.bench.conversions import facts_of, rating_of
from rig.bench.health import check_fell
from rig.bench.supply_player import Fed, Feed
from rig.blinkup import (
    STANDARD_HZ,
    Bright,
    ClearConfig,
    Config,
    Damage,
    Flags,
    FrameDamage,
    InvalidOption,
    LineCode,
    WifiConfig,
    rate_named,
    rate_of_flags,
)
from rig.blinkup.frame import Frame, frame_for
from rig.config.network import AnyNetwork, NetworkProfile
from rig.diagnosis import Outcome, judge
from rig.diagnosis.checks.light_path import with_light_checked
from rig.diagnosis.corrections.supply_dimming import read_again
from rig.diagnosis.corrections.weak_led import with_faint_heeded
from rig.drivers.optical.receipt import Receipt
from rig.errors import BenchFault, ConfigError, DeviceNotReady
from rig.led import Calibration, Catalogue, Decoded, check_lights, load_catalogue
from rig.led.code_names import LedCode
from rig.recording import Recording
from rig.supply.profile import SupplyProfile, load_profile

SETTLED_S = 1.2
OFF_S = 0.5
BEFORE_S = 0.25
BOOT_S = 1.0
NOT_YET_S = 3600.0
FALLS_WITHIN_S = 0.25
UNCONFIGURED_TIMEOUT_S = 8.0


@dataclass(frozen=True)
class Observation:
    """What was seen, and what it means."""

    recording: Recording
    decoded: Decoded
    outcome: Outcome


class DeviceUnderTest:
    """One device on a bench. Its watch begins with the first power-up and goes on until the test ends."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        profile = bench.device
        self.codes: Catalogue = load_catalogue().for_device(*profile.led_tags)
        self._facts = facts_of(profile)
        self._watch: Watch | None = None
        self._was_weak = False
        self._observed: tuple[Calibration, Decoded, Observation] | None = None
        self.receipts: list[Receipt] = []

    @property
    def watched(self) -> bool:
        return self._watch is not None

    @property
    def watch(self) -> Watch:
        if self._watch is None:
            self._watch = Watch(self.bench, self.codes)
        return self._watch

    def start_over(self) -> None:
        """Forget what was seen so far: for tests that repeat something so often that it would fill the memory."""
        self._watch = self._observed = None
        self.receipts = []

    def power_on(self, volts: float | None = None, *, supply: SupplyProfile | str | None = None) -> None:
        """Supply the device, with its nominal voltage unless told otherwise.

        `supply` is a profile that plays from the moment of power-on, beginning with its own voltage.

        Raises:
            BenchFault: the set point is not reached, or the light sensor's converter looks at another input.
            SupplyLimitError, CapabilityMissing: as `run_supply`.
        """
        self.bench.led_input.verify()
        volts = self.bench.device.supply.nominal_v if volts is None else volts
        feed = None if supply is None else self.start_supply(supply, after_s=NOT_YET_S)
        volts = volts if feed is None else feed.first_v
        with self.watch.acting("supply_set", volts=volts):
            self.bench.supply.set(volts)
        if not self.bench.supply.enabled:
            # A collapsing supply bends the light; what was learned of it must not outlive it.
            self.watch.expect_supply(volts, anew=self._was_weak)
            self._was_weak = False
            self.watch.run_for(BEFORE_S)  # without a look at the dark, light that never changes can't be told from it
        with self.watch.acting("power_on", volts=volts):
            self.bench.supply.enable()
        if feed is not None:
            feed.begin_at(self.bench.clock.now_s())

    def power_off(self, duration_s: float = OFF_S) -> None:
        before_v = self.watch.last("dut_v")
        self.watch.stop_feeds()
        with self.watch.acting("power_off"):
            self.bench.supply.off()
        self.watch.run_for(duration_s)
        after_v = self.watch.last("dut_v")
        if before_v is not None and after_v is not None and duration_s >= FALLS_WITHIN_S:
            check_fell(before_v, after_v, duration_s)

    def power_cycle(self, volts: float | None = None) -> None:
        self.power_off()
        self.power_on(volts)

    def weaken_supply(self, weak: bool = True) -> None:
        """Put the bench's series resistor into the supply line, or take it out.

        Raises:
            CapabilityMissing: the bench has none.
        """
        self.bench.require("supply.series")
        self._was_weak |= weak
        with self.watch.acting("series_in" if weak else "series_out"):
            self.bench.supply.insert_series(weak)

    def set_supply(self, volts: float) -> None:
        """Change the voltage while the watch goes on; the light is read as of a device fed with it.

        Raises:
            SupplyLimitError: beyond the limits; nothing was changed.
            BenchFault: the set point is not reached; supply off.
        """
        with self.watch.acting("supply_set", volts=volts):
            self.bench.supply.set(volts)
        self.watch.expect_supply(volts)

    def run_supply(self, profile: SupplyProfile | str) -> Fed:
        """Play a supply profile (a name in fixtures/supplies, a path, or one that is made) to its end.

        Raises:
            SupplyLimitError: it asks for more than device or bench allow; nothing was changed.
            CapabilityMissing: this bench can't play it.
            BenchFault: a voltage that had settled was not what was asked for; supply off.
        """
        return self._play_out(self.start_supply(profile))

    def _play_out(self, feed: Feed) -> Fed:
        while not feed.done:
            self.watch.run_for(max(feed.end_s - self.bench.clock.now_s(), 0.001))
        return feed.fed()

    def start_supply(self, profile: SupplyProfile | str, after_s: float = 0.0) -> Feed:
        """As `run_supply`, but it plays while the test goes on: waits, watches, sends. End it with `end_supply`."""
        loaded = load_profile(profile) if isinstance(profile, str) else profile
        return self.watch.feed(loaded, after_s)

    def end_supply(self, feed: Feed) -> Fed:
        """Play it no further; the set point stays where it is. What was asked and measured goes into the report."""
        feed.stop(self.bench.clock.now_s())
        return feed.fed()

    def watch_for(self, duration_s: float) -> None:
        self.watch.run_for(duration_s)

    def wait_for(self, *codes: LedCode, timeout_s: float, settled_s: float = SETTLED_S) -> LedCode | None:
        """Watch until the LED has shown one of `codes` for `settled_s`; returns it, or None when time is over.

        A code that this device never shows is waited for as well: a test may say that it must not appear.

        Raises:
            CodesError: no code is named, or one that the rig's catalogue doesn't have, or that has no light of its own.
        """
        __tracebackhide__ = True
        check_lights(codes)
        since: dict[str, float] = {}

        def shown() -> bool:
            label = self.watch.label
            if label not in codes:
                since.clear()
                return False
            now_s = self.bench.clock.now_s()
            return now_s - since.setdefault(label, now_s) >= settled_s

        return cast(LedCode, next(iter(since))) if self.watch.run_until(shown, timeout_s) else None

    def watch_until(self, done: Callable[[], bool], timeout_s: float) -> bool:
        return self.watch.run_until(done, timeout_s)

    def send(
        self,
        config: Config,
        *,
        rate_hz: float | str = STANDARD_HZ,
        code: LineCode = "bilevel",
        flags: Flags | None = None,
        bright: Bright = "both",
        lit_percent: float = 0.0,
        damage: Damage | FrameDamage | None = None,
        damage_at: float | None = None,
        check: bool = True,
        supply: SupplyProfile | str | None = None,
        supply_at_s: float = 0.0,
    ) -> Receipt:
        """Blink a configuration into the device. Without `check` a wrong transmission is only told by the receipt.

        `rate_hz` may be a name (standard, fast, half, two-thirds); `flags` are those of the factory method and decide
        the rate in its place. `bright`, `lit_percent` and `damage` make the light weaker, longer or wrong on purpose:
        see `rig.blinkup.frame.frame_for`.

        `supply` is a profile that begins `supply_at_s` after the first symbol.

        Raises:
            BlinkUpError: the configuration can't be sent; no light was.
            BenchFault: what left the LED's pins is not what was to be sent.
        """
        __tracebackhide__ = True
        if flags is not None:
            rate_hz = rate_of_flags(flags, active_high=self.bench.config.blinkup.active_high)
        frame = frame_for(
            config,
            rate_hz=rate_named(rate_hz),
            code=code,
            bright=bright,
            lit_percent=lit_percent,
            damage=damage,
            damage_at=damage_at,
        )
        return self.send_frame(frame, check=check, supply=supply, supply_at_s=supply_at_s)

    def send_frame(
        self,
        frame: Frame,
        *,
        check: bool = True,
        supply: SupplyProfile | str | None = None,
        supply_at_s: float = 0.0,
    ) -> Receipt:
        """As `send`, of a frame that is made already."""
        __tracebackhide__ = True
        if frame.code == "trilevel":
            self.bench.require("blinkup.trilevel")
        feed = None if supply is None else self.start_supply(supply, after_s=NOT_YET_S)
        receipt = self.watch.send(frame, feed, supply_at_s)
        self.receipts.append(receipt)
        if feed is not None:
            self._play_out(feed)
        if check and receipt.sent_as_planned is False:
            raise BenchFault(f"BlinkUp LED: not sent as planned: {receipt.difference}. {self.bench.optical.advice}")
        return receipt

    def send_repeatedly(self, config: Config, times: int, *, pause_s: float = 0.0, **how: Any) -> list[Receipt]:
        """`send` so many times, with a pause of darkness between two frames; `how` as for `send`.

        Raises:
            InvalidOption: fewer than one time, or a negative pause.
            BlinkUpError, BenchFault: as `send`.
        """
        __tracebackhide__ = True
        if times < 1 or pause_s < 0:
            raise InvalidOption(f"BlinkUp {times} times, paused {pause_s} s; expected 1 or more times and 0 s or more")
        receipts = []
        for n in range(times):
            if n:
                self.watch_for(pause_s)
            receipts.append(self.send(config, **how))
        return receipts

    def wifi(self, network: AnyNetwork, *, ssid: str | None = None, password: str | None = None) -> WifiConfig:
        """The configuration that puts the device on `network`, or nearly.

        Raises:
            ConfigError: the network is one of cables or of mobile phones.
        """
        __tracebackhide__ = True  # pytest can print a frame's variables
        if not isinstance(network, NetworkProfile):
            raise ConfigError(f"network {network.name!r} is no Wi-Fi; expected one, as in dut.wifi(network('home'))")
        token, plan = self.bench.enrolment()
        return WifiConfig(
            ssid=network.ssid if ssid is None else ssid,
            password=network.password.get_secret_value() if password is None else password,
            token=token,
            plan=plan,
        )

    def make_unconfigured(self) -> None:
        """Power the device and make sure that it asks for settings, clearing it by light if it doesn't.

        Raises:
            DeviceNotReady: it can't be brought there.
        """
        self.power_on()
        if self.wait_for("no_settings", timeout_s=UNCONFIGURED_TIMEOUT_S):
            return
        self.power_cycle()
        self.watch_for(BOOT_S)
        self.send(ClearConfig())
        if not self.wait_for("no_settings", timeout_s=2 * UNCONFIGURED_TIMEOUT_S):
            raise DeviceNotReady(
                "the device can't be brought to 'no settings': neither after power-up nor after a clear-configuration "
                f"BlinkUp; what was seen: {self.observation().outcome.summary}"
            )

    def observation(self) -> Observation:
        """What was seen since the first power-up, and the verdict on it; worked out once until there is more to see."""
        recording, live = self.watch.result()
        bench, before = self.bench, self._observed
        if before is not None and before[0] == bench.calibration and before[1] is live:
            return before[2]
        nominal_v = bench.device.supply.nominal_v
        decoded, calibration = read_again(recording, live, bench.calibration, self.codes, rating_of(bench.device))
        if decoded is live:  # else the supply explains what the LED lacks
            decoded, calibration = with_faint_heeded(recording, decoded, calibration, self.codes, self._facts)
        decoded = with_light_checked(recording, decoded, calibration, nominal_v)
        seen = Observation(recording, decoded, judge(recording, decoded, device=self._facts))
        self._observed = (bench.calibration, live, seen)
        return seen
