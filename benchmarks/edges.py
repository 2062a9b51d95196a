"""Edges of the BlinkUp LED against the plan. By hand: python benchmarks/edges.py

First the emulated Pi: messages of 1500 bits through the real client, captured by the daemon (which samples every 5 us).
Then the SPI plan of each controller for the same message. Ends with exit code 1 if an edge is more than 5 us off its
plan or the best-fit clock drifts by more than 1 ppm.
"""

from __future__ import annotations

import sys

from rig.bench.bench import open_bench
from rig.blinkup import InvalidRate
from rig.blinkup.frame import frame_of_packet
from rig.drivers.optical.spi_plan import CONTROLLERS, plan

MOST_US = 5.0
MOST_PPM = 1.0
PACKET_BYTES = 178  # with preamble, header and tail 1497 symbols at 60 Hz, 1577 at 142 Hz
RATES_HZ = (60.0, 142.0)
SPI_RATES_HZ = (60.0, 142.0, 30.0, 40.0, 20.0, 120.0)
SPI_SYMBOLS = 1500


def waves() -> bool:
    print(f"{'rate Hz':>8}{'edges':>8}{'worst us':>10}{'rms us':>8}{'max us':>8}{'drift ppm':>11}{'read back':>11}")
    good = True
    with open_bench("simulated", seed=3) as bench:
        for rate_hz in RATES_HZ:
            frame = frame_of_packet(bytes((37 * n) % 256 for n in range(PACKET_BYTES)), "wifi", rate_hz=rate_hz)
            sending = bench.optical.start(frame)
            while sending.busy:
                bench.clock.sleep(0.05)
            r = sending.finish()
            drift = r.rate_error_ppm if r.rate_error_ppm is not None else float("nan")
            rms, most = r.jitter_rms_us or 0.0, r.jitter_max_us or 0.0
            print(
                f"{rate_hz:8g}{r.edges_seen:8d}{r.worst_edge_us:10.2f}{rms:8.2f}{most:8.2f}{drift:11.3f}"
                f"{r.decoded_back!s:>11}"
            )
            good &= r.worst_edge_us <= MOST_US and abs(drift) <= MOST_PPM and r.decoded_back is True
    return good


def spi() -> None:
    print(f"\n{'controller':34}{'rate Hz':>8}{'bits':>6}{'clock Hz':>11}{'divisor':>9}{'ppm':>8}{'bytes':>8}")
    for controller in CONTROLLERS.values():
        for rate_hz in SPI_RATES_HZ:
            try:
                p = plan(controller, rate_hz, SPI_SYMBOLS)
            except InvalidRate as refused:
                print(f"{controller.name:34}{rate_hz:8g}  {str(refused).partition(': ')[2][:60]} ...")
                continue
            print(
                f"{controller.name:34}{rate_hz:8g}{p.bits_per_symbol:6d}{p.clock_hz:11.2f}{p.divisor:9d}"
                f"{p.rate_error_ppm:8.2f}{p.transfer_bytes:8d}"
            )


if __name__ == "__main__":
    as_planned = waves()
    spi()
    sys.exit(0 if as_planned else 1)
