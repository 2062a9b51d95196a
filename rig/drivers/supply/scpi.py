"""A bench supply over SCPI: VOLT, OUTP, MEAS:VOLT?, MEAS:CURR? (SCPI-1999, instrument class "power supply").

Slow (20 to 100 ms a step, by the instrument) and good for voltage and average current; bursts of some milliseconds pass
unseen. The output is the switch. What switches it off if this program
dies is a process of its own: `rig.drivers.failsafe.off_on_exit`.
"""

from __future__ import annotations

from typing import Any, Final

from rig.config.bench import Scpi
from rig.drivers.failsafe.off_on_exit import Will
from rig.errors import BenchConnectionError, BenchFault, CapabilityMissing, ConfigError, SupplyLimitError

NO_ERROR: Final = 0
SAME_V: Final = 0.011  # resolution of a plain instrument
OFF_COMMAND: Final = "OUTP OFF"


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


class ScpiSource:
    """Implements `rig.drivers.supply.source.Source`. Output off when made.

    It measures its own output, so a set point is confirmed by the instrument's word until the output is on.

    Raises:
        BenchConnectionError: nothing answers.
        BenchFault: it does not understand.
    """

    def __init__(self, scpi: Scpi, session: Any, will: Will, max_current_a: float) -> None:
        self._scpi, self._session, self._will = scpi, session, will
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
        self.identity = self._ask("*IDN?")
        self._tell("*CLS")
        self._tell(f"INST:NSEL {scpi.channel}")
        self.disconnect()
        self._tell(f"CURR {max_current_a:.3f}")
        self._check_errors("setting the current limit")

    @property
    def connected(self) -> bool:
        return self._ask("OUTP?") in ("1", "ON")

    @property
    def where(self) -> str:
        return f"output {self._scpi.channel} of the bench supply"

    @property
    def range_v(self) -> tuple[float, float]:
        return 0.0, self._scpi.top_v

    def check(self, volts: float) -> None:
        """
        Raises:
            SupplyLimitError: more than the file says that it may give.
        """
        if not 0.0 <= volts <= self._scpi.top_v:
            raise SupplyLimitError(
                f"supply: {volts} V requested, the bench supply may give 0 to {self._scpi.top_v:.2f} V "
                "(supply.scpi.top_v); nothing was changed"
            )

    def apply(self, volts: float) -> None:
        self._tell(f"VOLT {volts:.4f}")
        self._check_errors(f"setting {volts:.3f} V")
        told_v = self._number("VOLT?")
        if abs(told_v - volts) > SAME_V:
            raise BenchFault(f"supply: {volts:.3f} V set, the bench supply says that it is set to {told_v:.3f} V")

    def connect(self) -> None:
        self.check_alive()
        self._tell("OUTP ON")
        self._check_errors("switching on")

    def disconnect(self) -> None:
        if self._closed:
            return
        try:
            self._tell(OFF_COMMAND)
            if self.connected:
                raise BenchFault(f"supply: {self.where} stays on although it was switched off; pull its plug")
        except BenchConnectionError:
            self._will.execute()
            raise

    def volts(self) -> float:
        return self._number("MEAS:VOLT?")

    def amps(self) -> float:
        return self._number("MEAS:CURR?")

    def insert_series(self, inserted: bool) -> None:
        """
        Raises:
            CapabilityMissing: always; the rig's relay is not in this line.
        """
        raise CapabilityMissing(
            "supply.series: a bench supply over SCPI has no series resistor that the rig could switch"
        )

    def arm(self) -> dict[str, str]:
        self._will.start()
        self._armed = True
        return {"Bench supply": self.identity, "Dead-man": f"a process that sends {OFF_COMMAND} when this program ends"}

    def check_alive(self) -> None:
        if not self._armed:
            self.arm()
        trouble = self._will.trouble
        if trouble is not None:
            raise BenchFault(
                f"dead-man of {self.where} lapsed: {trouble}; supply switched off, because nobody would if this "
                "program died"
            )

    def close(self) -> None:
        try:
            self.disconnect()
            self._will.cancel()
        finally:
            self._closed = True
            self._session.close()

    def _number(self, question: str) -> float:
        answer = self._ask(question)
        try:
            return float(answer)
        except ValueError:
            raise BenchFault(
                f"supply: the bench supply answers {question} with {answer[:40]!r}, expected a number; is "
                "supply.scpi.resource a power supply that speaks SCPI?"
            ) from None

    def _check_errors(self, doing: str) -> None:
        answer = self._ask("SYST:ERR?")
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

    def _tell(self, command: str) -> None:
        self._do(command, lambda: self._session.write(command))

    def _ask(self, question: str) -> str:
        return str(self._do(question, lambda: self._session.query(question))).strip()

    def _do(self, command: str, action: Any) -> Any:
        try:
            return action()
        except self._errors as error:
            raise BenchConnectionError(
                f"supply: the bench supply does not answer {command!r} ({error}); check its cable and power. Switch it "
                "off by hand if its output is still on"
            ) from error
