"""Many clients, many connections, and 100,000 requests that nobody should send."""

from __future__ import annotations

import gc
import os
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pigpio
import pytest
from daemon_rig import Rig, receive
from frames import Frame, frame

from rig.sim.physics.gpio import GpioBank
from rig.sim.physics.timeline import EventTimeline
from rig.sim.pigpiod import PigpioDaemon
from rig.sim.pigpiod.protocol import WITH_BYTES, Cmd

FRAMES = 100_000
PARTS = 4  # so that several workers can share the work
BATCH = 200
WATCHED = 1  # a GPIO that the daemon lets nobody write to


def test_eight_clients_at_once(rig: Rig) -> None:
    """Each on its own pins, none misses an edge of its own or hears one of another's."""
    for number in range(8):  # a client takes the levels at its connection for the first ones
        rig.pi.write(8 + number, 1)
    clients = [pigpio.pi("127.0.0.1", rig.daemon.port) for _ in range(8)]
    heard: list[list[tuple[int, int]]] = [[] for _ in clients]
    wrong: list[str] = []

    def work(number: int) -> None:
        pi, gpio = clients[number], 8 + number
        for n in range(150):
            level = n % 2
            pi.write(gpio, level)
            if pi.read(gpio) != level:
                wrong.append(f"client {number}, write {n}: read {1 - level}")

    for number, pi in enumerate(clients):
        pi.callback(
            8 + number, pigpio.EITHER_EDGE, lambda gpio, level, _, number=number: heard[number].append((gpio, level))
        )
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    rig.run(0.01)
    done = [pi.event_callback(0) for pi in clients]
    rig.pi.event_trigger(0)
    assert _soon(lambda: all(waiting.tally() for waiting in done))
    assert wrong == []
    for number, log in enumerate(heard):
        assert {gpio for gpio, _ in log} == {8 + number}
        assert [level for _, level in log] == [0, 1] * 75
    for pi in clients:
        notify = pi._notify
        pi.stop()
        notify.join(10)


def _soon(condition: Callable[[], bool]) -> bool:
    for _ in range(20_000):
        if condition():
            return True
        time.sleep(0.001)
    return False


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_200_connects_leak_nothing() -> None:
    timeline = EventTimeline()
    daemon = PigpioDaemon(timeline, GpioBank(timeline))
    daemon.start()

    def connect_and_leave() -> None:
        pi = pigpio.pi("127.0.0.1", daemon.port)
        assert pi.connected
        watching = pi.callback(17)
        pi.read(17)
        watching.cancel()
        notify = pi._notify
        pi.stop()
        notify.join(10)

    for _ in range(20):
        connect_and_leave()
    _quiet(daemon)
    threads, files = threading.active_count(), open_files()
    gc.collect()
    memory = resident_bytes()
    for _ in range(200):
        connect_and_leave()
    _quiet(daemon)
    gc.collect()
    assert threading.active_count() == threads
    assert open_files() == files
    assert resident_bytes() - memory < 2_000_000
    assert daemon._notifier._handles == {}
    assert daemon._notifier._watching.bits == 0
    daemon.stop()


def _quiet(daemon: PigpioDaemon) -> None:
    """Until the daemon has noticed that everybody has left."""
    assert daemon._server is not None
    connections = daemon._server._connections
    assert _soon(lambda: not connections)
    for thread in threading.enumerate():
        if thread.name.startswith(f"pigpiod-{daemon.port}-") and not thread.name.endswith("accept"):
            thread.join(10)


def exchange(port: int, sent: list[Frame]) -> None:
    """Send requests in a row on one connection and read every answer; a bad one at the end closes it."""
    with socket.create_connection(("127.0.0.1", port), 60) as sock:
        writer = threading.Thread(target=sock.sendall, args=(b"".join(f.data for f in sent),))
        writer.start()
        for one in sent:
            if one.cmd is None:
                break
            cmd, _, _, result = struct.unpack("<IIIi", receive(sock, 16))
            assert cmd == one.cmd
            if cmd in WITH_BYTES and result > 0:
                receive(sock, result)
        writer.join(60)


def batches(rng: random.Random, count: int) -> Iterator[list[Frame]]:
    batch: list[Frame] = []
    for _ in range(count):
        batch.append(frame(rng))
        if len(batch) == BATCH or batch[-1].cmd is None:
            yield batch
            batch = []
    yield batch


@pytest.mark.parametrize("part", range(PARTS))
def test_nonsense_disturbs_nobody(rig: Rig, part: int) -> None:
    """A well-formed client hears its pin's edges, and has its questions answered, all the while."""
    rig.watch(WATCHED)
    edges = 0
    with socket.create_connection(("127.0.0.1", rig.daemon.port), 60) as stream:
        stream.sendall(struct.pack("<IIII", Cmd.NOIB, 0, 0, 0))
        drain = threading.Thread(target=_drain, args=(stream,), daemon=True)
        drain.start()
        for number, batch in enumerate(batches(random.Random(part), FRAMES // PARTS)):
            exchange(rig.daemon.port, batch)
            level = number % 2
            with rig.timeline.lock:
                rig.gpio.drive_external(WATCHED, level)
            edges += 1
            assert rig.pi.read(WATCHED) == level
            assert rig.pi.get_pigpio_version() == 79
        rig.run(0.01)
        stream.shutdown(socket.SHUT_RDWR)
        drain.join(10)
    own = [level for gpio, level, _ in rig.log if gpio == WATCHED and level != pigpio.TIMEOUT]
    assert own == [n % 2 for n in range(edges)]
    rig.link.settle()


def _drain(stream: socket.socket) -> None:
    while stream.recv(65_536):
        pass
