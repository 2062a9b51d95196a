"""Notifications: ticks, sampling, filters, watchdogs, the barrier."""

from __future__ import annotations

import socket
import struct
import threading

import pigpio
import pytest
from daemon_rig import Rig, open_rig, receive

from rig.drivers.pigpio_link import GpioLink
from rig.errors import BenchConnectionError
from rig.sim.pigpiod.reports import Handle, Report


def drive_at(rig: Rig, gpio: int, times_ns: list[int], first: int = 1) -> None:
    """Toggle an external wire at these world times."""
    with rig.timeline.lock:
        for i, t_ns in enumerate(times_ns):
            level = (first + i) % 2
            rig.timeline.at(t_ns, lambda level=level: rig.gpio.drive_external(gpio, level))


def test_edges_carry_the_tick_of_the_first_sample_that_sees_them(rig: Rig) -> None:
    rig.watch(17)
    drive_at(rig, 17, [10_000_000, 10_005_001, 10_009_999, 20_000_001])
    rig.run(0.05)
    assert rig.log == [(17, 1, 10_000), (17, 0, 20_005)], "the pulse between two samples is never seen"


def test_a_pulse_of_one_sample_is_seen(rig: Rig) -> None:
    rig.watch(17)
    drive_at(rig, 17, [10_000_000, 10_005_000])
    rig.run(0.05)
    assert rig.log == [(17, 1, 10_000), (17, 0, 10_005)]


def test_reports_come_every_millisecond_and_pause_the_world(rig: Rig) -> None:
    """Heard while the world stands at the end of the millisecond of the edge, not later."""
    heard_at: list[tuple[int, int]] = []
    rig.pi.callback(17, pigpio.EITHER_EDGE, lambda g, level, tick: heard_at.append((tick, rig.timeline.now_ns)))
    drive_at(rig, 17, [10_200_000, 10_300_000, 12_900_000])
    rig.run(0.05)
    assert heard_at == [(10_200, 11_000_000), (10_300, 11_000_000), (12_900, 13_000_000)]


def test_the_world_stops_where_a_client_has_something_to_hear(rig: Rig) -> None:
    rig.watch(17)
    drive_at(rig, 17, [10_200_000, 12_900_000])
    stops = []
    while rig.timeline.advance_to(20_000_000, pausable=True):
        stops.append(rig.timeline.now_ns)
    assert stops == [11_000_000, 13_000_000]


def test_only_watched_pins_are_reported(rig: Rig) -> None:
    rig.watch(17)
    drive_at(rig, 18, [5_000_000])
    drive_at(rig, 17, [6_000_000])
    rig.run(0.02)
    assert rig.log == [(17, 1, 6000)]
    rig.watch(18)
    t_ns = 30_000_000
    drive_at(rig, 17, [t_ns], first=0)
    drive_at(rig, 18, [t_ns + 1_000_000], first=0)
    rig.run(0.02)
    assert rig.log[1:] == [(17, 0, 30_000), (18, 0, 31_000)]


def test_ticks_wrap(open_rig) -> None:
    rig = open_rig(tick_start_us=2**32 - 20_000)
    rig.watch(17)
    drive_at(rig, 17, [15_000_000, 25_000_000])
    rig.run(0.05)
    assert rig.log == [(17, 1, 2**32 - 5000), (17, 0, 5000)]
    assert pigpio.tickDiff(rig.log[0][2], rig.log[1][2]) == 10_000


def test_wire_format_and_sequence_numbers(rig: Rig) -> None:
    """The in-band socket by hand: 12-byte reports, numbered from 0."""
    with socket.create_connection(("127.0.0.1", rig.daemon.port), 5) as sock:
        sock.sendall(struct.pack("<IIII", 99, 0, 0, 0))
        *_, handle = struct.unpack("<IIII", receive(sock, 16))
        assert handle == 1, "handle 0 belongs to the first client"
        assert rig.pi.notify_begin(handle, 1 << 17) == 0
        drive_at(rig, 17, [10_000_000, 20_000_000])
        rig.run(0.03)
        reports = [struct.unpack("<HHII", receive(sock, 12)) for _ in range(2)]
        levels = rig.gpio.levels() & 0xFFFFFFFF
        assert reports == [(0, 0, 10_000, levels | 1 << 17), (1, 0, 20_000, levels)]
        assert rig.pi.notify_pause(handle) == 0
        drive_at(rig, 17, [rig.timeline.now_ns + 1000])
        rig.run(0.01)
        assert rig.pi.notify_close(handle) == 0
        sock.settimeout(0)
        with pytest.raises(BlockingIOError):
            sock.recv(12)


def test_handles_run_out_and_come_back(rig: Rig) -> None:
    others = [pigpio.pi("127.0.0.1", rig.daemon.port, show_errors=False) for _ in range(32)]
    assert [pi.connected for pi in others] == [True] * 31 + [False]
    for pi in others[:31]:
        notify = pi._notify
        pi.stop()
        notify.join(5)
    rig.link.settle()
    again = pigpio.pi("127.0.0.1", rig.daemon.port, show_errors=False)
    assert again.connected
    again.stop()


def test_watchdog_reports_silence(rig: Rig) -> None:
    rig.watch(17)
    rig.pi.set_watchdog(17, 50)
    assert rig.timeline.now_ns < 1_000_000
    drive_at(rig, 17, [120_250_000])
    rig.run(0.330)
    want = [(2, 51_000), (2, 102_000), (1, 120_250), *((2, ms * 1000) for ms in (171, 222, 273, 324))]
    assert [(level, tick) for _, level, tick in rig.log] == want
    rig.pi.set_watchdog(17, 0)
    rig.run(0.2)
    assert len(rig.log) == len(want)


def test_glitch_filter(rig: Rig) -> None:
    rig.pi.set_glitch_filter(17, 1000)
    rig.watch(17)
    drive_at(rig, 17, [10_000_000, 10_500_000, 20_000_000, 30_000_000, 30_900_000, 31_000_000])
    rig.run(0.05)
    assert rig.log == [(17, 1, 21_000), (17, 0, 32_000)]


def test_noise_filter(rig: Rig) -> None:
    rig.pi.set_noise_filter(17, 5000, 3000)
    rig.watch(17)
    drive_at(rig, 17, [20_000_000, 21_000_000, 22_000_000, 24_000_000, 24_500_000])
    rig.run(0.05)
    assert [(level, tick) for _, level, tick in rig.log] == [(1, 20_000), (0, 21_000), (1, 22_000), (0, 23_000)]


def test_barrier_is_behind_all_earlier_reports(rig: Rig) -> None:
    rig.watch(17)
    for i in range(50):
        drive_at(rig, 17, [rig.timeline.now_ns + 10_000], first=1 - i % 2)
        with rig.timeline.lock:
            rig.timeline.elapse(15_000)
        rig.link.settle()
        assert len(rig.log) == i + 1
    now_ns = rig.timeline.now_ns
    rig.link.settle()
    assert rig.timeline.now_ns == now_ns, "a barrier takes no world time"


def test_events_of_one_client_reach_another(rig: Rig) -> None:
    other = pigpio.pi("127.0.0.1", rig.daemon.port)
    heard = threading.Event()
    other.event_callback(7, lambda event, tick: heard.set())
    rig.pi.event_trigger(8)
    assert not heard.is_set()
    rig.pi.event_trigger(7)
    assert heard.wait(5)
    other.stop()


def test_barrier_says_when_the_daemon_is_gone() -> None:
    rig = open_rig()
    rig.daemon.stop()
    with pytest.raises(BenchConnectionError, match=r"127\.0\.0\.1"):
        rig.link.settle()
    with pytest.raises(ConnectionError, match="is it running"):
        rig.link.settle()
    rig.link.close()


def test_barrier_times_out(rig: Rig) -> None:
    link = GpioLink(rig.pi, timeout_s=0.01)
    link._callback.cancel()
    rig.link._callback.cancel()
    with pytest.raises(BenchConnectionError, match="event 30 did not come back"):
        link.settle()


def test_sequence_numbers_wrap() -> None:
    sent = bytearray()

    class Sink:
        def send(self, data: bytes) -> None:
            sent.extend(data)

    handle = Handle(Sink(), seqno=0xFFFF)
    handle.pending += [Report(0, 10, 1), Report(0, 20, 0)]
    assert handle.flush()
    assert [struct.unpack_from("<H", sent, at)[0] for at in (0, 12)] == [0xFFFF, 0]
    assert not handle.flush()


def test_a_minute_of_silence_gives_a_sign_of_life(rig: Rig) -> None:
    """Every 60 s after the last report, on every stream; a report starts the minute anew."""
    with socket.create_connection(("127.0.0.1", rig.daemon.port), 5) as sock:
        sock.sendall(struct.pack("<IIII", 99, 0, 0, 0))
        *_, handle = struct.unpack("<IIII", receive(sock, 16))
        rig.pi.notify_begin(handle, 1 << 17)
        rig.clock.sleep_until(40.0)
        rig.gpio.drive_external(17, 1)
        rig.clock.sleep_until(161.0)
        rig.link.settle()
        reports = [struct.unpack("<HHII", receive(sock, 12))[:3] for _ in range(3)]
        assert [(number, flags) for number, flags, _ in reports] == [(0, 0), (1, 64), (2, 64)]
        assert [tick // 1000 for *_, tick in reports] == [40_000, 100_001, 160_002]


def test_a_filter_also_holds_for_what_is_not_reported_yet(rig: Rig) -> None:
    """The daemon filters when it reports, once a millisecond: edges just before the command are gone too."""
    rig.watch(17)
    rig.watch(18)
    rig.clock.sleep_until(0.0501)
    for pin in (17, 18, 17, 17):
        rig.gpio.drive_external(pin, 1 - rig.gpio.level(pin))
        rig.timeline.elapse(20_000)
    rig.pi.set_noise_filter(17, 3000, 5000)
    rig.run(0.05)
    assert rig.log == [(18, 1, 50_120)]
    rig.pi.set_noise_filter(17, 0, 0)
    rig.run(0.01)
    assert rig.log[1:] == [(17, 1, rig.log[-1][2])], "without the filter the pin shows as it is"


def test_a_client_that_just_goes_leaves_no_handle(rig: Rig) -> None:
    for _ in range(40):  # more than there are handles
        with socket.create_connection(("127.0.0.1", rig.daemon.port), 5) as sock:
            sock.sendall(struct.pack("<IIII", 99, 0, 0, 0))
            *_, handle = struct.unpack("<IIIi", receive(sock, 16))
            assert handle >= 1
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(1) == b""


def test_withdrawn_edges_leave_the_others() -> None:
    class Sink:
        def send(self, data: bytes) -> None: ...

    one, other = 1 << 17, 1 << 18
    handle = Handle(Sink(), bits=one | other)
    handle.pending += [Report(0, 10, one), Report(0, 20, one | other), Report(0, 30, other), Report(32 | 17, 40, other)]
    handle.withdraw(17, 0)
    assert handle.pending == [Report(0, 20, other), Report(32 | 17, 40, other)]
