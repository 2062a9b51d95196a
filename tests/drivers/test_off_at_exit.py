"""However a program that powers the device ends, the switch is off afterwards: real time, real sockets, real signals.

The world and its daemon live here; the program under test is another process that sees a Pi.
"""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench_files import FIXTURES, SIMULATED, changed, edited

from rig.config.bench import load_bench
from rig.config.device import load_device
from rig.sim.server.realtime import RealTimeDriver
from rig.sim.world import SimulatedWorld

pytestmark = pytest.mark.wall_clock

CHILD = Path(__file__).with_name("realtime_child.py")
ROOT = Path(__file__).parents[2]
PATIENCE_S = 40.0  # only ever waited out when something is broken

SESSION = """
import pytest

def test_passes(dut):
    dut.power_on()
    dut.watch_for(0.2)
    assert dut.bench.supply.measure().device_v > 3.0

def test_fails(dut):
    dut.power_on()
    dut.watch_for(0.2)
    assert dut.bench.supply.measure().device_v > 33.0

def test_goes_on(dut):
    dut.power_on()
    dut.watch_for(0.1)
    print("\\non", dut.bench.supply.measure().device_v, flush=True)
    dut.watch_for({more_s})

def test_stays(dut):
    dut.power_on()
"""


class Lab:
    """A simulated world on the wall clock, and a bench file that takes it for a Pi."""

    def __init__(self, folder: Path) -> None:
        self.world = SimulatedWorld(load_bench("simulated"), load_device("imp003"), seed=3)
        self.switched: list[bool] = []
        self.world.gpio.on_change(23, lambda level: self.switched.append(bool(level)))
        self.driver = RealTimeDriver(self.world.timeline)
        self.world.start()
        self.driver.start()
        self.folder = folder
        text = edited(
            SIMULATED.split("[simulation]")[0],
            [('kind = "simulated"', 'kind = "raspberry-pi"'), ('name = "simulated"', 'name = "lab"')],
        )
        text += f'\n[gpio]\nhost = "127.0.0.1"\nport = {self.world.daemon.port}\n\n[i2c]\nvia = "pigpiod"\n'
        self.bench_file = folder / "lab.toml"
        self.bench_file.write_text(changed(text, "sample_hz = 860.0", "sample_hz = 100.0"), encoding="utf-8")
        self.programs: list[subprocess.Popen[bytes]] = []

    def run(self, *command: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {"RIG_FIXTURES": str(FIXTURES), "PYTHONUNBUFFERED": "1"}
        program = subprocess.Popen(
            [sys.executable, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            cwd=self.folder,
            env=environment,
        )
        self.programs.append(program)
        return program

    def until_on(self, program: subprocess.Popen[bytes]) -> None:
        """Wait until the program says that it powered the device, and see that it did."""
        assert program.stdout is not None
        seen = b""
        while not (found := re.search(rb"^on (\S+).*\n", seen, re.MULTILINE)):
            assert select.select([program.stdout], [], [], PATIENCE_S)[0], seen
            part = os.read(program.stdout.fileno(), 4096)
            assert part, seen.decode()
            seen += part
        assert float(found[1]) == pytest.approx(3.3, abs=0.15)
        assert True in self.switched

    def end(self, program: subprocess.Popen[bytes]) -> str:
        said, _ = program.communicate(timeout=PATIENCE_S)
        return said.decode()

    def close(self) -> None:
        for program in self.programs:
            if program.poll() is None:
                program.kill()
                program.wait()
        self.driver.stop()
        self.world.stop()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.close()


def safe(lab: Lab) -> None:
    assert lab.switched, "it was never on: nothing proved"
    assert lab.switched[-1] is False
    assert not lab.world.rail.switch_on
    assert lab.world._lights.blinkup == 0.0
    assert not lab.world.rail._series_in


@pytest.mark.parametrize(
    ("ending", "code", "said"),
    [("return", 0, ""), ("exception", 1, "the test broke"), ("exit", 7, ""), ("forgotten", 0, "")],
)
def test_off_after_a_program_that_ends_by_itself(lab: Lab, ending: str, code: int, said: str) -> None:
    program = lab.run(str(CHILD), str(lab.bench_file), ending)
    lab.until_on(program)
    rest = lab.end(program)
    assert program.returncode == code, rest
    assert said in rest
    safe(lab)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_off_after_a_signal_in_the_midst_of_sending(lab: Lab, number: signal.Signals) -> None:
    program = lab.run(str(CHILD), str(lab.bench_file), "signal")
    lab.until_on(program)
    while lab.world._lights.blinkup == 0.0:  # in mid-frame
        assert program.poll() is None, lab.end(program)
    program.send_signal(number)
    rest = lab.end(program)
    assert "Terminated" in rest or "KeyboardInterrupt" in rest
    assert program.returncode in (1, 130, -signal.SIGINT), rest
    safe(lab)


def session(lab: Lab, more_s: float, *options: str) -> subprocess.Popen[bytes]:
    (lab.folder / "test_session.py").write_text(SESSION.replace("{more_s}", str(more_s)), encoding="utf-8")
    base = ("-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(lab.folder), "-s")
    return lab.run(*base, "--bench", str(lab.bench_file), *options, "test_session.py")


def test_off_after_a_session_with_a_failing_test(lab: Lab) -> None:
    program = session(lab, 0.0, "-n", "auto")
    rest = lab.end(program)
    assert program.returncode == 1, rest
    assert "1 failed, 3 passed" in rest
    assert "bench: lab (Simulated bench; chosen by --bench)" in rest
    assert "SIMULATED" not in rest
    assert lab.switched.count(True) == 4
    safe(lab)


def test_off_after_a_session_that_is_told_to_end_in_mid_test(lab: Lab) -> None:
    program = session(lab, 600.0, "-k", "goes_on", "--junit-xml", "junit.xml")
    lab.until_on(program)
    program.send_signal(signal.SIGTERM)
    rest = lab.end(program)
    assert program.returncode == 2, rest  # pytest's own code for interrupted
    assert "ended by SIGTERM" in rest
    assert (lab.folder / "junit.xml").exists(), "an ended session writes its report"
    safe(lab)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_off_after_a_signal_between_a_request_and_its_answer(lab: Lab, number: signal.Signals) -> None:
    """The answer that nobody waits for any more must not be taken for that of the switch."""
    program = lab.run(str(CHILD), str(lab.bench_file), "busy")
    lab.until_on(program)
    held = threading.Event()
    with lab.world.timeline.lock:  # no request is answered meanwhile
        held.wait(0.2)
        program.send_signal(number)
        held.wait(0.2)
    rest = lab.end(program)
    assert program.returncode not in (0, None), rest
    assert "does not answer" not in rest
    safe(lab)


def test_daemon_that_goes_away_is_named_and_does_not_hang(lab: Lab) -> None:
    program = lab.run(str(CHILD), str(lab.bench_file), "signal")
    lab.until_on(program)
    lab.world.stop()
    rest = lab.end(program)
    assert program.returncode == 1, rest
    assert "BenchConnectionError: supply: switching off: pigpiod does not answer any more" in rest


def test_daemon_that_goes_away_ends_a_session_as_a_bench_fault(lab: Lab) -> None:
    program = session(lab, 600.0, "-k", "goes_on or stays", "-rs")
    lab.until_on(program)
    lab.world.stop()
    rest = lab.end(program)
    assert program.returncode == 10, rest
    assert re.search(r"the bench broke earlier: BenchConnectionError: .*: pigpiod does not answer any more", rest)
