"""What a read through the real Adafruit driver costs on the simulated bus: CPU time, reads per simulated second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import adafruit_ads1x15.ads1x15 as driver
import adafruit_ina219
from adafruit_ads1x15 import ADS1115, AnalogIn

from rig.sim.chips.ads1x15 import ADS1115Chip
from rig.sim.chips.ina219 import INA219Chip
from rig.sim.physics.analog import Constant
from rig.sim.physics.busio import BusioI2C
from rig.sim.physics.i2c import I2CWires
from rig.sim.physics.timeline import NS_PER_S, EventTimeline, to_ns


class TimelineTime:
    """Stands in for the `time` module in the driver."""

    def __init__(self, timeline: EventTimeline) -> None:
        self._timeline = timeline

    def sleep(self, duration_s: float) -> None:
        self._timeline.elapse(to_ns(duration_s))


def measure(what: str, timeline: EventTimeline, read: Callable[[], object], count: int) -> None:
    read()
    best_us = float("inf")
    start_ns = timeline.now_ns
    rounds = 5
    for _ in range(rounds):
        cpu = time.process_time_ns()
        for _ in range(count):
            read()
        best_us = min(best_us, (time.process_time_ns() - cpu) / count / 1000)
    rate = rounds * count / ((timeline.now_ns - start_ns) / NS_PER_S)
    print(f"{what:46s} {best_us:7.2f} us CPU   {rate:8.1f} per simulated second")


def main() -> None:
    timeline = EventTimeline()
    wires = I2CWires(timeline)
    inputs = [Constant(0.5 * (n + 1)) for n in range(4)]
    wires.attach(0x48, ADS1115Chip(timeline, inputs))
    wires.attach(0x40, INA219Chip(timeline, Constant(0.001), Constant(3.3)))
    i2c = BusioI2C(wires)
    driver.time = TimelineTime(timeline)

    ads = ADS1115(i2c, gain=1, data_rate=860, mode=driver.Mode.CONTINUOUS)
    pin = AnalogIn(ads, driver.Pin.A0)

    def paced() -> None:
        timeline.elapse(2_000_000 - 172_500)
        _ = pin.value

    measure("continuous, fast read, back to back", timeline, lambda: pin.value, 20_000)
    measure("continuous, fast read, 500 per second", timeline, paced, 20_000)
    ads.mode = driver.Mode.SINGLE
    measure("single-shot, whole", timeline, lambda: pin.value, 2_000)
    ina = adafruit_ina219.INA219(i2c)
    measure("INA219 bus + shunt + current", timeline, lambda: (ina.bus_voltage, ina.shunt_voltage, ina.current), 2_000)


if __name__ == "__main__":
    main()
