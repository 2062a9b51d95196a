"""A gpiozero pin factory on the kernel's GPIO lines, so that relays and switches are gpiozero's devices here as well.

Each pin is a line request of its own from the first use until `close`; the kernel lets no other program have it
meanwhile. A pin that a keeper holds is driven by the keeper alone. Edges and PWM are not offered: nothing here uses
them. A board of unknown type is taken for one with the 40-pin header.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final, Protocol

from gpiozero.exc import PinEdgeDetectUnsupported, PinInvalidFunction, PinInvalidPull, PinSetInput
from gpiozero.pins.pi import PiBoardInfo, PiFactory, PiPin

from rig.drivers.kernel.chip import client, request_lines
from rig.errors import BenchConnectionError

REVISION_OF_A_PI_5: Final = 0xD04170  # its header is that of all Pis with 40 pins
PULLS: Final = {"up": "PULL_UP", "down": "PULL_DOWN", "floating": "DISABLED"}


class KeptLine(Protocol):
    """A line that a process of its own holds."""

    def drive(self, high: bool) -> None:
        """Drive it; returns when it is done.

        Raises:
            BenchFault: it can't be driven high, as its keeper is gone.
        """
        ...

    @property
    def level(self) -> bool:
        """Whether it is high."""
        ...

    def give_back(self) -> None:
        """Drive it low and let it go."""
        ...


class KernelFactory(PiFactory):  # type: ignore[misc]  # gpiozero has no types
    """Pins of the GPIO chip at `path`, called `label`; those in `kept` are held by somebody else."""

    def __init__(self, label: str, path: str, kept: Mapping[int, KeptLine] | None = None) -> None:
        super().__init__()
        self._info: Any = None
        self.label, self.path = label, path
        self.kept = dict(kept or {})
        self.pin_class = KernelPin

    def _get_board_info(self) -> Any:
        if self._info is None:
            self._info = PiBoardInfo.from_revision(REVISION_OF_A_PI_5)
        return self._info

    def ticks(self) -> float:
        """Seconds of the clock that the kernel stamps edges with."""
        return time.monotonic()

    def ticks_diff(self, later: float, earlier: float) -> float:
        """Seconds between two of them."""
        return later - earlier


class KernelPin(PiPin):  # type: ignore[misc]
    """One pin, untouched until it gets a function."""

    def __init__(self, factory: KernelFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._kept = factory.kept.get(self._number)
        self._request: Any = None
        self._function, self._pull = "input", "floating"

    def close(self) -> None:
        """Give the line back."""
        if self._kept is not None:
            self._kept.give_back()
        request, self._request = self._request, None
        if request is not None:
            request.release()

    def output_with_state(self, state: bool) -> None:
        """Make it an output that has its level from the first moment on."""
        if self._kept is not None:
            self._kept.drive(bool(state))
        else:
            line = client().line
            value = line.Value.ACTIVE if state else line.Value.INACTIVE
            self._set(client().LineSettings(direction=line.Direction.OUTPUT, output_value=value))
        self._function = "output"

    def _get_function(self) -> str:
        return self._function

    def _set_function(self, value: str) -> None:
        if value == "output":
            self.output_with_state(False)
        elif value == "input" and self._kept is None:
            self._as_input()
        else:
            raise PinInvalidFunction(f"{self!r} can't be made an {value!r}")

    def _as_input(self) -> None:
        line = client().line
        bias = getattr(line.Bias, PULLS[self._pull])
        self._set(client().LineSettings(direction=line.Direction.INPUT, bias=bias))
        self._function = "input"

    def _set(self, settings: Any) -> None:
        if self._request is None:
            self._request = request_lines(self.factory.path, {self._number: settings}, f"{self!r}")
        else:
            self._request.reconfigure_lines({self._number: settings})

    def _get_state(self) -> bool:
        if self._kept is not None:
            return self._kept.level
        if self._request is None:
            self._as_input()
        return bool(self._request.get_value(self._number) == client().line.Value.ACTIVE)

    def _set_state(self, value: float) -> None:
        if self._function != "output":
            raise PinSetInput(f"cannot set state of pin {self!r}: it is an input")
        if self._kept is not None:
            self._kept.drive(bool(value))
            return
        line = client().line
        try:
            self._request.set_value(self._number, line.Value.ACTIVE if value else line.Value.INACTIVE)
        except OSError as error:
            raise BenchConnectionError(f"{self!r} of {self.factory.path} can't be switched: {error}") from error

    def _get_pull(self) -> str:
        return self._pull

    def _set_pull(self, value: str) -> None:
        if value not in PULLS:
            raise PinInvalidPull(f"{self!r}: no pull {value!r}; expected one of {', '.join(PULLS)}")
        self._pull = value
        self._as_input()

    def _enable_event_detect(self) -> None:
        raise PinEdgeDetectUnsupported(f"{self!r}: edges are not offered here")

    def _disable_event_detect(self) -> None:
        """Nothing was enabled."""
