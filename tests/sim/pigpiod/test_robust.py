"""Malformed requests, slow readers, and the same program giving the same history every time."""

from __future__ import annotations

import socket
import struct
from itertools import pairwise

import pigpio
import pytest
from daemon_rig import Rig, open_rig, receive

from rig.errors import BenchFault
from rig.sim.pigpiod.protocol import Cmd
from rig.sim.pigpiod.server import MAX_UNSENT


def test_half_a_request_waits_for_the_rest(rig: Rig) -> None:
    with socket.create_connection(("127.0.0.1", rig.daemon.port), 5) as sock:
        request = struct.pack("<IIII", Cmd.READ, 4, 0, 0)
        for byte in request:
            sock.sendall(bytes([byte]))
        assert struct.unpack("<IIII", receive(sock, 16)) == (Cmd.READ, 4, 0, 1)


def test_requests_in_a_row_are_answered_in_a_row(rig: Rig) -> None:
    with socket.create_connection(("127.0.0.1", rig.daemon.port), 5) as sock:
        sock.sendall(b"".join(struct.pack("<IIII", Cmd.MODEG, n, 0, 0) for n in range(200)))
        answers = [struct.unpack("<IIIi", receive(sock, 16)) for _ in range(200)]
    assert [(a[1], a[3]) for a in answers] == [(n, 0 if n < 54 else -3) for n in range(200)]


def test_a_reader_that_is_late_loses_nothing(rig: Rig) -> None:
    """More reports than the socket takes, none of them read meanwhile: all arrive, in order."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(20)
        sock.connect(("127.0.0.1", rig.daemon.port))
        sock.sendall(struct.pack("<IIII", Cmd.NOIB, 0, 0, 0))
        *_, handle = struct.unpack("<IIII", receive(sock, 16))
        rig.pi.notify_begin(handle, 1 << 17)
        edges = 0xFFFF
        with rig.timeline.lock:
            for i in range(edges):
                rig.timeline.elapse(10_000)
                rig.gpio.drive_external(17, 1 - i % 2)
        rig.link.settle()
        reports = [struct.unpack("<HHII", receive(sock, 12)) for _ in range(edges)]
        assert [r[0] for r in reports] == list(range(edges))
        assert {b[2] - a[2] for a, b in pairwise(reports)} == {10}
        assert rig.pi.get_pigpio_version() == 79


def test_a_client_that_never_reads_is_cut_off(rig: Rig) -> None:
    assert rig.daemon._server is not None
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.settimeout(20)
        sock.connect(("127.0.0.1", rig.daemon.port))
        sock.sendall(struct.pack("<IIII", Cmd.NOIB, 0, 0, 0))
        *_, handle = struct.unpack("<IIII", receive(sock, 16))
        (stream,) = [h.stream for n, h in rig.daemon._notifier._handles.items() if n == handle]
        sent = 0
        while sent < 2 * MAX_UNSENT:
            stream.send(bytes(1_200_000))
            sent += 1_200_000
        received = 0
        while part := sock.recv(65_536):
            received += len(part)
        assert received < sent / 2
    assert rig.pi.get_pigpio_version() == 79


def test_a_fault_of_the_world_is_not_swallowed() -> None:
    rig = open_rig()

    def broken(_: int) -> None:
        raise KeyError("no such lamp")

    rig.pi.set_mode(17, pigpio.OUTPUT)
    rig.gpio.on_change(17, broken)
    with pytest.raises((struct.error, ConnectionError)):
        rig.pi.write(17, 1)
    with pytest.raises(BenchFault, match="no such lamp"):
        rig.daemon.stop()


def program(rig: Rig) -> list[object]:
    """A bit of everything that makes callbacks, polls included; the history it leaves."""
    pi = rig.pi
    log: list[object] = []
    rig.gpio.wire(22, 27)
    pi.set_mode(22, pigpio.OUTPUT)
    for gpio in (27, 12):
        pi.callback(gpio, pigpio.EITHER_EDGE, lambda g, level, tick: log.append((g, level, tick)))
    pi.set_PWM_dutycycle(12, 100)
    pi.set_watchdog(27, 7)
    pi.wave_add_generic([pigpio.pulse(1 << 22, 0, 703), pigpio.pulse(0, 1 << 22, 1391)] * 3)
    pi.wave_send_once(pi.wave_create())
    polls = 0
    while pi.wave_tx_busy():
        polls += 1
    rig.link.settle()
    log.append(polls)
    rig.clock.sleep(0.004)
    pi.set_PWM_dutycycle(12, 0)
    pi.run_script(pi.store_script(b"tag 0 w 22 1 mils 1 w 22 0 mics 300 dcr p0 jp 0"), [2])
    rig.clock.sleep(0.012)
    rig.link.settle()
    log.append((rig.timeline.now_ns, pi.get_current_tick()))
    return log


def test_the_same_program_gives_the_same_history() -> None:
    histories = []
    for _ in range(100):
        rig = open_rig(tick_start_us=2**32 - 5000)
        histories.append(program(rig))
        rig.close()
    assert len(histories[0]) > 30
    assert all(history == histories[0] for history in histories)
