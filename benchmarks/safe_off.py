"""How long the device stays on after each way to leave it on: `python benchmarks/safe_off.py [TIMES] [NAME...]`.

Each attack is a session of pytest on an emulated bench in real time, in a process of its own. The time is that between
the attack's own beginning and the last falling edge of the load switch's pin, both by the clock of the process that
runs the emulated daemon. Prints a table in Markdown: attack, median and worst of TIMES (default 5), what the session
says, its exit code.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "realtime")]

from emulated_bench import Emulator, Session  # noqa: E402

LIMIT_S = "2"  # of nobody looking, so that attacks that wait for it take seconds and not minutes
LOOK_S = 0.005
GIVE_UP_S = 40.0
REPORT_S = 0.2  # by then the daemon has reported an edge

HEAD = """
import ctypes, os, signal, sys, threading, time
import pytest


def powered():
    print("\\\\npowered", flush=True)


"""


@dataclass(frozen=True)
class Attack:
    """A test's body, and what is done to its process once it has said that the device has power."""

    body: str
    then: Callable[[int], None] = lambda _: None


def signalled(*numbers: int) -> Callable[[int], None]:
    """What sends a process these signals."""

    def send(process: int) -> None:
        for number in numbers:
            os.kill(process, number)

    return send


def keep_alive_signalled(number: int) -> Callable[[int], None]:
    """What sends a session's keep-alive process a signal."""

    def send(process: int) -> None:
        for child in Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split():
            if b"keepalive_process.py" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), number)

    return send


WATCHES = "dut.power_on(); dut.watch_for(0.2); powered(); dut.watch_for(600)"
SLEEPS = "dut.power_on(); powered(); time.sleep(600)"
ALARM = (
    "dut.power_on(); signal.signal(signal.SIGALRM, lambda *_: pytest.fail('time is up')); powered(); "
    "signal.setitimer(signal.ITIMER_REAL, 0.001); dut.watch_for(600)"
)
ATTACKS = {
    "SIGKILL": Attack(WATCHES, signalled(signal.SIGKILL)),
    "SIGTERM": Attack(WATCHES, signalled(signal.SIGTERM)),
    "SIGHUP": Attack(WATCHES, signalled(signal.SIGHUP)),
    "SIGINT": Attack(WATCHES, signalled(signal.SIGINT)),
    "SIGINT twice": Attack(WATCHES, signalled(signal.SIGINT, signal.SIGINT)),
    "SIGQUIT": Attack(WATCHES, signalled(signal.SIGQUIT)),
    "SIGTERM while it sleeps": Attack(SLEEPS, signalled(signal.SIGTERM)),
    "exception": Attack("dut.power_on(); powered(); raise RuntimeError('the test broke')"),
    "SystemExit": Attack("dut.power_on(); powered(); raise SystemExit(5)"),
    "pytest.exit": Attack("dut.power_on(); powered(); pytest.exit('bye', returncode=7)"),
    "time-out by an alarm": Attack(ALARM),
    "os._exit": Attack("dut.power_on(); powered(); os._exit(0)"),
    "segmentation fault": Attack("dut.power_on(); powered(); ctypes.string_at(0)"),
    "test ends": Attack("dut.power_on(); powered()"),
    "supply alone, test ends": Attack("dut.bench.supply.set(3.3); dut.bench.supply.enable(); powered()"),
    "light can't be ended": Attack("dut.bench.optical.off = lambda: 1 / 0; dut.power_on(); powered()"),
    "keep-alive killed": Attack(WATCHES, keep_alive_signalled(signal.SIGKILL)),
    "keep-alive stopped": Attack(WATCHES, keep_alive_signalled(signal.SIGSTOP)),
    "SIGSTOP": Attack(WATCHES, signalled(signal.SIGSTOP)),
    "deadlock": Attack("dut.power_on(); powered(); lock = threading.Lock(); lock.acquire(); lock.acquire()"),
    "sleep": Attack(SLEEPS),
    "computation that holds the interpreter": Attack(
        "dut.power_on(); powered(); import re; re.match(r'(a+)+$', 'a' * 40 + 'b')"
    ),
}


class Pin:
    """Edges of the load switch's pin, by the daemon's own ticks."""

    def __init__(self, port: int) -> None:
        import pigpio

        self._pi = pigpio.pi("127.0.0.1", port)
        self.rises_s: list[float] = []
        self.falls_s: list[float] = []
        self._callback = self._pi.callback(23, pigpio.EITHER_EDGE, self._edge)

    def _edge(self, _gpio: int, level: int, _tick: int) -> None:
        (self.rises_s if level else self.falls_s).append(time.monotonic())

    def off_after(self, begun_s: float) -> float | None:
        """When it fell first after it had risen last before `begun_s`, in s after `begun_s`; None: not yet."""
        on_s = max((at_s for at_s in self.rises_s if at_s <= begun_s + REPORT_S), default=None)
        if on_s is None:
            return None
        return min((at_s - begun_s for at_s in self.falls_s if at_s > on_s), default=None)

    def close(self) -> None:
        """Give the connection back."""
        self._callback.cancel()
        self._pi.stop()


def once(attack: Attack, folder: Path) -> tuple[float, int | None, str]:
    """(seconds to off, exit code or None if it never ends by itself, last words)."""
    emulator = Emulator(folder)
    pin = Pin(emulator.port)
    test = folder / "test_attack.py"
    test.write_text(HEAD + f"def test_attack(dut):\n    {attack.body}\n", encoding="utf-8")
    session = Session(
        folder, emulator.bench_file, str(test), "--rig-max-unwatched", LIMIT_S, SIM_CONTROL=str(emulator.control)
    )
    try:
        session.until_it_says("powered")
        begun_s = time.monotonic()
        attack.then(session.process.pid)
        while pin.off_after(begun_s) is None and time.monotonic() - begun_s < GIVE_UP_S:
            time.sleep(LOOK_S)
        off_s = pin.off_after(begun_s) or 0.0 if pin.falls_s else float("inf")
        try:
            code, said = session.end(5.0)
        except Exception:
            code, said = None, ""
        return off_s, code, last_words(said)
    finally:
        session.stop()
        pin.close()
        threading.excepthook = lambda _: None  # the client's thread complains of a daemon that has ended
        emulator.kill()


def last_words(said: str) -> str:
    """What pytest's last lines say of the cause."""
    found = re.findall(r"^(?:E   +|FAILED .* - |ERROR .* - |!+ )(.+?)(?: !+)?$", said, re.MULTILINE)
    return (found[-1] if found else "").strip()[:110]


def main() -> None:
    """Attack, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("times", nargs="?", type=int, default=5)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(ATTACKS)}; all if none is given")
    given = parser.parse_args()
    print(f"| Attack | Off after, median of {given.times} (ms) | Worst (ms) | Exit code | The session says |")
    print("|---|---|---|---|---|")
    for name in given.names or ATTACKS:
        seen = []
        for _ in range(given.times):
            with tempfile.TemporaryDirectory() as folder:
                seen.append(once(ATTACKS[name], Path(folder)))
        times_ms = [off_s * 1000.0 for off_s, _, _ in seen]
        _, code, said = seen[-1]
        ended = "goes on" if code is None else str(code)
        print(
            f"| {name} | {statistics.median(times_ms):.0f} | {max(times_ms):.0f} | {ended} | {said} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
