"""What the rig relies on of the kernel's GPIO lines: the same tests for the fake here and for a kernel in its guest."""

from __future__ import annotations

import errno
import subprocess
import sys
from typing import Any

import pytest
from kernel_lines import LABEL, Lines

HOLDER = """
import sys
sys.path.insert(0, sys.argv[1])
import gpiod
line = gpiod.line
high = gpiod.LineSettings(direction=line.Direction.OUTPUT, output_value=line.Value.ACTIVE)
request = gpiod.request_lines(sys.argv[2], consumer="a holder", config={17: high})
print("held", flush=True)
sys.stdin.read()
"""


def sensed(lines: Lines) -> Any:
    """A request of GPIO 22 with its edges."""
    settings = lines.gpiod.LineSettings(edge_detection=lines.gpiod.line.Edge.BOTH)
    return lines.gpiod.request_lines(lines.path, config={22: settings})


def holder(lines: Lines) -> subprocess.Popen[str]:
    """Another program that drives GPIO 17 high."""
    folder = str(lines.gpiod.__file__).rpartition("/gpiod/")[0]
    made = subprocess.Popen(
        [sys.executable, "-c", HOLDER, folder, lines.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert made.stdout is not None
    assert made.stdout.readline() == "held\n"
    return made


def test_a_chip_says_its_label_and_lines(lines: Lines) -> None:
    with lines.gpiod.Chip(lines.path) as chip:
        info = chip.get_info()
    assert (info.label, info.num_lines) == (LABEL, 54)


def test_no_such_chip_is_file_not_found(lines: Lines) -> None:
    with pytest.raises(FileNotFoundError):
        lines.gpiod.Chip(str(lines.devices / "gpiochip77"))


def test_an_output_has_its_level_from_the_first_moment(lines: Lines) -> None:
    with sensed(lines) as sense, lines.gpiod.request_lines(lines.path, config={17: lines.output(True)}):
        assert sense.wait_edge_events(1.0)
        assert [e.event_type for e in sense.read_edge_events()] == [lines.gpiod.EdgeEvent.Type.RISING_EDGE]
        assert sense.get_value(22) is lines.gpiod.line.Value.ACTIVE


def test_edges_are_stamped_and_numbered_in_order(lines: Lines) -> None:
    value = lines.gpiod.line.Value
    with sensed(lines) as sense, lines.gpiod.request_lines(lines.path, config={17: lines.output()}) as request:
        for level in (value.ACTIVE, value.INACTIVE, value.ACTIVE):
            request.set_value(17, level)
        seen: list[Any] = []
        while len(seen) < 3 and sense.wait_edge_events(1.0):
            seen += sense.read_edge_events()
        rising, falling = lines.gpiod.EdgeEvent.Type.RISING_EDGE, lines.gpiod.EdgeEvent.Type.FALLING_EDGE
        assert [e.event_type for e in seen] == [rising, falling, rising]
        assert [e.line_offset for e in seen] == [22] * 3
        assert [e.line_seqno for e in seen] == [1, 2, 3]
        assert sorted(e.timestamp_ns for e in seen) == [e.timestamp_ns for e in seen]
        assert not sense.wait_edge_events(0.01)


def test_two_lines_change_by_one_request(lines: Lines) -> None:
    value = lines.gpiod.line.Value
    both = {17: lines.output(), 27: lines.output()}
    inputs = {22: lines.gpiod.LineSettings(), 25: lines.gpiod.LineSettings()}
    with (
        lines.gpiod.request_lines(lines.path, config=both) as request,
        lines.gpiod.request_lines(lines.path, config=inputs) as sense,
    ):
        request.set_values({17: value.ACTIVE, 27: value.ACTIVE})
        assert [sense.get_value(gpio) for gpio in (22, 25)] == [value.ACTIVE, value.ACTIVE]


def test_a_line_of_another_program_is_busy_and_its_consumer_known(lines: Lines) -> None:
    other = holder(lines)
    try:
        with pytest.raises(OSError, match="busy") as busy:
            lines.gpiod.request_lines(lines.path, config={18: lines.output(), 17: lines.output()})
        assert busy.value.errno == errno.EBUSY
        with lines.gpiod.request_lines(lines.path, config={18: lines.output()}):  # nothing of the request is kept
            pass
        with lines.gpiod.Chip(lines.path) as chip:
            info = chip.get_line_info(17)
        assert (info.used, info.consumer) == (True, "a holder")
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize(("persist", "after"), [(False, 0), (True, 1)])
def test_a_killed_programs_line_is_free_and_low_unless_outputs_persist(lines: Lines, persist: bool, after: int) -> None:
    lines.persist(persist)
    other = holder(lines)
    other.kill()
    other.wait()
    assert lines.level(17) == after
    with lines.gpiod.request_lines(lines.path, config={17: lines.output()}) as request:
        assert request.get_value(17) is lines.gpiod.line.Value.INACTIVE


def test_a_request_as_input_makes_it_one_whatever_persists(lines: Lines) -> None:
    """So a rehearsal that asks for an input always passes."""
    lines.persist(True)
    with lines.gpiod.request_lines(lines.path, config={17: lines.output(True)}):
        pass
    assert lines.level(17) == 1
    as_input = lines.gpiod.LineSettings(direction=lines.gpiod.line.Direction.INPUT)
    with lines.gpiod.request_lines(lines.path, config={17: as_input}) as request:
        assert request.get_value(17) is lines.gpiod.line.Value.INACTIVE


def test_misuse_is_refused(lines: Lines) -> None:
    value = lines.gpiod.line.Value
    as_input = lines.gpiod.LineSettings(direction=lines.gpiod.line.Direction.INPUT)
    with lines.gpiod.request_lines(lines.path, config={17: as_input}) as request:
        with pytest.raises(PermissionError):
            request.set_value(17, value.ACTIVE)
        with pytest.raises(ValueError, match=r"."):
            request.get_value(18)
    with pytest.raises(lines.gpiod.RequestReleasedError):
        request.get_value(17)
    with pytest.raises(ValueError, match=r"."):
        lines.gpiod.request_lines(lines.path, config={54: as_input})


def test_a_line_can_be_made_an_output_and_an_input_again(lines: Lines) -> None:
    as_input = lines.gpiod.LineSettings(direction=lines.gpiod.line.Direction.INPUT)
    with (
        lines.gpiod.request_lines(lines.path, config={17: as_input}) as request,
        lines.gpiod.request_lines(lines.path, config={22: as_input}) as sense,
    ):
        request.reconfigure_lines({17: lines.output(True)})
        assert sense.get_value(22) is lines.gpiod.line.Value.ACTIVE
        request.reconfigure_lines({17: as_input})
        assert sense.get_value(22) is lines.gpiod.line.Value.INACTIVE
