"""The supply as tests use it: limits before anything moves, measurement after every set, off after anything wrong."""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from rig.clock import Clock, Deadline
from rig.drivers.adc import ContinuousInput
from rig.drivers.supply.source import REFUSALS, Source
from rig.drivers.supply.true_volts import CLIPPED, check_raw, check_witnesses, clipped
from rig.errors import BenchFault, ConfigError, RigError, SupplyLimitError
from rig.supply import Limits, Measured, SupplyCalibration, SupplyReading, cannot_measure
from rig.supply.restarts import INRUSH_S

OFF_V: Final = 0.3
DISCHARGE_S: Final = 3.0  # 330 ohm of the switch on 2200 uF: 0.7 s a time constant
POLL_S: Final = 0.02
BACKGROUND_S: Final = 0.5
LEAST_UNWATCHED_S: Final = 1.0
MOST_UNWATCHED_S: Final = 86400.0
STEADY_S: Final = 2.0
LOAD_OHM: Final = 0.5  # source resistance and shunt are before the monitor: a load lowers what it measures


@dataclass(frozen=True)
class DeviceReadBack:
    """What measures the voltage at the device, `sample_hz` times a second.

    `ratio` is the device's voltage over that at the converter's input, which is behind a divider.
    """

    channel: ContinuousInput
    ratio: float
    sample_hz: float


class GuardedSupply:
    """Implements `rig.supply.Supply` on any source. Off when made, and closing always ends off.

    `set_tolerance_v` is how far the source may be off its set point, `settle_s` after which time. `read_back` None:
    the bench has nothing that measures at the device. `notices` is what a report should say of how it was used.
    """

    def __init__(
        self,
        source: Source,
        limits: Limits,
        clock: Clock,
        calibration: SupplyCalibration,
        *,
        set_tolerance_v: float,
        settle_s: float,
        read_back: DeviceReadBack | None,
    ) -> None:
        self.source, self._limits, self._clock, self._calibration = source, limits, clock, calibration
        self._tolerance_v, self._settle_s = set_tolerance_v, settle_s
        self._set_point_v: float | None = None
        self._set_at_s = clock.now_s()
        self._on_s, self._inrush_seen = -math.inf, False
        self.notices: list[str] = []
        self._powered = False
        self._current_at_s = -math.inf
        self._background: RigError | None = None
        self._off_on_failure = _OffOnFailure(self)
        self._device_gain, self._device_offset_v = calibration.device_v.gain, calibration.device_v.offset
        self._rates_hz = dict(source.rates_hz)
        self.read_back: ContinuousInput | None = None
        self._ratio, self._clipped_v = 1.0, math.inf
        if read_back is not None:
            self._clipped_v = read_back.channel.full_scale_v * CLIPPED * read_back.ratio
            self.read_back, self._ratio = read_back.channel, read_back.ratio
            self._rates_hz["device_v"] = read_back.sample_hz

    @property
    def enabled(self) -> bool:
        """Whether the device is connected.

        Raises:
            BenchConnectionError: what switches can't be reached.
        """
        return self.source.connected

    @property
    def set_point_v(self) -> float | None:
        """The volts that were set last; None before, and after a failure."""
        return self._set_point_v

    @property
    def limits(self) -> Limits:
        """The tightest limits of bench and device."""
        return self._limits

    @property
    def calibration(self) -> SupplyCalibration:
        """What turns raw readings into volts and amperes, and set points into raw ones."""
        return self._calibration

    @property
    def capabilities(self) -> frozenset[str]:
        """Names of what the supply can do; see `rig.config.capabilities`."""
        measured = {"supply.device_v"} if "device_v" in self._rates_hz else set()
        return self.source.capabilities | measured

    @property
    def has_series(self) -> bool:
        """Whether a series resistor can be put into the line."""
        return "supply.series" in self.source.capabilities

    @property
    def rates_hz(self) -> dict[str, float]:
        """By quantity that can be measured, how often a second."""
        return self._rates_hz

    def check_request(self, volts: float) -> None:
        """Refuse a set point that the device may not see or the source can't give; nothing moves.

        Raises:
            SupplyLimitError: `volts` is beyond the limits, or the source can't give it.
        """
        self._limits.check_request(volts)
        raw_v = self._calibration.set_point.raw(volts)
        check_raw(volts, raw_v, self._limits)
        self.source.check(raw_v)

    def set(self, volts: float, *, check: bool = True) -> None:
        """Set the source to `volts` and check what it gives then.

        `check` False leaves out waiting and measuring: for steps of a ramp, whose end is checked with `check_set`.

        Raises:
            SupplyLimitError: beyond the limits or out of the source's range; nothing was changed.
            SafetyTrip: it gives more than the device may see; supply off.
            BenchFault: it doesn't give what was asked; supply off.
        """
        self.check_request(volts)
        if self._set_point_v is not None and self.source.connected:
            within_s = max(self._clock.now_s() - self._set_at_s, self._settle_s)
            self._limits.check_change(self._set_point_v, volts, within_s)
        with self._off_on_failure:
            self.source.apply(self._calibration.set_point.raw(volts))
            self._set_point_v, self._set_at_s = volts, self._clock.now_s()
            if check:
                self._clock.sleep(self._settle_s)
                self.check_set()

    @property
    def settle_s(self) -> float:
        """Time between setting and checking."""
        return self._settle_s

    @property
    def range_v(self) -> tuple[float, float]:
        """Lowest and highest voltage that may be set: source and limits together."""
        low_v, high_v = (self._calibration.set_point.true(volts) for volts in self.source.range_v)
        return max(0.0, low_v), min(high_v, self._limits.max_v)

    def check_set(self) -> float | None:
        """Compare the set point with what the source gives; returns the volts measured, None if they can't be now.

        Raises:
            SafetyTrip, BenchFault: as `set`.
        """
        volts = self._set_point_v
        if volts is None or "regulator_v" not in self._rates_hz:
            return None
        if not self.source.measures_when_off and not self.source.connected:
            return None
        with self._off_on_failure:
            measured_v, amps = self.regulator_v()[1], self.current_a()[1]
            self._limits.check_reading("at the regulator", measured_v, None)
            tolerance_v = self._tolerance_v
            if abs(measured_v - volts) > tolerance_v + amps * LOAD_OHM:
                raise BenchFault(
                    f"supply: {volts:.3f} V set, {measured_v:.3f} V measured at the regulator (tolerance {tolerance_v} "
                    "V); supply switched off. Check the DAC, its address and the feedback resistors in the bench file, "
                    "or the bench supply's own current limit"
                )
            return measured_v

    def enable(self) -> None:
        """Connect the device.

        Raises:
            SupplyLimitError: no voltage was set yet, or none since the supply failed.
            BenchFault: what switches off if this program dies is not alive.
        """
        if self._set_point_v is None:
            raise SupplyLimitError("supply: enabled without a set point; call set(volts) first")
        with self._off_on_failure:
            self._on_s, self._inrush_seen = self._clock.now_s(), False
            self.source.connect()
            self._powered = True
            if not self.source.measures_when_off:
                self._clock.sleep(self._settle_s)
                self.check_set()

    def let_lapse(self) -> None:
        """Have the device disconnected by what does it if this program dies; waits for nothing and raises nothing."""
        self.source.let_lapse()

    @contextlib.contextmanager
    def allow_unwatched(self, limit_s: float) -> Iterator[None]:
        """Inside, the device may have power for `limit_s` seconds with no test looking at it; the report says so.

        For a debugger or a long computation. Without it the bench file's `supply.max_unwatched_s` holds.

        Raises:
            ConfigError: `limit_s` is not within 1 s and a day.
        """
        if not LEAST_UNWATCHED_S <= limit_s <= MOST_UNWATCHED_S:
            raise ConfigError(
                f"allow_unwatched({limit_s!r}): expected {LEAST_UNWATCHED_S:g} to {MOST_UNWATCHED_S:g} seconds"
            )
        self.notices.append(f"the device was allowed to have power for {limit_s:g} s with no test looking at it")
        with self.source.unwatched(limit_s):
            yield

    def off(self) -> None:
        """Disconnect the device and take the series resistor out.

        Raises:
            BenchConnectionError: nothing here can switch any more; the dead-man does, if the daemon still runs.
        """
        self._powered = False
        self.source.disconnect()

    def look_in_background(self) -> None:
        """Check the current of a device that has power and that nobody has looked at for a moment.

        Called by a thread of the rig's own; what it finds is raised by the next look of a test.
        """
        if not self._powered or "current_a" not in self._rates_hz:
            return
        if self._clock.now_s() - self._current_at_s < BACKGROUND_S:
            return
        try:
            self.current_a()
        except RigError as error:
            self._background = self._background or error

    def tell_background(self) -> None:
        """Raise what was found in the background, once.

        Raises:
            SafetyTrip, BenchFault: as `measure`; the supply is off already.
        """
        found, self._background = self._background, None
        if found is not None:
            raise found

    def trip(self) -> None:
        """Off, and no set point until one has been set and measured again."""
        self._set_point_v = None
        self.off()

    def insert_series(self, inserted: bool) -> None:
        """Put the series resistor into the line, or take it out.

        Raises:
            CapabilityMissing: this bench has none.
        """
        self.source.insert_series(inserted)

    def measure(self) -> SupplyReading:
        """Everything that this bench can measure, at about one moment.

        Raises:
            SafetyTrip: more than the device may see; supply off.
            BenchFault: a part doesn't answer, or the dead-man has lapsed; supply off.
        """
        readers = {"device_v": self.device_v, "regulator_v": self.regulator_v, "current_a": self.current_a}
        taken = {}
        for quantity, read in readers.items():
            if quantity in self._rates_hz:
                t_s, value = read()
                taken[quantity] = Measured(t_s, value, self._calibration.of(quantity).doubt(value))
        steady_s = self._clock.now_s() - max(self._set_at_s, self._on_s)
        if self._powered and steady_s >= STEADY_S:  # a product's capacitors hold its voltage when the source's falls
            with self._off_on_failure:
                check_witnesses(taken.get("regulator_v"), taken.get("device_v"))
        return SupplyReading(max((m.t_s for m in taken.values()), default=self._clock.now_s()), taken)

    def device_v(self) -> tuple[float, float]:
        """(time, volts at the device's terminals)."""
        with self._off_on_failure:
            if self.read_back is not None:
                t_s, volts = self.read_back.read()
                volts *= self._ratio
                if volts >= self._clipped_v:
                    raise clipped(volts)
            elif "device_v" in self._rates_hz:
                volts, t_s = self.source.volts(), self._clock.now_s()
            else:
                raise cannot_measure("device_v")
            volts = self._device_gain * volts + self._device_offset_v
            if volts > self._limits.max_v:  # the check alone costs less, hundreds of times a second
                self._limits.check_reading("at the device", volts, None)
            return t_s, volts

    def current_a(self) -> tuple[float, float]:
        """(time, amperes into the device). One reading of the inrush after switching on may exceed the limit."""
        if "current_a" not in self._rates_hz:
            raise cannot_measure("current_a")
        with self._off_on_failure:
            self._check_alive()
            amps = self._calibration.current_a.true(self.source.amps())
            t_s = self._current_at_s = self._clock.now_s()
            if amps > self._limits.max_current_a and t_s - self._on_s <= INRUSH_S and not self._inrush_seen:
                self._inrush_seen = True  # a product's capacitors charge; a short is still there at the next reading
            else:
                self._limits.check_reading("", None, amps)
            return t_s, amps

    def regulator_v(self) -> tuple[float, float]:
        """(time, volts at the source, before the switch). May exceed the limits while nothing is connected."""
        if "regulator_v" not in self._rates_hz:
            raise cannot_measure("regulator_v")
        with self._off_on_failure:
            volts = self._calibration.regulator_v.true(self.source.volts())
            return self._clock.now_s(), volts

    def check_alive(self) -> None:
        """Make sure that what switches off if this program dies is alive.

        Raises:
            BenchFault: the dead-man has lapsed; supply off.
        """
        with self._off_on_failure:
            self._check_alive()

    def _check_alive(self) -> None:
        if self._background is not None and threading.current_thread() is threading.main_thread():
            self.tell_background()
        if self._set_point_v is not None:  # before that nothing is armed
            self.source.check_alive()

    def check_off(self) -> float | None:
        """Make sure that nothing reaches the device while it is off; returns the volts that are left, None if unknown.

        Raises:
            BenchFault: the voltage at the device does not fall away.
        """
        if "device_v" not in self._rates_hz:
            return None
        clock, volts = self._clock, self.device_v()[1]
        deadline = Deadline.after(clock, DISCHARGE_S)
        while volts > OFF_V and not deadline.expired:
            clock.sleep(POLL_S)
            volts = self.device_v()[1]
        if volts > OFF_V:
            raise BenchFault(
                f"supply: {volts:.2f} V at the device although the switch is off for {DISCHARGE_S:g} s, expected less "
                f"than {OFF_V} V: {self.source.where} is stuck on, or something else "
                "feeds the device (a debug cable, a battery). Take the device off before anything else"
            )
        return volts

    def arm(self) -> dict[str, str]:
        """Start what switches off if this program dies; facts for the report.

        Raises:
            BenchFault: it doesn't prove that it works.
        """
        return {**self.source.arm(), "Supply calibration": str(self._calibration)}

    def close(self) -> None:
        """Switch off and give everything back.

        Raises:
            BenchConnectionError: nothing here can switch any more; the dead-man does, if the daemon still runs.
        """
        self.source.close()


class _OffOnFailure(contextlib.AbstractContextManager[None]):
    """Whatever is raised inside leaves the supply off, unless it was refused before anything moved."""

    __slots__ = ("_supply",)

    def __init__(self, supply: GuardedSupply) -> None:
        self._supply = supply

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None or issubclass(kind, REFUSALS):
            return
        try:
            self._supply.trip()
        except Exception:
            self._supply.let_lapse()
            if issubclass(kind, RigError):
                raise  # the way to the switch is gone: graver than what was measured
