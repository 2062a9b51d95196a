"""A bench supply over SCPI: VOLT, OUTP, MEAS:VOLT?, MEAS:CURR? (SCPI-1999, instrument class "power supply").

Slow (20 to 100 ms a step, by the instrument) and good for voltage and average current; bursts of some milliseconds pass
unseen. The output is the switch. What switches it off if this program dies is a process of its own:
`rig.drivers.failsafe.off_on_exit`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final

from rig.config.bench import HIGHEST_V, Scpi
from rig.drivers.failsafe.off_on_exit import OffOnExit
from rig.drivers.failsafe.power_watch import PowerWatch
from rig.drivers.failsafe.signals import raised_by_signal
from rig.drivers.supply.source import SupplyParts
from rig.errors import BenchConnectionError, BenchFault, CapabilityMissing, ConfigError, SupplyLimitError
from rig.supply import Limits

NO_ERROR: Final = 0
SAME_V: Final = 0.011  # the resolution of a plain instrument, and a little more
OFF_COMMAND: Final = "OUTP OFF"
PROTECTION_SHARE: Final = 1.03  # of the limit: instruments set and measure within some per mille


def open_visa(scpi: Scpi) -> Any:
    """A pyvisa session with the instrument.

    Raises:
        ConfigError: pyvisa isn't installed.
        BenchConnectionError: nothing answers at the resource.
    """
    try:
        import pyvisa
    except ImportError as error:
        raise ConfigError(
            "supply.scpi: pyvisa is not installed; install the rig with its extra: pip install -e '.[scpi]'"
        ) from error
    try:
        session = pyvisa.ResourceManager(scpi.visa_library).open_resource(scpi.resource)
        session.timeout = scpi.timeout_s * 1000.0
        session.read_termination = session.write_termination = "\n"
    except (pyvisa.Error, OSError, ValueError) as error:
        raise BenchConnectionError(
            f"supply.scpi: nothing answers at {scpi.resource!r} ({error}); is the instrument on, is its LAN or USB "
            "interface enabled, does no other program hold it?"
        ) from error
    return session


class ScpiSource(PowerWatch):
    """Implements `rig.drivers.supply.source.Source`. Output off when made.

    It measures its own output, so a set point is confirmed by the instrument's own answer until the output is on.
    `reopen` makes another session: after a question that was interrupted, whose answer would be taken for the next one.
    `unwatched_s`: how long the device may have power with no test looking at it.

    Raises:
        BenchConnectionError: nothing answers.
        BenchFault: it does not understand.
    """

    def __init__(
        self,
        scpi: Scpi,
        reopen: Callable[[], Any],
        off_on_exit: OffOnExit,
        limits: Limits,
        unwatched_s: float,
    ) -> None:
        self._scpi, self._session, self._off_on_exit = scpi, reopen(), off_on_exit
        super().__init__(unwatched_s, off_on_exit.watch)
        self._reopen = reopen
        self._asking = False
        self._armed = self._closed = False
        self.measures_when_off = False
        self.capabilities = frozenset({"supply.programmable", "supply.current"})
        self.rates_hz = {"regulator_v": scpi.sample_hz, "current_a": scpi.sample_hz}
        if scpi.sense_at_device:
            self.rates_hz["device_v"] = scpi.sample_hz
        self._errors: tuple[type[BaseException], ...] = (OSError, EOFError, ValueError)
        try:
            import pyvisa

            self._errors += (pyvisa.Error,)
        except ImportError:  # a session of another make
            pass
        try:
            self._prepare(limits)
        except BaseException:
            self._session.close()
            raise

    def _prepare(self, limits: Limits) -> None:
        """Off first; then what the instrument itself does against too much, before any voltage is set."""
        scpi = self._scpi
        self.identity = self._query("*IDN?")
        if scpi.identity not in self.identity:
            raise BenchFault(
                f"supply: {scpi.resource!r} says that it is {self.identity[:80]!r}, expected {scpi.identity!r} in it "
                "(supply.scpi.identity): is this the supply of this bench? Nothing was switched"
            )
        self._write("*CLS")
        self._write(f"INST:NSEL {scpi.channel}")
        self.disconnect()
        if scpi.protection:
            self._protect("VOLT:PROT", min(limits.max_v * PROTECTION_SHARE, HIGHEST_V), "voltage")
        self._write(f"CURR {limits.max_current_a:.3f}")
        self._check_errors("setting the current limit")

    def _protect(self, header: str, level: float, what: str) -> None:
        try:
            self._write(f"{header} {level:.3f}")
            self._check_errors(f"setting its protection against {what}")
            set_to = self._number(f"{header}?")
        except BenchFault as fault:
            raise BenchFault(
                f"{fault}. If this instrument has no {header} command, set supply.scpi.protection = false and its own "
                "protection by hand"
            ) from None
        if abs(set_to - level) > SAME_V:
            raise BenchFault(
                f"supply: protection against {what} set to {level:.3f}, the bench supply says {set_to:.3f} ({header}?)"
            )

    @property
    def connected(self) -> bool:
        """Whether the output is on, by the instrument's answer."""
        return self._query("OUTP?") in ("1", "ON")

    @property
    def where(self) -> str:
        """Which output, in the words of messages."""
        return f"output {self._scpi.channel} of the bench supply"

    @property
    def range_v(self) -> tuple[float, float]:
        """Lowest and highest voltage that the bench file lets it give."""
        return 0.0, self._scpi.top_v

    def check(self, volts: float) -> None:
        """Refuse a voltage outside the range of the bench file.

        Raises:
            SupplyLimitError: more than the file says that it may give.
        """
        if not 0.0 <= volts <= self._scpi.top_v:
            raise SupplyLimitError(
                f"supply: {volts} V requested, the bench supply may give 0 to {self._scpi.top_v:.2f} V "
                "(supply.scpi.top_v); nothing was changed"
            )

    def apply(self, volts: float) -> None:
        """Set the voltage and ask the instrument what it is set to.

        Raises:
            BenchFault: it refuses, or says another voltage.
        """
        self._write(f"VOLT {volts:.4f}")
        self._check_errors(f"setting {volts:.3f} V")
        read_back_v = self._number("VOLT?")
        if abs(read_back_v - volts) > SAME_V:
            raise BenchFault(f"supply: {volts:.3f} V set, the bench supply says that it is set to {read_back_v:.3f} V")

    def connect(self) -> None:
        """Switch the output on.

        Raises:
            BenchFault: the instrument refuses, or what switches off if this program dies is not alive.
        """
        self.check_alive()
        self.powered(True)
        self._write("OUTP ON")
        self._check_errors("switching on")

    def disconnect(self) -> None:
        """Switch the output off; over a session of its own if this one is gone.

        Raises:
            BenchFault: the output stays on.
            BenchConnectionError: the instrument does not answer any more.
        """
        if self._closed:
            return
        try:
            self._write(OFF_COMMAND)
            if self.connected:
                raise BenchFault(f"supply: {self.where} stays on although it was switched off; pull its plug")
        except BenchConnectionError:
            self._off_on_exit.execute()
            raise
        except BaseException:
            self._off_on_exit.at_once()
            raise
        self.powered(False)

    def let_lapse(self) -> None:
        """Have the output switched off by the process that does it when this program dies. Waits for nothing."""
        self._off_on_exit.at_once()

    def volts(self) -> float:
        """Volts at the output, or at the device if the sense lines go there.

        Raises:
            BenchFault: the answer is no number.
        """
        return self._number("MEAS:VOLT?")

    def amps(self) -> float:
        """Amperes out of the output.

        Raises:
            BenchFault: the answer is no number.
        """
        return self._number("MEAS:CURR?")

    def insert_series(self, inserted: bool) -> None:
        """Refuse: a bench supply has no series resistor.

        Raises:
            CapabilityMissing: always; the rig's relay is not in this line.
        """
        raise CapabilityMissing(
            "supply.series: a bench supply over SCPI has no series resistor that the rig could switch"
        )

    def arm(self) -> dict[str, str]:
        """Start the process that switches off if this program dies; facts for the report.

        Raises:
            BenchFault: it does not start.
        """
        self._off_on_exit.start()
        self._armed = True
        return {"Bench supply": self.identity, "Dead-man": f"a process that sends {OFF_COMMAND} when this program ends"}

    def check_alive(self) -> None:
        """Make sure that the process that switches off if this program dies is waiting.

        Raises:
            BenchFault: it has ended.
            DeviceUnwatched: it has switched off, because no test looked at the device. It can be armed again.
        """
        if not self._armed:
            self.arm()
        lapse = self._off_on_exit.lapse
        if lapse is None:
            return
        self._armed = False
        if lapse.error is not BenchFault:
            raise lapse.error(f"{self.where} switched off: {lapse.text}")
        raise BenchFault(
            f"dead-man of {self.where} lapsed: {lapse.text}; supply switched off, because nobody would if this "
            "program died"
        )

    def close(self) -> None:
        """Switch off, cancel the waiting process and end the session."""
        try:
            self.disconnect()
            self._off_on_exit.cancel()
        finally:
            self._closed = True
            self._session.close()

    def _number(self, question: str) -> float:
        answer = self._query(question)
        try:
            return float(answer)
        except ValueError:
            raise BenchFault(
                f"supply: the bench supply answers {question} with {answer[:40]!r}, expected a number; is "
                "supply.scpi.resource a power supply that speaks SCPI?"
            ) from None

    def _check_errors(self, doing: str) -> None:
        answer = self._query("SYST:ERR?")
        number, _, text = answer.partition(",")
        try:
            wrong = int(number) != NO_ERROR
        except ValueError:
            wrong = True
        if wrong:
            raise BenchFault(
                f"supply: {doing}: the bench supply says {answer[:80]!r} ({text.strip() or 'no words'}); its channel, "
                "range or interlock does not allow it: see its manual"
            )

    def _write(self, command: str) -> None:
        self._do(command, lambda: self._session.write(command))

    def _query(self, question: str) -> str:
        return str(self._do(question, lambda: self._session.query(question))).strip()

    def _do(self, command: str, action: Callable[[], Any]) -> Any:
        self._off_on_exit.looked()
        try:
            if self._asking:
                with contextlib.suppress(*self._errors):
                    self._session.close()
                self._session = self._reopen()
                self._session.write(f"INST:NSEL {self._scpi.channel}")
            self._asking = True
            answer = action()
            self._asking = False
            return answer
        except self._errors as error:
            if raised_by_signal(error):
                raise
            raise BenchConnectionError(
                f"supply: the bench supply does not answer {command!r} ({error}); check its cable and power. Switch it "
                "off by hand if its output is still on"
            ) from error


def open_scpi(parts: SupplyParts) -> ScpiSource:
    """The supply for `supply.kind = "scpi"`, off.

    Raises:
        ConfigError: pyvisa isn't installed.
        BenchFault, BenchConnectionError: the instrument does not answer or does not understand.
    """
    assert parts.wiring.scpi is not None  # the bench file was checked
    scpi = parts.wiring.scpi
    if parts.scpi_resource is not None:
        scpi = scpi.model_copy(update={"resource": parts.scpi_resource})
    return ScpiSource(
        scpi, lambda: open_visa(scpi), OffOnExit(scpi, OFF_COMMAND), parts.limits, parts.wiring.max_unwatched_s
    )
