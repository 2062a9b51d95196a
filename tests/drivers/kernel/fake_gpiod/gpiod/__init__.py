"""gpiod 2 on files instead of a kernel's lines, for several processes at once, in a folder that stands for a chip.

A chip is a folder with `chip.json` (label, lines, wires from outputs to inputs, persist). A line is held by flock(2) on
its file, so that a killed program's lines are free as the kernel's are; the file says what the line was driven to.
Edges on wired inputs are stamped when the output is set. Held to the same tests as the kernel itself
(tests/drivers/kernel/test_kernel_lines.py). Not modelled: the edge that a released or killed output makes.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from . import line
from .line import Bias, Direction, Edge, Value

__version__ = "2.5.0"
LOOK_EVERY_S = 0.001


class RequestReleasedError(Exception):
    pass


@dataclass
class LineSettings:
    direction: Direction = Direction.AS_IS
    edge_detection: Edge = Edge.NONE
    bias: Bias = Bias.AS_IS
    output_value: Value = Value.INACTIVE


@dataclass(frozen=True)
class EdgeEvent:
    class Type(Enum):
        RISING_EDGE = 1
        FALLING_EDGE = 2

    event_type: Type
    timestamp_ns: int
    line_offset: int
    global_seqno: int
    line_seqno: int


@dataclass(frozen=True)
class ChipInfo:
    name: str
    label: str
    num_lines: int


@dataclass(frozen=True)
class LineInfo:
    offset: int
    used: bool
    consumer: str


class _Files:
    """The folder of one chip."""

    def __init__(self, path: str) -> None:
        self.folder = Path(path)
        try:
            self.facts: dict[str, Any] = json.loads((self.folder / "chip.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            if not self.folder.exists():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
            raise OSError(errno.ENODEV, os.strerror(errno.ENODEV), path) from None
        self.wires = {int(output): sensed for output, sensed in self.facts["wires"].items()}

    def line_file(self, offset: int) -> Path:
        return self.folder / f"line{offset}"

    def edge_file(self, offset: int) -> Path:
        return self.folder / f"edges{offset}"

    def said(self, offset: int) -> tuple[str, int, str]:
        """(direction, value, consumer) as the line was left."""
        try:
            direction, value, consumer = self.line_file(offset).read_text(encoding="utf-8").split(" ", 2)
        except (FileNotFoundError, ValueError):
            return "in", 0, ""
        return direction, int(value), consumer

    def held(self, offset: int) -> bool:
        try:
            with self.line_file(offset).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def driven(self, offset: int) -> int | None:
        """What the line is driven to; None: it is an input."""
        direction, value, _ = self.said(offset)
        return value if direction == "out" and (self.facts["persist"] or self.held(offset)) else None

    def level(self, offset: int) -> int:
        driven = self.driven(offset)
        if driven is not None:
            return driven
        for output, sensed in self.wires.items():
            if sensed == offset:
                return self.driven(output) or 0
        return 0


class Chip:
    def __init__(self, path: str) -> None:
        self._files = _Files(path)

    def __enter__(self) -> Chip:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def get_info(self) -> ChipInfo:
        facts = self._files.facts
        return ChipInfo(self._files.folder.name, facts["label"], facts["lines"])

    def get_line_info(self, offset: int) -> LineInfo:
        held = self._files.held(offset)
        return LineInfo(offset, held, self._files.said(offset)[2] if held else "")


class LineRequest:
    def __init__(self, files: _Files, consumer: str, config: Mapping[int, LineSettings]) -> None:
        self._files, self._consumer = files, consumer[:31]
        self._fds: dict[int, int] = {}
        self._outputs: dict[int, int] = {}
        self._sensed: dict[int, int] = {}
        self._number = 0
        self._released = False
        try:
            for offset in config:
                self._take(offset)
        except OSError:
            self.release()
            raise
        self.reconfigure_lines(config)

    def _take(self, offset: int) -> None:
        if not 0 <= offset < self._files.facts["lines"]:
            raise ValueError(f"{offset} is no line of this chip")
        before = self._files.driven(offset)
        fd = os.open(self._files.line_file(offset), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY)) from None
        self._fds[offset] = fd
        self._write(offset, before)
        if before is not None:
            self._outputs[offset] = before

    def _write(self, offset: int, value: int | None) -> None:
        text = f"{'in' if value is None else 'out'} {value or 0} {self._consumer}".encode()
        os.ftruncate(self._fds[offset], len(text))
        os.pwrite(self._fds[offset], text, 0)

    def _drive(self, offset: int, value: int | None) -> None:
        before = self._files.driven(offset)
        self._write(offset, value)
        sensed = self._files.wires.get(offset)
        if sensed is not None and (before or 0) != (value or 0):
            with self._files.edge_file(sensed).open("ab") as file:
                file.write(b"%d %d\n" % (time.monotonic_ns(), value or 0))

    def reconfigure_lines(self, config: Mapping[int, LineSettings | None]) -> None:
        self._check()
        for offset, settings in config.items():
            wanted = settings or LineSettings()
            if wanted.direction is Direction.OUTPUT:
                self._outputs[offset] = wanted.output_value.value
                self._drive(offset, wanted.output_value.value)
            elif wanted.direction is Direction.INPUT or wanted.edge_detection is not Edge.NONE:
                self._outputs.pop(offset, None)
                self._drive(offset, None)
            if wanted.edge_detection is not Edge.NONE:
                file = self._files.edge_file(offset)
                self._sensed[offset] = file.stat().st_size if file.exists() else 0

    def _check(self, *offsets: int) -> None:
        if self._released:
            raise RequestReleasedError("lines were released")
        for offset in offsets:
            if offset not in self._fds:
                raise ValueError(f"{offset} is not requested")

    def set_value(self, offset: int, value: Value) -> None:
        self.set_values({offset: value})

    def set_values(self, values: Mapping[int, Value]) -> None:
        self._check(*values)
        for offset in values:
            if offset not in self._outputs:
                raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        for offset, value in values.items():
            self._outputs[offset] = value.value
            self._drive(offset, value.value)

    def get_value(self, offset: int) -> Value:
        self._check(offset)
        return Value(self._files.level(offset))

    def wait_edge_events(self, timeout: float | None = None) -> bool:
        self._check()
        deadline_s = None if timeout is None else time.monotonic() + timeout
        while not self._waiting():
            if deadline_s is not None and time.monotonic() >= deadline_s:
                return False
            time.sleep(LOOK_EVERY_S)
        return True

    def _waiting(self) -> bool:
        for offset, position in self._sensed.items():
            file = self._files.edge_file(offset)
            if file.exists() and file.stat().st_size > position:
                return True
        return False

    def read_edge_events(self) -> list[EdgeEvent]:
        self._check()
        found = []
        for offset, position in self._sensed.items():
            file = self._files.edge_file(offset)
            data = file.read_bytes()[position:] if file.exists() else b""
            whole = data[: data.rfind(b"\n") + 1]
            self._sensed[offset] = position + len(whole)
            for text in whole.decode().splitlines():
                at_ns, level = text.split()
                self._number += 1
                kind = EdgeEvent.Type.RISING_EDGE if level == "1" else EdgeEvent.Type.FALLING_EDGE
                found.append(EdgeEvent(kind, int(at_ns), offset, self._number, self._number))
        return sorted(found, key=lambda event: event.timestamp_ns)

    def release(self) -> None:
        for fd in self._fds.values():
            os.close(fd)
        self._fds, self._released = {}, True

    def __enter__(self) -> LineRequest:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def request_lines(
    path: str,
    config: Mapping[int, LineSettings],
    consumer: str | None = None,
    event_buffer_size: int | None = None,
) -> LineRequest:
    return LineRequest(_Files(path), consumer or "?", config)


def is_gpiochip_device(path: str) -> bool:
    return (Path(path) / "chip.json").exists()


__all__: Iterable[str] = ("Chip", "LineSettings", "line", "request_lines")
