"""The pins as nets, without any daemon."""

from __future__ import annotations

import pytest

from rig.sim.physics.gpio import ALT5, INPUT, OUTPUT, PULL_DOWN, PULL_OFF, PULL_UP, GpioBank
from rig.sim.physics.timeline import EventTimeline


@pytest.fixture
def bank() -> GpioBank:
    return GpioBank(EventTimeline())


def test_power_up(bank: GpioBank) -> None:
    assert [bank.level(g) for g in range(28)] == [1] * 9 + [0] * 19
    assert {bank.mode(g) for g in range(54)} == {INPUT}
    assert [bank.pull(g) for g in (0, 8, 9, 27, 28)] == [PULL_UP, PULL_UP, PULL_DOWN, PULL_DOWN, PULL_OFF]
    assert [bank.pull(g) for g in (30, 34, 36, 37, 45, 46, 53)] == [1, 2, 2, 1, 0, 2, 2]


def test_strengths_on_one_pin(bank: GpioBank) -> None:
    bank.set_pull(23, PULL_UP)
    assert bank.level(23) == 1
    bank.external_pull(23, 0)
    assert bank.level(23) == 0, "a resistor on the board beats the pull inside the Pi"
    bank.drive_external(23, 1)
    assert bank.level(23) == 1, "a wire beats the resistor"
    bank.drive_external(23, None)
    bank.external_pull(23, None)
    bank.set_pull(23, PULL_OFF)
    assert bank.level(23) == 0, "floating reads 0"


def test_output_and_its_latch(bank: GpioBank) -> None:
    bank.write(17, 1)
    assert bank.level(17) == 0, "an input's latch drives nothing"
    bank.set_mode(17, OUTPUT)
    assert bank.level(17) == 1
    bank.drive_external(17, 0)
    assert (bank.level(17), bank.fighting(17)) == (0, True)
    bank.set_mode(17, INPUT)
    assert not bank.fighting(17)


def test_wires_join_nets_and_can_be_cut(bank: GpioBank) -> None:
    heard: list[int] = []
    bank.on_change(24, heard.append)
    cut = bank.wire(22, 23)
    bank.wire(23, 24)
    bank.set_mode(22, OUTPUT)
    bank.write(22, 1)
    assert [bank.level(g) for g in (22, 23, 24)] == [1, 1, 1]
    assert bank.listened(22)
    cut()
    assert [bank.level(g) for g in (22, 23, 24)] == [1, 0, 0]
    assert heard == [1, 0]
    assert not bank.listened(22)


def test_pins_written_together_change_together(bank: GpioBank) -> None:
    for gpio in (5, 6):
        bank.set_mode(gpio, OUTPUT)
    seen: list[tuple[int, int]] = []
    bank.on_changes(1 << 5 | 1 << 6, lambda changed: seen.append((changed, bank.levels() >> 5 & 3)))
    bank.write_bits(1 << 5 | 1 << 6, 0)
    bank.write_bits(1 << 5, 1 << 6)
    assert seen == [(0x60, 3), (0x40, 1)]


def test_a_callback_may_change_pins(bank: GpioBank) -> None:
    """A follower: the second listener hears both changes, in order."""
    bank.on_change(20, lambda level: bank.drive_external(21, level))
    order: list[tuple[int, int]] = []
    bank.on_change(20, lambda level: order.append((20, level)))
    bank.on_change(21, lambda level: order.append((21, level)))
    bank.drive_external(20, 1)
    bank.drive_external(20, 0)
    assert order == [(20, 1), (21, 1), (20, 0), (21, 0)]


def test_modulated_pins(bank: GpioBank) -> None:
    timeline = bank._timeline
    bank.set_mode(12, OUTPUT)
    bank.modulate(12, lambda t_ns: t_ns // 1000 % 2)
    levels = []
    for t_us in range(4):
        timeline.advance_to(t_us * 1000)
        levels.append(bank.level(12))
    assert levels == [0, 1, 0, 1]
    bank.modulate(12, None)
    assert bank.level(12) == 1, "the latch stays where it was"
    bank.modulate_alt(18, lambda t_ns: 1)
    assert bank.level(18) == 0
    bank.set_mode(18, ALT5)
    assert bank.level(18) == 1


def test_cancelled_subscriptions_are_silent(bank: GpioBank) -> None:
    heard: list[int] = []
    subscription = bank.on_change(20, heard.append)
    bank.drive_external(20, 1)
    subscription.cancel()
    subscription.cancel()
    bank.drive_external(20, 0)
    assert heard == [1]


@pytest.mark.parametrize(
    "call",
    [
        lambda b: b.level(54),
        lambda b: b.level(-1),
        lambda b: b.drive_external(3, 2),
        lambda b: b.set_mode(3, 8),
        lambda b: b.set_pull(3, 3),
        lambda b: b.wire(3, 99),
    ],
)
def test_out_of_range(bank: GpioBank, call) -> None:
    with pytest.raises(ValueError, match=r"GPIO|level|mode|pull"):
        call(bank)
