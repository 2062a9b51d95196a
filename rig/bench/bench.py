"""A bench: opens, owns and closes everything that stands on the table."""

from __future__ import annotations

import contextlib
import os
from functools import cached_property
from typing import Any

from rig.bench.backend import Backend, BenchClaim, open_backend
from rig.bench.conversions import led_calibration_of
from rig.bench.current_watch import CurrentWatch
from rig.bench.self_test import self_test
from rig.clock import Clock
from rig.config.bench import BenchConfig, load_bench
from rig.config.bench_networks import declared_networks
from rig.config.capabilities import EnvironmentControl, NetworkControl, missing_for
from rig.config.device import DEVICE_CAPABILITIES, DeviceProfile, load_device
from rig.drivers.adc import ContinuousInput
from rig.drivers.failsafe.bench_lock import parse_wait
from rig.drivers.failsafe.signals import guard
from rig.drivers.i2c_budget import GuardedI2C
from rig.drivers.optical.factory import open_optical
from rig.drivers.optical.transmitter import OpticalTx
from rig.drivers.supply.factory import open_supply
from rig.errors import CapabilityMissing, ConfigError
from rig.led import Calibration
from rig.secret import Secret, secret_or_none

WAIT_VARIABLE = "RIG_BENCH_WAIT"
TOKEN_VARIABLE, PLAN_VARIABLE = "RIG_TOKEN", "RIG_PLAN"
MOST_OHM = 1000.0
MOST_FARAD = 0.1


class Bench:
    """An open bench with a device profile. A context manager; closing switches the device off first.

    `claim`: how to ask for it if another program owns it (None: as RIG_BENCH_WAIT says).

    Raises:
        BenchInUse: another program owns it; nothing was touched.
        BenchConnectionError, BenchFault: something is missing or doesn't do what it should.
        ConfigError: a network that the bench lists is missing or has a mistake.
    """

    def __init__(
        self, config: BenchConfig, device: DeviceProfile, *, seed: int | None = None, claim: BenchClaim | None = None
    ) -> None:
        self.config = config
        self.device = device
        self.seed = seed if seed is not None or config.simulation is None else config.simulation.seed
        self._fitted_ohm: float | None = None
        self._closing = contextlib.ExitStack()
        try:
            self._open(seed, claim or claim_of_environment())
        except BaseException:
            self._closing.close()
            raise

    def _open(self, seed: int | None, claim: BenchClaim) -> None:
        config = self.config
        self._declared = declared_networks(config)
        self._backend: Backend = open_backend(config, self.device, self._declared, seed, claim)
        self._closing.callback(self._backend.close)
        backend = self._backend
        i2c = GuardedI2C(backend.i2c, backend.keep_alive.looked)
        self.supply = open_supply(
            config, self.device, backend.clock, backend.factory, i2c, backend.guard, backend.scpi_resource
        )
        self._closing.callback(self.supply.close)
        self._closing.enter_context(guard(self.supply.off, self.supply.let_lapse))
        self.optical: OpticalTx = open_optical(config.blinkup, backend.clock, backend.factory, backend.link)
        self._closing.callback(self.optical.close)
        led = config.led
        self.led_input = ContinuousInput(
            i2c,
            backend.clock,
            address=led.adc_address,
            channel=led.channel,
            gain=led.gain,
            data_rate=led.data_rate,
        )
        self._proven = self_test(self.optical, self.led_input, self.supply)
        if not backend.clock.is_virtual:  # no virtual time passes while a test does something else
            watch = CurrentWatch(self.supply, backend.keep_alive)
            self._closing.callback(watch.stop)

    @property
    def clock(self) -> Clock:
        """The clock of everything on this bench; virtual if the bench is simulated."""
        return self._backend.clock

    @property
    def is_simulated(self) -> bool:
        """Whether no hardware is touched."""
        return self.config.kind == "simulated"

    @property
    def world(self) -> Any:
        """The simulated world, if there is one: the truth that tests of the rig compare with."""
        return self._backend.world

    @property
    def facts(self) -> dict[str, str]:
        """What a report should say about the bench."""
        return {
            "Bench": f"{self.config.name} ({self.config.stands_for})",
            "Device": f"{self.device.title} {self.config.dut.id}".strip(),
            **self._backend.facts,
            "BlinkUp sent by": self.optical.name,
            **self._proven,
        }

    @property
    def capabilities(self) -> frozenset[str]:
        """The names of `rig.config.capabilities` that hold for this bench and its device."""
        have = {f"network:{name}" for name, lacking in self._lacking.items() if not lacking}
        if have:
            have.add("network")
        have |= self.device.capabilities
        if self._backend.environment is not None:
            have.add("environment")
        have |= self.supply.capabilities
        if self.supply.has_series and self._backend.decade is not None:
            have.add("supply.decade")
        if self._backend.capacitors is not None:
            have.add("supply.capacitor")
        if self.optical.has_grey:
            have.add("blinkup.trilevel")
        return frozenset(have)

    def require(self, capability: str) -> None:
        """Check that this bench and its device have a capability.

        Raises:
            CapabilityMissing: this bench lacks it; lists what it has.
            ConfigError: there is no network of that name anywhere.
        """
        if capability in self.capabilities:
            return
        network = capability.removeprefix("network:") if capability.startswith("network:") else None
        if network is not None and network not in self._lacking:
            raise self._declared.missing_network_error(network)
        lacking = self._lacking.get(network) if network is not None else capability
        if lacking in DEVICE_CAPABILITIES:
            has = ", ".join(sorted(self.device.capabilities)) or "nothing optional"
            use = "" if network is None else f" to reach network {network!r}"
            raise CapabilityMissing(f"device {self.device.name!r} lacks {lacking!r}{use}; it has: {has}")
        have = ", ".join(sorted(self.capabilities - self.device.capabilities)) or "nothing optional"
        raise CapabilityMissing(f"bench {self.config.name!r} lacks {capability!r}; it has: {have}")

    @cached_property
    def _lacking(self) -> dict[str, str]:
        """For each network of this bench what the device lacks to reach it; an empty text if it lacks nothing."""
        return {name: missing_for(self.device, there) for name, there in self._declared.by_name.items()}

    @property
    def series_ohm(self) -> float:
        """The value of the series resistor in ohm, whether it is in the line or not; 0 without a resistor."""
        series = self.config.supply.series
        return self._fitted_ohm if self._fitted_ohm is not None else series.ohm if series is not None else 0.0

    def fit_series(self, ohm: float) -> None:
        """Choose the series resistor's value.

        Raises:
            CapabilityMissing: this bench can't.
            ConfigError: no usable resistance.
        """
        self.require("supply.decade")
        if not 0.0 <= ohm <= MOST_OHM:
            raise ConfigError(f"series resistor of {ohm:g} ohm: expected 0 to {MOST_OHM:g}")
        assert self._backend.decade is not None
        self._backend.decade.fit(ohm)
        self._fitted_ohm = ohm

    def fit_capacitor(self, farad: float) -> None:
        """Put a capacitor across the device's terminals, beside what it has itself; 0 takes it off. Switch off before.

        Raises:
            CapabilityMissing: this bench can't.
            ConfigError: no usable capacitance, or the supply is on.
        """
        self.require("supply.capacitor")
        if not 0.0 <= farad <= MOST_FARAD:
            raise ConfigError(f"capacitor of {farad:g} F: expected 0 to {MOST_FARAD:g}")
        if self.supply.enabled:
            raise ConfigError("the supply is on: switch it off before a capacitor is put across the device")
        assert self._backend.capacitors is not None
        self._backend.capacitors.fit(farad)

    @property
    def networks(self) -> NetworkControl:
        """What puts declared networks on the air."""
        return self._backend.networks

    @property
    def environment(self) -> EnvironmentControl:
        """What controls light and noise around the device.

        Raises:
            CapabilityMissing: nothing here controls light and noise.
        """
        if self._backend.environment is None:
            self.require("environment")
            raise CapabilityMissing("environment")
        return self._backend.environment

    @property
    def calibration(self) -> Calibration:
        """The LED calibration stored in the bench file; raises ConfigError if the decoder can't use it."""
        return led_calibration_of(self.config)

    def enrolment(self) -> tuple[Secret, Secret]:
        """(token, plan) of the device: from the bench file, else from RIG_TOKEN and RIG_PLAN.

        Raises:
            ConfigError: neither has them.
        """
        __tracebackhide__ = True  # pytest can print a frame's variables
        dut = self.config.dut
        token = _secret(dut.token, TOKEN_VARIABLE)
        plan = _secret(dut.plan, PLAN_VARIABLE)
        if token is None or plan is None:
            missing = TOKEN_VARIABLE if token is None else PLAN_VARIABLE
            raise ConfigError(
                f"bench {self.config.name!r}: no enrolment {'token' if token is None else 'plan'}; set {missing} "
                "(16 hex digits) in the environment, or dut.token and dut.plan in the bench file"
            )
        return token, plan

    def make_safe(self) -> None:
        """Switch the device's supply off, then the BlinkUp LED; each whatever becomes of the other.

        Raises:
            BenchError: nothing here can switch any more; the dead-man does, if the daemon still runs.
        """
        with contextlib.ExitStack() as steps:
            steps.callback(self.supply.tell_background)
            steps.callback(self.optical.off)
            steps.callback(self.supply.off)  # the last one comes first

    def close(self) -> None:
        """Switch the device off and release everything."""
        self._closing.close()

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _secret(stored: Secret | None, variable: str) -> Secret | None:
    return stored if stored is not None else secret_or_none(os.environ.get(variable))


def claim_of_environment() -> BenchClaim:
    """How long RIG_BENCH_WAIT says that a bench is waited for; not at all without it.

    Raises:
        ConfigError: it says no time.
    """
    said = os.environ.get(WAIT_VARIABLE)
    try:
        return BenchClaim(parse_wait(said)) if said else BenchClaim()
    except ConfigError as error:
        raise ConfigError(f"{WAIT_VARIABLE}: {error}") from None


def open_bench(name: str, *, device: str | None = None, seed: int | None = None) -> Bench:
    """The bench called `name` (or a path to its file), with the device that it names unless another one is given.

    Raises:
        ConfigError: a file or an option is wrong.
        BenchError: the bench is not as its file says.
    """
    config = load_bench(name)
    return Bench(config, load_device(device or config.dut.device), seed=seed)
