"""A bench supply over SCPI: pyvisa-sim for the words, a real loopback socket with the simulated rail behind it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("pyvisa", reason="needs the extra: pip install -e '.[scpi]'")
pytest.importorskip("pyvisa_py", reason="needs the extra: pip install -e '.[scpi]'")

from rig.bench.bench import Bench, open_bench
from rig.bench.dut import DeviceUnderTest
from rig.config.bench import Scpi, load_bench
from rig.config.device import load_device
from rig.drivers.failsafe.off_on_exit import OffOnExit
from rig.drivers.supply.scpi import OFF_COMMAND, ScpiSource, open_visa
from rig.errors import BenchConnectionError, BenchFault, CapabilityMissing, SafetyTrip, SupplyLimitError
from rig.sim.server.realtime import RealTimeDriver
from rig.sim.world import SimulatedWorld
from rig.supply import Limits

PATIENCE_S = 60.0
LIMITS = Limits(3.6, "the device", 0.6, "the device")
HOLDER = """
import sys
from rig.config.bench import Scpi
from rig.drivers.supply.scpi import OFF_COMMAND, ScpiSource, open_visa
from rig.drivers.failsafe.off_on_exit import OffOnExit
from rig.supply import Limits
scpi = Scpi(resource=sys.argv[1])
source = ScpiSource(scpi, lambda: open_visa(scpi), OffOnExit(scpi, OFF_COMMAND), Limits(3.6, "", 0.6, ""), 30.0)
source.arm()
source.apply(3.3)
source.connect()
print("on", flush=True)
while True:
    source.volts()
"""

DIALOGUES = """
spec: "1.1"
devices:
  psu:
    eom:
      TCPIP SOCKET:
        q: "\\n"
        r: "\\n"
    dialogues:
%s
resources:
  TCPIP::127.0.0.1::5025::SOCKET:
    device: psu
"""
GOOD = {
    "*IDN?": "ACME,PSU,1,2",
    "*CLS": None,
    "INST:NSEL 1": None,
    "OUTP OFF": None,
    "OUTP?": "0",
    "VOLT:PROT 3.700": None,
    "VOLT:PROT?": "3.700",
    "CURR 0.600": None,
    "SYST:ERR?": '0,"No error"',
    "VOLT 3.3000": None,
    "VOLT?": "3.3000",
    "MEAS:VOLT?": "3.2987",
    "MEAS:CURR?": "0.0251",
}


@pytest.fixture
def bench() -> Iterator[Bench]:
    with open_bench("simulated-scpi", seed=3) as opened:
        yield opened


@pytest.fixture
def talking(tmp_path: Path) -> Callable[..., ScpiSource]:
    """A source on pyvisa-sim that answers as GOOD does, but for what is given."""
    pytest.importorskip("pyvisa_sim", reason="needs the dev extra: pip install -e '.[dev]'")

    def make(**answers: str | None) -> ScpiSource:
        lines = []
        for question, answer in (GOOD | {k.replace("_", ":"): v for k, v in answers.items()}).items():
            lines.append(f"      - q: '{question}'" + (f"\n        r: '{answer}'" if answer is not None else ""))
        path = tmp_path / "psu.yaml"
        path.write_text(DIALOGUES % "\n".join(lines), encoding="utf-8")
        scpi = Scpi(resource="TCPIP::127.0.0.1::5025::SOCKET", visa_library=f"{path}@sim", timeout_s=0.2)
        return ScpiSource(scpi, lambda: open_visa(scpi), OffOnExit(scpi, OFF_COMMAND), LIMITS, 30.0)

    return make


def test_words_of_a_plain_instrument(talking: Callable[..., ScpiSource]) -> None:
    source = talking()
    assert source.identity == "ACME,PSU,1,2"
    source.apply(3.3)
    assert source.volts() == 3.2987
    assert source.amps() == 0.0251
    assert not source.connected


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"VOLT?": "3.1000"}, r"3\.300 V set, the bench supply says that it is set to 3\.100 V"),
        ({"VOLT?": "what"}, r"answers VOLT\? with 'what', expected a number"),
    ],
)
def test_answers_that_do_not_fit_are_bench_faults(
    talking: Callable[..., ScpiSource], answers: dict[str, str], said: str
) -> None:
    with pytest.raises(BenchFault, match=said):
        talking(**answers).apply(3.3)


def test_an_instrument_s_own_error_is_told(talking: Callable[..., ScpiSource]) -> None:
    with pytest.raises(BenchFault, match="setting its protection against voltage: the bench supply says '-222"):
        talking(**{"SYST:ERR?": '-222,"Data out of range"'})


def test_output_that_stays_on_is_a_bench_fault(talking: Callable[..., ScpiSource]) -> None:
    with pytest.raises(BenchFault, match="output 1 of the bench supply stays on"):
        talking(**{"OUTP?": "1"})


def test_nobody_there_is_a_lost_connection() -> None:
    scpi = Scpi(resource="TCPIP::127.0.0.1::1::SOCKET", timeout_s=0.2)
    with pytest.raises(BenchConnectionError, match=r"supply\.scpi: nothing answers|does not answer"):
        ScpiSource(scpi, lambda: open_visa(scpi), OffOnExit(scpi, OFF_COMMAND), LIMITS, 30.0)


def test_what_is_set_is_what_the_rail_gets_and_what_is_measured(bench: Bench) -> None:
    supply, rail = bench.supply, bench.world.rail
    assert supply.capabilities == {"supply.programmable", "supply.current", "supply.device_v"}
    supply.set(3.0)
    assert not rail.switch_on
    supply.enable()
    assert rail.switch_on
    reading = supply.measure()
    assert reading.device_v == pytest.approx(rail.v_now, abs=0.03)
    assert reading.regulator_v == pytest.approx(3.0, abs=0.03)
    assert reading.current_a == pytest.approx(rail.load_a, abs=0.005)
    assert 0.0 < reading.of("current_a").uncertainty < 0.01
    assert reading.t_s == pytest.approx(bench.clock.now_s(), abs=0.1)
    supply.off()
    assert not rail.switch_on


def test_limits_hold_for_it_too(bench: Bench) -> None:
    with pytest.raises(SupplyLimitError, match=r"allowed are 0 to 3\.6 V \(device imp003\)"):
        bench.supply.set(3.7)
    bench.supply.set(3.3)
    bench.supply.enable()
    bench.world.rail.set_limit(2.0)
    bench.world.rail.set_load(0.9)
    bench.clock.sleep(0.02)
    with pytest.raises(SafetyTrip, match="mA measured, allowed are 600 mA"):
        bench.supply.measure()
    assert not bench.world.rail.switch_on


def test_it_has_no_series_resistor(bench: Bench) -> None:
    with pytest.raises(CapabilityMissing, match=r"supply\.series"):
        bench.supply.insert_series(True)


def test_a_profile_plays_on_it(bench: Bench) -> None:
    dut = DeviceUnderTest(bench)
    dut.power_on()
    played = dut.run_supply("weak-then-firm")
    assert played.checks == 2
    assert played.worst_v < 0.06


def test_cut_connection_is_named_and_ends_off() -> None:
    bench = open_bench("simulated-scpi", seed=3)
    bench.supply.set(3.3)
    bench.supply.enable()
    bench.world.instrument_server.drop()
    with pytest.raises(BenchConnectionError, match="the bench supply does not answer"):
        bench.supply.measure()
    assert not bench.world.rail.switch_on, "the other process has switched off over a session of its own"
    bench.close()  # over a new session: the instrument is there, only the connection was cut


def test_an_interrupted_question_s_answer_goes_to_nobody(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    class TimeIsUp(BaseException):
        pass

    bench.supply.set(3.3)
    bench.supply.enable()
    source = bench.supply.source
    session = source._session
    asked = session.query

    def interrupted(question: str) -> str:
        monkeypatch.setattr(session, "query", asked)
        session.write(question)
        raise TimeIsUp

    monkeypatch.setattr(session, "query", interrupted)
    with pytest.raises(TimeIsUp):
        bench.supply.measure()
    assert not bench.world.rail.switch_on
    assert source._query("*IDN?") == source.identity
    bench.supply.set(3.0)
    bench.supply.enable()
    assert bench.supply.measure().regulator_v == pytest.approx(3.0, abs=0.03)


def test_a_killed_program_leaves_the_output_off() -> None:
    """Real time, real processes: nobody but the waiting process is left to switch off."""
    world = SimulatedWorld(load_bench("simulated-scpi"), load_device("imp003"), seed=3)
    world.start()
    driver = RealTimeDriver(world.timeline)
    driver.start()
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", HOLDER, str(world.instrument_resource)]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == "on\n"
        assert world.rail.switch_on
        program.send_signal(signal.SIGKILL)
        deadline_s = time.monotonic() + PATIENCE_S
        while world.rail.switch_on:
            assert time.monotonic() < deadline_s, "the output stays on"
            time.sleep(0.01)
    finally:
        program.kill()
        program.communicate()
        driver.stop()
        world.stop()


def test_the_suite_runs_on_it(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "RIG_"))}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    chosen = "power_on or more_than or (gets_the_device_online and 142hz and quiet-dark)"
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "pytest",
                "tests_hil",
                "--bench",
                "simulated-scpi",
                "-n0",
                "-p",
                "no:cacheprovider",
            ),
            *("-k", chosen, "--rig-reports", str(tmp_path)),
        ],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "8 passed, 1 skipped" in done.stdout
