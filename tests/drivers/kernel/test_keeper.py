"""Whatever of the two programs dies or stops, the load switch's line is low within 300 ms."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from kernel_lines import IN_THE_LAB, Lines

from rig.drivers.kernel.keeper import Keeper
from rig.drivers.kernel.keeper_guard import KeeperGuard
from rig.drivers.kernel.rehearsal import keeps_outputs, line_returns
from rig.errors import BenchConnectionError, BenchFault, DeviceUnwatched, HostStalled

SWITCH, SENSE = 17, 22
# The guest's processor is emulated, at a tenth of this machine's speed and slower while the machine has other work:
# what is shown there is who drives the line low, and the best of some rounds is asked for. Here every round counts.
OFF_WITHIN_S, WORST = (1.0, min) if IN_THE_LAB else (0.3, max)
USER = Path(__file__).with_name("keeper_user.py")
# Under emulation a process takes seconds to start: fewer rounds there, of every kind.
ROUNDS = int(os.environ.get("RIG_KILLS", "2"))


@contextmanager
def low_seen(lines: Lines) -> Iterator[Callable[[], float]]:
    """Gives a function that waits until the sense line is low, and returns when that was on the monotonic clock."""
    as_input = lines.gpiod.LineSettings(direction=lines.gpiod.line.Direction.INPUT)
    with lines.gpiod.request_lines(lines.path, config={SENSE: as_input}) as request:
        assert request.get_value(SENSE) is lines.gpiod.line.Value.ACTIVE

        def wait() -> float:
            end_s = time.monotonic() + 5.0
            while request.get_value(SENSE) is lines.gpiod.line.Value.ACTIVE:
                assert time.monotonic() < end_s, "the line is still high after 5 s"
                select.select([], [], [], 0.001)
            return time.monotonic()

        yield wait


@contextmanager
def user(lines: Lines, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A program with its keeper (its process number), and the line high."""
    packages = str(Path(str(lines.gpiod.__file__)).parent.parent)
    command = [sys.executable, str(USER), packages, lines.path, *arguments]
    made = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert made.stdout is not None
        yield made, int(made.stdout.readline())
    finally:
        with suppress(ProcessLookupError):
            os.killpg(made.pid, signal.SIGKILL)
        made.wait()


def kill_program(program: int, keeper: int) -> None:
    os.kill(program, signal.SIGKILL)


def kill_keeper(program: int, keeper: int) -> None:
    os.kill(keeper, signal.SIGKILL)


def kill_both(program: int, keeper: int) -> None:
    os.kill(program, signal.SIGSTOP)  # so that it can't be the one that takes the line
    os.kill(keeper, signal.SIGKILL)
    os.kill(program, signal.SIGKILL)


def stop_program(program: int, keeper: int) -> None:
    os.kill(program, signal.SIGSTOP)


def stop_keeper(program: int, keeper: int) -> None:
    os.kill(keeper, signal.SIGSTOP)


def end_program(program: int, keeper: int) -> None:
    os.kill(program, signal.SIGTERM)


@pytest.mark.wall_clock
@pytest.mark.parametrize(
    "do", [kill_program, kill_keeper, kill_both, stop_program, stop_keeper, end_program], ids=lambda do: do.__name__
)
def test_the_line_is_low_in_time(lines: Lines, do: Callable[[int, int], None]) -> None:
    took_s = []
    for _ in range(ROUNDS):
        with user(lines) as (program, keeper), low_seen(lines) as wait:
            select.select([], [], [], 0.1)
            begun_s = time.monotonic()
            do(program.pid, keeper)
            took_s.append(wait() - begun_s)
    print(f"{do.__name__}: low after {', '.join(f'{s * 1000:.0f}' for s in took_s)} ms")
    assert WORST(took_s) < OFF_WITHIN_S


@pytest.mark.wall_clock
@pytest.mark.parametrize("do", [kill_keeper, stop_keeper, kill_program], ids=lambda do: do.__name__)
def test_one_of_the_two_is_enough_where_the_kernel_keeps_outputs(lines: Lines, do: Callable[[int, int], None]) -> None:
    """So it is the other program that drove the line low."""
    lines.persist(True)
    took_s = []
    for _ in range(ROUNDS):
        with user(lines) as (program, keeper), low_seen(lines) as wait:
            begun_s = time.monotonic()
            do(program.pid, keeper)
            took_s.append(wait() - begun_s)
    assert WORST(took_s) < OFF_WITHIN_S


@pytest.mark.wall_clock
def test_both_at_once_stays_high_where_the_kernel_keeps_outputs(lines: Lines) -> None:
    """Which is why such a kernel is refused."""
    lines.persist(True)
    with user(lines) as (program, keeper), low_seen(lines):
        kill_both(program.pid, keeper)
        program.wait()
        select.select([], [], [], 0.5)
        assert lines.level(SWITCH) == 1


@pytest.mark.wall_clock
def test_a_forked_child_that_lives_on_does_not_keep_the_device_on(lines: Lines) -> None:
    with user(lines, "fork") as (program, _), low_seen(lines) as wait:
        begun_s = time.monotonic()
        os.kill(program.pid, signal.SIGKILL)
        assert wait() - begun_s < OFF_WITHIN_S


@pytest.mark.wall_clock
def test_a_program_that_lets_no_thread_run_is_off_in_time(lines: Lines) -> None:
    with user(lines) as (program, _), low_seen(lines) as wait:
        assert program.stdin is not None
        begun_s = time.monotonic()
        program.stdin.write("spin 20\n")
        program.stdin.flush()
        assert wait() - begun_s < 6.0  # counted from before its threads stand still


@pytest.mark.wall_clock
def test_while_beats_come_it_stays_high(lines: Lines) -> None:
    with user(lines) as (program, _), low_seen(lines):
        select.select([], [], [], 1.5)
        assert program.poll() is None
        as_it_is = lines.gpiod.LineSettings()
        with pytest.raises(OSError, match="busy"):
            lines.gpiod.request_lines(lines.path, config={SWITCH: as_it_is})


@pytest.fixture
def keeper(lines: Lines) -> Iterator[Keeper]:
    made = Keeper(lines.path, SWITCH)
    yield made
    made.give_back()


def test_it_is_low_and_held_from_the_first_moment(lines: Lines, keeper: Keeper) -> None:
    assert keeper.holds_low
    with pytest.raises(BenchConnectionError, match="held: GPIO 17 by 'imp-bench-rig'"):
        Keeper(lines.path, SWITCH)


def test_without_a_keeper_it_is_not_driven_high(keeper: Keeper) -> None:
    keeper.drive(False)
    with pytest.raises(BenchFault, match="no keeper holds its line"):
        keeper.drive(True)


def test_driven_high_and_low_again(lines: Lines, keeper: Keeper) -> None:
    keeper.start()
    assert not keeper.level
    keeper.drive(True)
    assert keeper.level
    keeper.drive(False)
    assert not keeper.level
    keeper.drive(True)
    keeper.give_back()
    assert lines.level(SWITCH) == 0


def test_guard_rehearses_then_says_so(keeper: Keeper) -> None:
    guard = KeeperGuard(keeper, "low 3 ms after SIGKILL, tried on GPIO 24", 30.0)
    fact = guard.arm()
    assert "off 250 ms after the last sign of life, and after 30 s with nobody looking" in fact
    assert "low 3 ms after SIGKILL, tried on GPIO 24" in fact
    assert guard.armed
    guard.check()


def test_a_killed_keeper_is_named_and_can_be_armed_again(keeper: Keeper) -> None:
    guard = KeeperGuard(keeper, "", 30.0)
    guard.arm()
    keeper.drive(True)
    keeper.kill()
    wait_for(lambda: keeper.holds_low)
    with pytest.raises(BenchFault, match=r"keeper of GPIO 17.*its keeper was killed"):
        guard.check()
    with pytest.raises(BenchFault, match="no keeper holds its line"):
        keeper.drive(True)
    guard.arm()
    keeper.drive(True)
    assert keeper.level


def test_a_stopped_keeper_is_a_stall(keeper: Keeper) -> None:
    guard = KeeperGuard(keeper, "", 30.0)
    guard.arm()
    keeper.drive(True)
    assert keeper.process_id is not None
    os.kill(keeper.process_id, signal.SIGSTOP)
    wait_for(lambda: keeper.holds_low)
    with pytest.raises(HostStalled, match="stood still"):
        guard.check()


def test_an_unwatched_device_loses_its_power(lines: Lines, keeper: Keeper) -> None:
    guard = KeeperGuard(keeper, "", 1.0)
    guard.arm()
    with guard.unwatched(0.2):
        guard.powered(True)
        keeper.drive(True)
        wait_for(lambda: keeper.lapse is not None)
        with pytest.raises(DeviceUnwatched, match=r"no test looked at it for 0\.2 s"):
            guard.check()
    wait_for(lambda: keeper.holds_low)


def test_looks_keep_the_power_but_not_those_of_the_rigs_own_threads(keeper: Keeper) -> None:
    guard = KeeperGuard(keeper, "", 0.8)
    guard.arm()
    guard.powered(True)
    keeper.drive(True)
    end_s = time.monotonic() + 1.6
    while time.monotonic() < end_s:
        keeper.looked()
        select.select([], [], [], 0.02)
    guard.check()
    over = threading.Event()

    def housekeeping() -> None:
        keeper.ignore_this_thread()
        while not over.wait(0.02):
            keeper.looked()

    thread = threading.Thread(target=housekeeping)
    thread.start()
    try:
        wait_for(lambda: keeper.lapse is not None)
    finally:
        over.set()
        thread.join()
    with pytest.raises(DeviceUnwatched):
        guard.check()


def test_let_lapse_drives_it_low_at_once(lines: Lines, keeper: Keeper) -> None:
    guard = KeeperGuard(keeper, "", 30.0)
    guard.arm()
    keeper.drive(True)
    with low_seen(lines) as wait:
        guard.let_lapse()
        begun_s = time.monotonic()
        assert wait() - begun_s < OFF_WITHIN_S
    assert not guard.armed
    with pytest.raises(BenchFault):
        guard.check()


def test_rehearsal_passes_where_the_kernel_returns_lines(lines: Lines) -> None:
    assert 0 <= line_returns(lines.path, SWITCH) < OFF_WITHIN_S


def test_rehearsal_refuses_a_kernel_that_keeps_outputs(lines: Lines) -> None:
    lines.persist(True)
    with pytest.raises(BenchFault, match=r"stays high after the program that drove it was killed.*strict_gpiod"):
        line_returns(lines.path, SWITCH)
    lines.persist(False)
    with lines.gpiod.request_lines(lines.path, config={SWITCH: lines.output()}):
        pass


@pytest.mark.parametrize(("said", "keeps"), [("Y\n", True), ("N\n", False), (None, None)])
def test_what_the_kernels_driver_says_is_read(tmp_path: Path, said: str | None, keeps: bool | None) -> None:
    if said is not None:
        folder = tmp_path / "pinctrl_bcm2835" / "parameters"
        folder.mkdir(parents=True)
        (folder / "persist_gpio_outputs").write_text(said, encoding="ascii")
    assert keeps_outputs(tmp_path) is keeps


def wait_for(true: Callable[[], bool]) -> None:
    end_s = time.monotonic() + (20.0 if IN_THE_LAB else 5.0)
    while not true():
        assert time.monotonic() < end_s
        select.select([], [], [], 0.005)
