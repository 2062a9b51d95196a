"""What the I2C bus of a bench does on the Pi itself: `python benchmarks/bus_reads.py my-bench.toml`.

Reads the chips of the bench file through Adafruit's drivers, as the rig does, for two seconds each, and compares with
the readings a second that the file asks for. Exit code 1: the bus is too slow. The device stays without power: no
pin is touched.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from adafruit_ads1x15 import ADS1115, AnalogIn
from adafruit_ina219 import INA219

from rig.config.bench import BenchConfig, load_bench
from rig.drivers.kernel.i2c import KernelI2C

EACH_S = 2.0


def reads_per_s(read: Callable[[], object]) -> float:
    """How often `read` can be called in a second."""
    read()
    count, start_s = 0, time.monotonic()
    while time.monotonic() - start_s < EACH_S:
        read()
        count += 1
    return count / (time.monotonic() - start_s)


def needed_per_s(config: BenchConfig) -> dict[str, float]:
    """By chip, the readings a second that the bench file asks for."""
    found = {"LED sensor": config.led.sample_hz}
    if config.supply.read_back.fitted:
        found["read-back"] = config.supply.read_back.sample_hz
    if config.supply.monitor_fitted and config.supply.kind != "scpi":
        found["monitor (voltage and current)"] = 2 * config.supply.monitor_hz
    return found


def share_of_bus(needed: dict[str, float], measured: dict[str, float]) -> float:
    """The part of the bus's time that the bench needs; more than 1 can't be had."""
    return sum(needed[chip] / measured[chip] for chip in needed)


def main(name: str) -> int:
    config = load_bench(name)
    i2c = KernelI2C(config.i2c.bus)
    needed = needed_per_s(config)

    def adc(address: int) -> Callable[[], object]:
        channel = AnalogIn(ADS1115(i2c, address=address), 0)
        return lambda: channel.value

    reads: dict[str, Callable[[], object]] = {"LED sensor": adc(config.led.adc_address)}
    if "read-back" in needed:
        reads["read-back"] = adc(config.supply.read_back.adc_address)
    if len(needed) > len(reads):
        monitor = INA219(i2c, config.supply.monitor_address)
        reads["monitor (voltage and current)"] = lambda: monitor.bus_voltage
    measured = {chip: reads_per_s(read) for chip, read in reads.items()}
    for chip, rate in measured.items():
        print(f"{chip:32} {rate:7.0f} readings a second, needed {needed[chip]:.0f}")
    share = share_of_bus(needed, measured)
    print(f"all together: {share:.0%} of the bus; {'enough' if share < 1 else 'TOO SLOW: is the bus at 400 kHz?'}")
    return int(share >= 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
