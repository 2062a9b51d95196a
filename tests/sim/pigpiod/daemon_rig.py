"""An emulated daemon on a bare world, with the real clients in front of it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pigpio
import pytest

from rig.clock import VirtualClock
from rig.drivers.pigpio_link import GpioLink
from rig.sim.physics.gpio import GpioBank
from rig.sim.physics.timeline import EventTimeline
from rig.sim.pigpiod import DaemonOptions, PigpioDaemon
from rig.sim.pigpiod.commands_serial import Ports


@dataclass
class Rig:
    """World, daemon and one client; `log` holds (gpio, level, tick) of watched pins in order of hearing."""

    timeline: EventTimeline
    gpio: GpioBank
    daemon: PigpioDaemon
    clock: VirtualClock
    pi: pigpio.pi
    link: GpioLink
    log: list[tuple[int, int, int]] = field(default_factory=list)

    def watch(self, gpio: int) -> pigpio._callback:
        return self.pi.callback(gpio, pigpio.EITHER_EDGE, lambda g, level, tick: self.log.append((g, level, tick)))

    def run(self, duration_s: float) -> None:
        self.clock.sleep(duration_s)
        self.link.settle()

    def close(self) -> None:
        self.link.close()
        notify = self.pi._notify
        self.pi.stop()
        if notify is not None:
            notify.join(5)
        self.daemon.stop()


class Registers:
    """A one-chip I2C bus: 256 byte registers behind a pointer, each transfer takes 100 us."""

    def __init__(self, timeline: EventTimeline, address: int) -> None:
        self.timeline = timeline
        self.address = address
        self.memory = bytearray(range(256))
        self.pointer = 0
        self.transfers: list[tuple[str, bytes | int]] = []

    def write(self, address: int, data: bytes) -> None:
        self._start(address, "write", data)
        self._store(data)

    def read(self, address: int, count: int) -> bytes:
        self._start(address, "read", count)
        return self._load(count)

    def write_read(self, address: int, data: bytes, count: int) -> bytes:
        self._start(address, "write_read", data)
        self._store(data)
        return self._load(count)

    def _start(self, address: int, kind: str, what: bytes | int) -> None:
        self.timeline.elapse(100_000)
        if address != self.address:
            raise OSError(121, "Remote I/O error")
        self.transfers.append((kind, what))

    def _store(self, data: bytes) -> None:
        if data:
            self.pointer = data[0]
            self.memory[self.pointer : self.pointer + len(data) - 1] = data[1:]

    def _load(self, count: int) -> bytes:
        return bytes(self.memory[self.pointer : self.pointer + count])


def open_rig(
    *,
    tick_start_us: int = 0,
    command_cost_ns: int = 50_000,
    i2c_address: int | None = None,
    serial: Callable[[EventTimeline], Ports] = lambda _: {},
    **options: Any,
) -> Rig:
    """Options that aren't named here go to the daemon."""
    timeline = EventTimeline()
    gpio = GpioBank(timeline)
    bus = None if i2c_address is None else Registers(timeline, i2c_address)
    daemon = PigpioDaemon(
        timeline,
        gpio,
        bus,
        DaemonOptions(tick_start_us=tick_start_us, command_cost_ns=command_cost_ns, serial=serial(timeline), **options),
    )
    daemon.start()
    pi = pigpio.pi("127.0.0.1", daemon.port)
    assert pi.connected
    clock = VirtualClock(timeline)
    link = GpioLink(pi)
    clock.on_settle(link.settle)
    return Rig(timeline, gpio, daemon, clock, pi, link)


OpenRig = Callable[..., Rig]


def error_of(call: Callable[..., object], *args: object) -> str:
    """The text of the client's error for a call that must fail."""
    with pytest.raises(pigpio.error) as caught:
        call(*args)
    return str(caught.value)


def receive(sock: socket.socket, count: int) -> bytes:
    """Exactly `count` bytes: a socket with a time-out gives what there is."""
    data = b""
    while len(data) < count:
        part = sock.recv(count - len(data))
        assert part, f"closed after {len(data)} of {count} bytes"
        data += part
    return data
