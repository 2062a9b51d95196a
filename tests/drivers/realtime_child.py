"""Run as a program: opens the bench of a file, powers the device, says so, and ends in the way that it is told."""

from __future__ import annotations

import os
import sys


def main(bench_file: str, ending: str) -> None:
    from rig.bench.bench import open_bench
    from rig.bench.dut import DeviceUnderTest
    from rig.blinkup import ClearConfig

    with open_bench(bench_file) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on()
        dut.watch_for(0.2)
        reading = bench.supply.measure()
        print(f"on {reading.device_v:.3f} {os.getpid()}", flush=True)
        if ending == "return":
            dut.watch_for(0.1)
            return
        if ending == "exception":
            raise LookupError("the test broke")
        if ending == "exit":
            sys.exit(7)
        if ending == "forgotten":  # not even closed: interpreter's exit must do
            bench.__class__.__exit__ = lambda *_: None
            return
        if ending == "busy":  # nearly always between a request to the daemon and its answer
            while True:
                bench.supply.measure()
        while True:  # until a signal comes, with light and samples under way
            dut.send(ClearConfig(), rate_hz=142.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
