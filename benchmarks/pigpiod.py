"""How fast the emulated pigpiod answers pigpio's own Python client. By hand: python benchmarks/pigpiod.py [SECONDS]

The table's first column of figures is a daemon in this process (client and daemon share one interpreter lock), the
second a daemon on virtual time in a process of its own, the third the same on real time. Targets: 10,000 reads per
second; 200 connects leave no thread and no file behind.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pigpio

from rig.sim.server.serve import ServeOptions, SimServer

ROWS: list[tuple[str, str, Callable[[pigpio.pi, float], float]]] = []
SERVE = (sys.executable, "-c", "from rig.cli.main import app; app()", "sim", "serve", "--port", "0", "--control", "0")

Measure = Callable[[pigpio.pi, float], float]


def row(name: str, unit: str) -> Callable[[Measure], Measure]:
    def add(measure: Measure) -> Measure:
        ROWS.append((name, unit, measure))
        return measure

    return add


def per_second(action: Callable[[], object], duration_s: float) -> float:
    count, begin_s = 0, time.perf_counter()
    while (now_s := time.perf_counter()) - begin_s < duration_s:
        for _ in range(50):
            action()
        count += 50
    return count / (now_s - begin_s)


@row("read a pin", "1/s")
def reads(pi: pigpio.pi, duration_s: float) -> float:
    return per_second(lambda: pi.read(17), duration_s)


@row("write a pin that is watched", "1/s")
def writes(pi: pigpio.pi, duration_s: float) -> float:
    watching, levels = pi.callback(18, pigpio.EITHER_EDGE), iter(range(1 << 60))
    rate = per_second(lambda: pi.write(18, next(levels) & 1), duration_s)
    watching.cancel()
    return rate


@row("I2C register read (ADXL345)", "1/s")
def registers(pi: pigpio.pi, duration_s: float) -> float:
    handle = pi.i2c_open(1, 0x53)
    rate = per_second(lambda: pi.i2c_read_byte_data(handle, 0), duration_s)
    pi.i2c_close(handle)
    return rate


@row("wave of 5000 pulses: add, create, delete", "1/s")
def waves(pi: pigpio.pi, duration_s: float) -> float:
    pulses = [pigpio.pulse((n % 2) << 22, (1 - n % 2) << 22, 100) for n in range(5000)]

    def once() -> None:
        pi.wave_add_generic(pulses)
        pi.wave_delete(pi.wave_create())

    count, begin_s = 0, time.perf_counter()
    while (now_s := time.perf_counter()) - begin_s < duration_s:
        once()
        count += 1
    return count / (now_s - begin_s)


@row("reads of 8 clients (threads), together", "1/s")
def eight(pi: pigpio.pi, duration_s: float) -> float:
    clients = [pigpio.pi(pi.sl.s.getpeername()[0], pi.sl.s.getpeername()[1]) for _ in range(8)]
    rates: list[float] = []
    threads = [
        threading.Thread(target=lambda c=c: rates.append(per_second(lambda: c.read(17), duration_s))) for c in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        leave(client)
    return sum(rates)


@row("connect, watch a pin and leave (200 times)", "ms")
def connects(pi: pigpio.pi, _: float) -> float:
    host, port = pi.sl.s.getpeername()[:2]
    begin_s = time.perf_counter()
    for _ in range(200):
        client = pigpio.pi(host, port)
        client.callback(17)
        leave(client)
    return (time.perf_counter() - begin_s) / 200 * 1000


def leave(pi: pigpio.pi) -> None:
    notify = pi._notify
    pi.stop()
    notify.join(10)


@contextmanager
def own_process(*options: str) -> Iterator[tuple[int, int]]:
    """A served daemon: its port and process id."""
    process = subprocess.Popen([*SERVE, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline().split("127.0.0.1:")[1].split()[0]), process.pid
    finally:
        process.terminate()
        process.wait()


def left_behind(pid: int) -> tuple[int, int, int]:
    """Threads, open files and resident kB of a process."""
    proc = Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
    return int(status["Threads"]), len(list((proc / "fd").iterdir())), int(status["VmRSS"].split()[0])


def column(port: int, duration_s: float) -> list[float]:
    pi = pigpio.pi("127.0.0.1", port)
    figures = [measure(pi, duration_s) for *_, measure in ROWS]
    leave(pi)
    return figures


def main() -> None:
    duration_s = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    server = SimServer(ServeOptions(realtime=False, peer_parts=True))
    server.start()
    columns = [column(server.port, duration_s)]
    server.stop()
    leaks = []
    for options in (("--virtual", "--peer-parts"), ("--realtime", "--peer-parts")):
        with own_process(*options) as (port, pid):
            leave(pigpio.pi("127.0.0.1", port))
            time.sleep(0.2)
            before = left_behind(pid)
            columns.append(column(port, duration_s))
            time.sleep(0.2)
            after = left_behind(pid)
            leaks.append([b - a for a, b in zip(before, after, strict=True)])
    print(f"{'':44}{'':5}{'in process':>12}{'virtual':>12}{'real time':>12}")
    for (name, unit, _), figures in zip(ROWS, zip(*columns, strict=True), strict=True):
        print(f"{name:44}{unit:5}" + "".join(f"{figure:12,.1f}" for figure in figures))
    for what, *counts in zip(("threads", "open files", "kB resident"), *leaks, strict=True):
        print(f"{'left behind by all of it: ' + what:44}{'':5}{'':12}" + "".join(f"{count:12d}" for count in counts))


if __name__ == "__main__":
    main()
