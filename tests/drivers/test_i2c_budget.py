"""A bus that counts inside a limit and is the bus itself outside."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from rig.drivers.i2c_budget import TRANSFERS, GuardedI2C
from rig.errors import BenchFault, ConfigError


class Recorder:
    """The `busio.I2C` shape; remembers who was called with what."""

    frequency = 400_000

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def try_lock(self) -> bool:
        self.calls.append(("try_lock",))
        return True

    def unlock(self) -> None:
        self.calls.append(("unlock",))

    def writeto(self, address: int, buffer: bytes, *, start: int = 0, end: int | None = None) -> None:
        self.calls.append(("writeto", address, bytes(buffer[start:end])))

    def readfrom_into(self, address: int, buffer: bytearray, *, start: int = 0, end: int | None = None) -> None:
        buffer[start:end] = b"\x07" * len(buffer[start:end])
        self.calls.append(("readfrom_into", address))

    def writeto_then_readfrom(self, address: int, out: bytes, into: bytearray, **slices: int) -> None:
        into[:] = b"\x09" * len(into)
        self.calls.append(("writeto_then_readfrom", address, bytes(out), slices))

    def scan(self) -> list[int]:
        return [0x48]


@pytest.fixture
def bus() -> Recorder:
    return Recorder()


@pytest.fixture
def i2c(bus: Recorder) -> GuardedI2C:
    return GuardedI2C(bus)


def everything(i2c: Any) -> tuple[bytearray, bytearray]:
    one, two = bytearray(2), bytearray(2)
    i2c.try_lock()
    i2c.writeto(0x48, b"abcd", start=1, end=3)
    i2c.readfrom_into(0x49, one, start=1)
    i2c.writeto_then_readfrom(0x4A, b"x", two, out_end=1)
    i2c.unlock()
    return one, two


@pytest.mark.parametrize("inside", [False, True])
def test_all_goes_through_as_it_came(bus: Recorder, i2c: GuardedI2C, inside: bool) -> None:
    if inside:
        with i2c.limit(3, "test"):
            read = everything(i2c)
    else:
        read = everything(i2c)
    assert read == (bytearray(b"\x00\x07"), bytearray(b"\x09\x09"))
    assert bus.calls == [
        ("try_lock",),
        ("writeto", 0x48, b"bc"),
        ("readfrom_into", 0x49),
        ("writeto_then_readfrom", 0x4A, b"x", {"out_end": 1}),
        ("unlock",),
    ]


def test_outside_a_limit_the_bus_itself_is_called(bus: Recorder, i2c: GuardedI2C) -> None:
    """So that sampling, which runs outside, pays nothing."""
    own = {name: getattr(bus, name) for name in TRANSFERS}
    assert {name: getattr(i2c, name) for name in TRANSFERS} == own
    with i2c.limit(1, "test"):
        assert all(getattr(i2c, name) != own[name] for name in TRANSFERS)
    assert {name: getattr(i2c, name) for name in TRANSFERS} == own


def test_whatever_else_the_bus_can_do_is_there(i2c: GuardedI2C) -> None:
    assert i2c.scan() == [0x48]
    assert i2c.frequency == 400_000
    with pytest.raises(AttributeError, match="fly"):
        i2c.fly()


CALLS: list[Callable[[Any], object]] = [
    lambda i2c: i2c.writeto(0x48, b""),
    lambda i2c: i2c.readfrom_into(0x48, bytearray(2)),
    lambda i2c: i2c.writeto_then_readfrom(0x48, b"\x00", bytearray(2)),
]


@pytest.mark.parametrize("call", CALLS)
def test_one_transfer_too_many_is_not_made(bus: Recorder, i2c: GuardedI2C, call: Callable[[Any], object]) -> None:
    def talk() -> None:
        for _ in range(6):
            call(i2c)

    with pytest.raises(BenchFault) as caught, i2c.limit(5, "ADS1115 at 0x48: first conversion"):
        talk()
    assert len(bus.calls) == 5
    text = str(caught.value)
    assert text.startswith("ADS1115 at 0x48: first conversion: ")
    assert "5 I2C transfers" in text
    assert "one more to 0x48" in text


def test_the_whole_limit_may_be_used(bus: Recorder, i2c: GuardedI2C) -> None:
    with i2c.limit(5, "test"):
        for _ in range(5):
            i2c.writeto(0x48, b"")
    for _ in range(100):
        i2c.writeto(0x48, b"")
    assert len(bus.calls) == 105


def test_a_limit_that_was_broken_is_over_with_its_block(bus: Recorder, i2c: GuardedI2C) -> None:
    with pytest.raises(BenchFault), i2c.limit(1, "test"):
        everything(i2c)
    everything(i2c)
    with i2c.limit(3, "again"):
        everything(i2c)


def test_an_outer_limit_counts_what_an_inner_one_allows(bus: Recorder, i2c: GuardedI2C) -> None:
    with pytest.raises(BenchFault, match="outer: "), i2c.limit(4, "outer"):  # noqa: PT012
        with i2c.limit(3, "inner"):
            everything(i2c)
        i2c.writeto(0x48, b"")
        i2c.writeto(0x48, b"")
    with pytest.raises(BenchFault, match="inner: "), i2c.limit(100, "outer"), i2c.limit(2, "inner"):
        everything(i2c)
    with i2c.limit(4, "outer"):
        with pytest.raises(BenchFault, match="inner: "), i2c.limit(1, "inner"):
            everything(i2c)
        everything(i2c)


def test_nobody_is_stopped_for_another_threads_talking(bus: Recorder, i2c: GuardedI2C) -> None:
    errors: list[BaseException] = []

    def talk() -> None:
        try:
            for _ in range(50):
                i2c.writeto(0x49, b"")
        except BaseException as error:
            errors.append(error)

    with i2c.limit(1, "mine"):
        other = threading.Thread(target=talk)
        other.start()
        other.join()
        i2c.writeto(0x48, b"")
    assert errors == []
    assert len(bus.calls) == 51


def test_limits_of_two_threads_may_overlap(bus: Recorder, i2c: GuardedI2C) -> None:
    """The one that began first ends first; the other one's still holds, and then the bus is itself again."""
    entered, leave = threading.Event(), threading.Event()
    caught: list[BaseException] = []

    def second() -> None:
        try:
            with i2c.limit(2, "second"):
                entered.set()
                leave.wait(10)
                everything(i2c)
        except BenchFault as error:
            caught.append(error)

    thread = threading.Thread(target=second)
    with i2c.limit(1, "first"):
        thread.start()
        assert entered.wait(10)
    leave.set()
    thread.join()
    assert [str(error)[:6] for error in caught] == ["second"]
    assert i2c.writeto == bus.writeto


def test_an_error_of_the_bus_passes_and_counts(i2c: GuardedI2C, bus: Recorder) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(121, "Remote I/O error")

    bus.writeto = broken  # type: ignore[method-assign]
    with i2c.limit(2, "test"):
        for _ in range(2):
            with pytest.raises(OSError, match="Remote"):
                i2c.writeto(0x48, b"")
        with pytest.raises(BenchFault):
            i2c.writeto(0x48, b"")


@pytest.mark.parametrize("transfers", [0, -3])
def test_a_limit_allows_something(i2c: GuardedI2C, transfers: int) -> None:
    with pytest.raises(ConfigError, match="expected 1 or more"), i2c.limit(transfers, "test"):
        pass
