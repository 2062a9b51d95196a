"""The simulated daemon as a server: on virtual time that only moves when told, and on the wall's."""

from __future__ import annotations

import contextlib
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pigpio
import pytest

from rig.config.bench import load_bench
from rig.config.device import load_device
from rig.errors import BenchConnectionError, BenchFault, ConfigError
from rig.sim.server.control import ask
from rig.sim.server.serve import ServeOptions, SimServer

PATIENCE_S = 30.0  # only ever waited out when something is broken
RIG = (sys.executable, "-c", "from rig.cli.main import app; app()")

Serve = Callable[..., tuple[SimServer, pigpio.pi]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    with contextlib.ExitStack() as closing:

        def start(bench: object = None, **options: object) -> tuple[SimServer, pigpio.pi]:
            server = SimServer(ServeOptions(**options), bench)
            server.start()
            closing.callback(server.stop)
            pi = pigpio.pi("127.0.0.1", server.port)
            assert pi.connected

            def leave() -> None:
                notify = pi._notify
                with contextlib.suppress(OSError):  # the daemon may be gone before its client
                    pi.stop()
                notify.join(PATIENCE_S)

            closing.callback(leave)
            return server, pi

        yield start


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.002)


# virtual


def test_time_stands_still_until_told(serve: Serve) -> None:
    server, pi = serve(realtime=False, tick_start_us=2**32 - 1_000_000)
    assert [pi.get_current_tick() for _ in range(3)] == [2**32 - 1_000_000] * 3
    assert ask(server.control.port, "time") == {"now_s": 0.0, "realtime": False}
    assert ask(server.control.port, "advance", seconds=1.5) == {"now_s": 1.5, "realtime": False}
    assert pi.get_current_tick() == 500_000
    with pytest.raises(ConfigError, match="seconds is -1; expected a number from 0 to 86400"):
        ask(server.control.port, "advance", seconds=-1)


def test_what_takes_time_takes_it(serve: Serve) -> None:
    _, pi = serve(realtime=False)
    pi.gpio_trigger(17, 60, 1)
    assert pi.get_current_tick() == 60
    assert pi.i2c_read_device(pi.i2c_open(1, 0x20), 1)[0] == -83
    assert pi.get_current_tick() == 60 + 127


def test_a_wave_is_played_and_heard_while_time_is_moved(serve: Serve) -> None:
    server, pi = serve(realtime=False, wires=((22, 27),))
    heard: list[tuple[int, int]] = []
    pi.callback(27, pigpio.EITHER_EDGE, lambda _, level, tick: heard.append((level, tick)))
    pi.set_mode(22, pigpio.OUTPUT)
    pi.wave_add_generic([pigpio.pulse(1 << 22, 0, 1000), pigpio.pulse(0, 1 << 22, 500)] * 2)
    pi.wave_send_once(pi.wave_create())
    assert pi.wave_tx_busy()
    ask(server.control.port, "advance", seconds=1)
    assert not pi.wave_tx_busy()
    until(lambda: len(heard) == 4)
    assert heard == [(1, 20), (0, 1020), (1, 1520), (0, 2520)]


def test_a_whole_bench(serve: Serve) -> None:
    """Its chips answer on the daemon's I2C bus, its switch is a pin; the device draws current when it is on."""
    config = load_bench("simulated")
    server, pi = serve((config, load_device("imp003"), 3), realtime=False)
    monitor = pi.i2c_open(1, config.supply.monitor_address)

    def shunt_code() -> int:
        _, data = pi.i2c_read_i2c_block_data(monitor, 1, 2)
        return int.from_bytes(data, "big", signed=True)

    pi.i2c_write_device(pi.i2c_open(1, config.supply.dac_address), [2, 0])
    assert abs(shunt_code()) < 15, "nothing but noise"
    pi.write(config.supply.switch_gpio, 1)
    ask(server.control.port, "advance", seconds=0.5)
    assert shunt_code() > 100
    assert server.world is not None
    assert server.world.rail.switch_on


# real time


def test_real_time_goes_on_by_itself(serve: Serve) -> None:
    server, pi = serve()
    wall_ns = time.monotonic_ns()
    begin = pi.get_current_tick()
    until(lambda: pi.get_current_tick() - begin >= 50_000)
    took_us = pi.get_current_tick() - begin
    assert took_us <= (time.monotonic_ns() - wall_ns) // 1000
    with pytest.raises(ConfigError, match="start the server with --virtual"):
        ask(server.control.port, "advance", seconds=1)


def test_ticks_never_stand_still_between_two_questions(serve: Serve) -> None:
    """Each command sees the wall's time, not the last step's."""
    _, pi = serve()
    ticks = [pi.get_current_tick() for _ in range(200)]
    assert all(later > earlier for earlier, later in pairwise(ticks))


def test_edges_have_exact_times_whatever_the_machine_does(serve: Serve) -> None:
    _, pi = serve()
    heard: list[tuple[int, int]] = []
    pi.set_mode(22, pigpio.OUTPUT)
    pi.callback(22, pigpio.EITHER_EDGE, lambda _, level, tick: heard.append((level, tick)))
    pi.wave_add_generic([pigpio.pulse(1 << 22, 0, 700), pigpio.pulse(0, 1 << 22, 500)] * 50)
    pi.wave_send_once(pi.wave_create())
    until(lambda: len(heard) == 100)
    gaps = [(t2 - t1) for (_, t1), (_, t2) in pairwise(heard)]
    assert gaps == [700, 500] * 49 + [700]


def test_i2c_takes_its_time_and_the_world_stays_with_the_wall(serve: Serve) -> None:
    server, pi = serve(peer_parts=True)
    h = pi.i2c_open(1, 0x53)
    transfer_ns = server.wires.overhead_ns + (21 + 9 * 2) * 1_000_000_000 // server.wires.baud_hz
    first_ns, wall_ns = server.timeline.now_ns, time.monotonic_ns()
    for _ in range(50):
        assert pi.i2c_read_byte_data(h, 0) == 0xE5
    took_ns = time.monotonic_ns() - wall_ns
    assert took_ns >= 50 * transfer_ns
    assert server.timeline.now_ns - first_ns <= took_ns + 50_000_000


def test_clients_of_one_bus_take_turns(serve: Serve) -> None:
    server, pi = serve(peer_parts=True)
    server.wires.overhead_ns = 10_000_000
    h = pi.i2c_open(1, 0x53)
    others = [pigpio.pi("127.0.0.1", server.port) for _ in range(3)]
    wall_ns, transfers = time.monotonic_ns(), server.wires.transfers
    threads = [threading.Thread(target=lambda o=o: [o.i2c_read_byte_data(h, 0) for _ in range(4)]) for o in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    took_ns = time.monotonic_ns() - wall_ns
    assert server.wires.transfers - transfers == 12
    assert took_ns >= 12 * server.wires.overhead_ns
    for other in others:
        other.stop()


def request(port: int, cmd: int, p1: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
    sock.sendall(struct.pack("<IIII", cmd, p1, 0, 0))
    return sock


def test_who_waits_keeps_nobody_else_waiting_and_not_the_end_either(serve: Serve) -> None:
    server, pi = serve()
    with request(server.port, 47, 60_000) as sleeper:  # MILS: a minute
        begin = pi.get_current_tick()
        until(lambda: pi.get_current_tick() - begin > 20_000)
        server.daemon.stop()
        assert sleeper.recv(16) == b""


def test_a_world_that_is_too_busy_falls_behind_but_answers(serve: Serve) -> None:
    server, pi = serve()
    pi.set_mode(22, pigpio.OUTPUT)
    pi.wave_add_generic([pigpio.pulse(1 << 22, 0, 1), pigpio.pulse(0, 1 << 22, 1)] * 100)  # a million edges a second
    pi.wave_send_repeat(pi.wave_create())
    until(lambda: ask(server.control.port, "time")["behind_s"] > 0.1)
    assert pi.get_mode(22) == pigpio.OUTPUT
    assert pi.wave_tx_stop() == 0
    until(lambda: ask(server.control.port, "time")["behind_s"] < 0.02)


def test_peer_parts(serve: Serve) -> None:
    _, pi = serve(realtime=False, peer_parts=True)
    assert pi.i2c_read_byte_data(pi.i2c_open(1, 0x53), 48) == 2
    assert pi.spi_xfer(pi.spi_open(1, 50_000), [1, 128, 0])[1] == bytearray([0, 8, 0])
    assert pi.serial_open("/dev/ttyAMA0", 57_600) == 0


# mistakes


@pytest.mark.parametrize(
    ("options", "text"),
    [({"wires": ((22, 54),)}, "wire 22:54"), ({"tick_start_us": 1 << 32}, "tick start 4294967296 us")],
)
def test_options_that_cannot_be(options: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        SimServer(ServeOptions(**options))


def test_a_taken_port_is_named(serve: Serve) -> None:
    server, _ = serve()
    with pytest.raises(BenchConnectionError, match=f"pigpiod can't listen on port {server.port}"):
        SimServer(ServeOptions(port=server.port)).start()
    with pytest.raises(BenchConnectionError, match=f"control channel can't listen on port {server.control.port}"):
        SimServer(ServeOptions(control_port=server.control.port)).start()


def test_a_world_that_breaks_is_noticed() -> None:
    server = SimServer(ServeOptions())
    server.start()
    assert not server.failed
    server.timeline.after(1_000_000, lambda: [][1])
    until(lambda: server.failed)
    with pytest.raises(BenchFault, match="the simulated world stopped at"):
        server.stop()


# as a program


@pytest.fixture
def program() -> Iterator[Callable[..., tuple[subprocess.Popen[str], int, int]]]:
    running: list[subprocess.Popen[str]] = []

    def start(*options: str) -> tuple[subprocess.Popen[str], int, int]:
        command = [*RIG, "sim", "serve", "--port", "0", "--control", "0", *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        ports = [int(process.stdout.readline().split("127.0.0.1:")[1].split()[0]) for _ in range(2)]
        return process, ports[0], ports[1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda n: n.name)
def test_serving_from_the_command_line(program, tmp_path: Path, number: signal.Signals) -> None:
    process, port, control = program("--virtual", "--wire", "22:27", "--fifo-folder", str(tmp_path), "--sample", "1")
    pi = pigpio.pi("127.0.0.1", port)
    pi.write(22, 1)
    assert pi.read(27) == 1
    assert pi.notify_open() == 1
    assert (tmp_path / "pigpio1").exists()
    advanced = [*RIG, "sim", "advance", "2.5", "--control", str(control)]
    assert subprocess.run(advanced, capture_output=True, text=True, timeout=PATIENCE_S).stdout == "2.500000000\n"
    assert pi.get_current_tick() == 2_500_000
    pi.stop()
    process.send_signal(number)
    _, complaints = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, complaints) == (0, "")
    assert list(tmp_path.iterdir()) == []


def test_serving_a_bench_from_the_command_line(program) -> None:
    _, port, _ = program("--bench", "simulated", "--virtual", "--seed", "5")
    pi = pigpio.pi("127.0.0.1", port)
    assert pi.i2c_read_byte(pi.i2c_open(1, load_bench("simulated").supply.dac_address)) >= 0
    pi.stop()


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (["--wire", "22-27"], 12, "--wire '22-27'; expected two GPIOs"),
        (["--sample", "3"], 12, "--sample is 3"),
        (["--bench", "no-such-bench"], 12, "no-such-bench"),
        (["--tick-start", "-1"], 12, "tick start -1 us"),
    ],
)
def test_usage_mistakes(options: list[str], code: int, text: str) -> None:
    command = [*RIG, "sim", "serve", "--port", "0", "--control", "0", *options]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    assert (ended.returncode, text in ended.stderr) == (code, True), ended.stderr
