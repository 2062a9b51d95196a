"""The device under test as a test uses it: power it, configure it by light, watch it, ask for the verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from rig.bench.acquisition import Acquisition, AcquisitionSlot
from rig.bench.bench import Bench
from rig.bench.blinkup_sender import send_during
from rig.bench.conversions import judged_device
from rig.bench.recording_stream import StreamTarget
from rig.bench.supply_control import SupplyControl
from rig.bench.supply_player import Playback, PlaybackResult
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
from rig.diagnosis import BenchFacts, Observation, diagnose
from rig.drivers.optical.receipt import Receipt
from rig.errors import BenchFault, ConfigError, DeviceNotReady, warn_deprecated
from rig.led import Catalogue, check_lights
from rig.led.code_names import LedCode
from rig.secret import Secret
from rig.supply.profile import SupplyProfile

SETTLED_S = 1.2
OFF_S = 0.5
BOOT_S = 1.0
UNCONFIGURED_TIMEOUT_S = 8.0


class DeviceUnderTest:
    """One device on a bench. Its acquisition begins with the first power-up and goes on until the test ends.

    `receipts` are those of all frames sent, in their order; `codes` are the light codes that this device can show.
    """

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        profile = bench.device
        self._judged = judged_device(profile)
        self.codes: Catalogue = self._judged.codes
        # The slot is what supply and device share: a reference to the device itself would keep its samples in memory.
        self._slot = AcquisitionSlot(bench, self.codes)
        self._supply = SupplyControl(bench, self._slot.get)
        self._observed: tuple[BenchFacts, Observation] | None = None
        self.receipts: list[Receipt] = []

    @property
    def observed(self) -> bool:
        """Whether an acquisition has begun, so that there is something to judge."""
        return self._slot.begun

    @property
    def acquisition(self) -> Acquisition:
        """The running acquisition; the first use begins it."""
        return self._slot.get()

    @property
    def watch(self) -> Acquisition:
        """The old name of `acquisition`."""
        warn_deprecated("dut.watch", "dut.acquisition", removed_in="0.3", stacklevel=2)
        return self.acquisition

    def stream_to(self, target: StreamTarget) -> None:
        """Write what acquisitions record to a file while they go on, from the next one that begins on."""
        self._slot.target = target

    def end_stream(self, *, keep: bool = False) -> None:
        """Write no more to that file, and remove it unless `keep` says that it is the only copy."""
        self._slot.end_stream(keep=keep)

    def start_over(self) -> None:
        """Forget all samples and receipts so far: for tests whose repetitions would fill the memory."""
        self._slot.clear()
        self._observed = None
        self.receipts = []

    def power_on(self, volts: float | None = None, *, supply: SupplyProfile | str | None = None) -> None:
        """Supply the device with `volts` (None: its nominal voltage).

        `supply` is a profile that plays from the moment of power-on, beginning with its own voltage.

        Raises:
            BenchFault: the set point is not reached, or the light sensor's converter looks at another input.
            SupplyLimitError, CapabilityMissing: as `run_supply`.
        """
        self._supply.power_on(volts, supply)

    def power_off(self, duration_s: float = OFF_S) -> None:
        """Switch the supply off and watch for `duration_s` seconds.

        Raises:
            BenchFault: the voltage at the device stays.
        """
        self._supply.power_off(duration_s)

    def power_cycle(self, volts: float | None = None) -> None:
        """Switch the supply off for 0.5 s, and on again with `volts` (None: the nominal voltage)."""
        self.power_off()
        self.power_on(volts)

    def weaken_supply(self, weak: bool = True) -> None:
        """Put the bench's series resistor into the supply line, or take it out.

        Raises:
            CapabilityMissing: the bench has none.
        """
        self._supply.weaken(weak)

    def set_supply(self, volts: float) -> None:
        """Change the supply voltage to `volts` while the device runs.

        Raises:
            SupplyLimitError: beyond the limits; nothing was changed.
            BenchFault: the set point is not reached; supply off.
        """
        self._supply.set(volts)

    def run_supply(self, profile: SupplyProfile | str) -> PlaybackResult:
        """Play a supply profile (a name in fixtures/supplies, a path, or a loaded one) to its end.

        Raises:
            SupplyLimitError: it asks for more than device or bench allow; nothing was changed.
            CapabilityMissing: this bench can't play it.
            BenchFault: a voltage that had settled was not what was asked for; supply off.
        """
        return self._supply.finish(self.start_supply(profile))

    def start_supply(self, profile: SupplyProfile | str, after_s: float = 0.0) -> Playback:
        """Play a supply profile, `after_s` seconds from now on, while the test waits, watches and sends.

        `end_supply` ends it. Raises as `run_supply`.
        """
        return self._supply.play(profile, after_s)

    def end_supply(self, feed: Playback) -> PlaybackResult:
        """End a playback of `start_supply`; the set point stays where it is."""
        feed.stop(self.bench.clock.now_s())
        return feed.result()

    def watch_for(self, duration_s: float) -> None:
        """Watch LED and supply for `duration_s` seconds.

        Raises:
            BenchFault: the samples show a fault of the bench itself.
        """
        self.acquisition.run_for(duration_s)

    def wait_for(self, *codes: LedCode, timeout_s: float, settled_s: float = SETTLED_S) -> LedCode | None:
        """Watch until the LED has shown one of `codes` for `settled_s`; returns that code, or None after `timeout_s`.

        A code that this device never shows is waited for as well: a test may say that it must not appear.

        Raises:
            CodesError: no code is named, or one that the rig's catalogue doesn't have, or that has no light of its own.
        """
        __tracebackhide__ = True
        check_lights(codes)
        since: dict[str, float] = {}

        def shown() -> bool:
            label = self.acquisition.label
            if label not in codes:
                since.clear()
                return False
            now_s = self.bench.clock.now_s()
            return now_s - since.setdefault(label, now_s) >= settled_s

        return cast(LedCode, next(iter(since))) if self.acquisition.run_until(shown, timeout_s) else None

    def watch_until(self, done: Callable[[], bool], timeout_s: float) -> bool:
        """Watch until `done()` is true, asked every 50 ms; False if it is not within `timeout_s` seconds."""
        return self.acquisition.run_until(done, timeout_s)

    def send(  # noqa: PLR0913  # each option of a BlinkUp is a documented keyword of its own
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
        """Blink a configuration into the device. Without `check` only the receipt says that a transmission was wrong.

        `rate_hz` may be a name (standard, fast, half, two-thirds); `flags` are those of the factory method and decide
        the rate in its place. `bright`, `lit_percent` and `damage` make the light weaker, longer or wrong on purpose:
        see `rig.blinkup.frame.FrameOptions`.

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
        """Blink a frame of `rig.blinkup.frame` into the device; `check`, `supply` and errors as for `send`."""
        __tracebackhide__ = True
        if frame.code == "trilevel":
            self.bench.require("blinkup.trilevel")
        playback = self._supply.prepare(supply)
        receipt = send_during(self.acquisition, self.bench, frame, playback, supply_at_s)
        self.receipts.append(receipt)
        if playback is not None:
            self._supply.finish(playback)
        if check and receipt.sent_as_planned is False:
            raise BenchFault(f"BlinkUp LED: not sent as planned: {receipt.difference}. {self.bench.optical.advice}")
        return receipt

    def send_repeatedly(self, config: Config, times: int, *, pause_s: float = 0.0, **how: Any) -> list[Receipt]:
        """Send a configuration `times` times with `pause_s` seconds of darkness between frames; `how` as for `send`.

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

    def wifi(self, network: AnyNetwork, *, ssid: str | None = None, password: str | Secret | None = None) -> WifiConfig:
        """The configuration that puts the device on `network`, or a wrong one with another `ssid` or `password`.

        Raises:
            ConfigError: the network is one of cables or of mobile phones.
        """
        __tracebackhide__ = True  # pytest can print a frame's variables
        if not isinstance(network, NetworkProfile):
            raise ConfigError(f"network {network.name!r} is no Wi-Fi; expected one, as in dut.wifi(network('home'))")
        token, plan = self.bench.enrolment()
        return WifiConfig(
            ssid=network.ssid if ssid is None else ssid,
            password=network.password if password is None else password,
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
        """All that was seen since the first power-up, and the verdict on it; kept until there are more samples."""
        recording, streamed = self.acquisition.result()
        facts, before = BenchFacts(self.bench.calibration), self._observed
        if before is not None and before[0] == facts and before[1].recording is recording:
            return before[1]
        seen = diagnose(recording, facts, self._judged, streamed=streamed)
        self._observed = (facts, seen)
        return seen
