"""gpiozero's devices on the kernel's lines, and how the chip is found."""

from __future__ import annotations

from typing import Any

import pytest
from gpiozero import DigitalInputDevice, DigitalOutputDevice
from gpiozero.exc import (
    GPIOPinInUse,
    PinEdgeDetectUnsupported,
    PinInvalidFunction,
    PinInvalidPull,
    PinSetInput,
)
from kernel_lines import IN_THE_LAB, LABEL, Lines

from rig.drivers.kernel.chip import find_chip, gpio_chips, request_lines
from rig.drivers.kernel.pin_factory import KernelFactory
from rig.errors import BenchConnectionError


@pytest.fixture
def factory(lines: Lines) -> Any:
    made = KernelFactory(LABEL, lines.path)
    yield made
    made.close()


def test_chip_is_found_by_label_alone(lines: Lines) -> None:
    assert find_chip(None) == (LABEL, lines.path)
    assert find_chip(LABEL) == (LABEL, lines.path)
    assert gpio_chips() == {LABEL: lines.path}


@pytest.mark.skipif(IN_THE_LAB, reason="the kernel's own folder of devices")
def test_links_and_other_chips_do_not_mislead(lines: Lines) -> None:
    """A Pi 5 has other chips with lower numbers, links of old numbers, and chips that others may not open."""
    (lines.devices / "gpiochip4").symlink_to(lines.devices / "gpiochip0")
    (lines.devices / "gpiochip10").mkdir()
    assert find_chip(None) == (LABEL, lines.path)


def test_a_label_that_is_not_there_is_refused_with_what_there_is(lines: Lines) -> None:
    with pytest.raises(BenchConnectionError, match="no GPIO chip 'pinctrl-bcm2711'") as refused:
        find_chip("pinctrl-bcm2711")
    assert f"there is: {LABEL!r} ({lines.path})" in str(refused.value)
    assert "gpiodetect" in str(refused.value)


def test_relay_and_switch_are_gpiozeros_devices(lines: Lines, factory: Any) -> None:
    relay = DigitalOutputDevice(17, initial_value=False, pin_factory=factory)
    sense = factory.pin(22)
    sense.input_with_pull("floating")
    assert (relay.value, sense.state) == (0, 0)
    relay.on()
    assert (relay.value, sense.state) == (1, 1)
    relay.toggle()
    assert (relay.value, sense.state) == (0, 0)
    relay.on()
    relay.close()
    assert sense.state == 0
    assert (sense.function, sense.pull) == ("input", "floating")


def test_misused_pins_say_so(factory: Any) -> None:
    pin = factory.pin(22)
    pin.function = "input"
    with pytest.raises(PinSetInput):
        pin.state = 1
    with pytest.raises(PinInvalidFunction):
        pin.function = "alt0"
    with pytest.raises(PinInvalidPull):
        pin.pull = "sideways"
    with pytest.raises(PinEdgeDetectUnsupported):
        DigitalInputDevice(24, pull_up=True, pin_factory=factory)


def test_active_low_devices_begin_off_without_a_blip(lines: Lines, factory: Any) -> None:
    edges = lines.gpiod.LineSettings(edge_detection=lines.gpiod.line.Edge.BOTH)
    with lines.gpiod.request_lines(lines.path, config={22: edges}) as sense:
        relay = DigitalOutputDevice(17, active_high=False, initial_value=False, pin_factory=factory)
        assert sense.wait_edge_events(1.0)
        assert [event.event_type.name for event in sense.read_edge_events()] == ["RISING_EDGE"]
        relay.close()


def test_a_pin_is_had_once(factory: Any) -> None:
    relay = DigitalOutputDevice(17, pin_factory=factory)
    with pytest.raises(GPIOPinInUse):
        DigitalOutputDevice(17, pin_factory=factory)
    relay.close()
    DigitalOutputDevice(17, pin_factory=factory).close()


def test_who_holds_a_line_is_said(lines: Lines, factory: Any) -> None:
    with (
        lines.gpiod.request_lines(lines.path, consumer="spi0 CS0", config={17: lines.output()}),
        pytest.raises(BenchConnectionError, match=r"GPIO 17 of .*held: GPIO 17 by 'spi0 CS0'; end the program"),
    ):
        DigitalOutputDevice(17, pin_factory=factory)


def test_a_line_that_no_chip_has_is_refused(lines: Lines) -> None:
    with pytest.raises(BenchConnectionError, match="GPIO 99 of"):
        request_lines(lines.path, {99: lines.output()}, "a test")
