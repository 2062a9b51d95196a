"""One input of an ADS1115, converting continuously and read by Adafruit's driver.

The driver's own way into continuous mode sleeps on the wall clock and its fast reads return whatever register the
pointer is on. So: one single-shot read picks the channel, then the mode changes, then one slow read moves the
pointer to the conversion register. Adafruit's driver 3.0.5 ignores the channel in continuous mode; `verify` tells.
"""

from __future__ import annotations

from typing import Any

from rig.clock import Clock
from rig.drivers.adc_self_test import AdcFacts, Registers, check_adc
from rig.drivers.compat.adafruit import ads1x15_config, ads1x15_registers
from rig.drivers.i2c_budget import GuardedI2C
from rig.errors import BenchConnectionError, BenchFault

MUX_SHIFT = 12
SINGLE_ENDED = 4


class ContinuousInput:
    """`read` returns (time, volts): the middle of the last finished conversion, at most half a period off.

    Raises:
        BenchFault: no chip answers at the address, or the wrong input is converted.
    """

    def __init__(self, i2c: Any, clock: Clock, *, address: int, channel: int, gain: int, data_rate: int) -> None:
        from adafruit_ads1x15 import ADS1115, AnalogIn
        from adafruit_ads1x15.ads1x15 import Mode

        self._clock = clock
        self._where = f"ADS1115 at 0x{address:02x}, input {channel}"
        self._channel = channel
        self._delay_s = 1.0 / data_rate
        self._data_rate = data_rate
        guarded = i2c if isinstance(i2c, GuardedI2C) else GuardedI2C(i2c)
        try:
            # The driver polls until the first conversion is over, so that a slow rate may ask more often.
            with guarded.limit(200 + round(20_000 / data_rate), f"{self._where}: opening"):
                self._ads = ADS1115(guarded, address=address, gain=gain, data_rate=data_rate)
                pin = AnalogIn(self._ads, channel)
                _ = pin.value
                self._volts_per_code = pin.convert_to_voltage(1)
                self._ads.mode = Mode.CONTINUOUS
                clock.sleep(2.5 / data_rate)
                self._ads.get_last_result(False)
        except BenchConnectionError:
            raise
        except (ValueError, OSError) as error:
            raise BenchFault(
                f"{self._where} does not answer: {error}; check wiring, address strap and I2C pull-ups"
            ) from error
        self.verify()

    def read(self) -> tuple[float, float]:
        """(seconds on the clock, volts) of the conversion that ended last.

        Raises:
            BenchFault: the chip does not answer.
        """
        try:
            # What `AnalogIn.voltage` does, without the lookups that it repeats at each reading.
            code = self._ads.get_last_result(True)
        except BenchConnectionError:
            raise
        except OSError as error:
            raise BenchFault(f"{self._where} stopped answering: {error}; check the I2C wiring") from error
        signed = code - 0x10000 if code & 0x8000 else code
        return self._clock.now_s() - self._delay_s, float(signed * self._volts_per_code)

    @property
    def data_rate(self) -> int:
        """Conversions per second, nominal."""
        return self._data_rate

    @property
    def full_scale_v(self) -> float:
        """Volts at the input above which the chip can't tell: its highest code."""
        return float(0x7FFF * self._volts_per_code)

    def self_test(self) -> AdcFacts:
        """Make sure that the chip converts the right input at about its rate. Takes some 60 ms without readings.

        Raises:
            BenchFault: it doesn't.
        """
        ads = self._ads

        def result() -> int:
            code = ads.get_last_result(False)
            return int(code - 0x10000 if code & 0x8000 else code)

        try:
            self.verify()
            chip = Registers(*ads1x15_registers(ads), result)
            facts = check_adc(chip, self._clock, where=self._where, nominal_hz=self._data_rate)
            self.verify()
        except BenchConnectionError:
            raise
        except OSError as error:
            raise BenchFault(f"{self._where} stopped answering: {error}; check the I2C wiring") from error
        return facts

    def verify(self) -> None:
        """Make sure that the chip converts the input that it is set to.

        Raises:
            BenchFault: it doesn't.
        """
        mux = ads1x15_config(self._ads) >> MUX_SHIFT & 7
        self._ads.get_last_result(False)  # the pointer goes back to the conversions
        if mux != SINGLE_ENDED + self._channel:
            raise BenchFault(
                f"{self._where}: the chip converts multiplexer setting {mux}, not {SINGLE_ENDED + self._channel}; "
                "the installed adafruit-circuitpython-ads1x15 ignores the channel in continuous mode (3.0.5 does): "
                "install the version that pyproject.toml pins"
            )
