"""The live view of `rig led watch`: one line that changes on a terminal, one line for each change in a pipe."""

from __future__ import annotations

from types import TracebackType
from typing import Final

from rich.console import Group
from rich.live import Live
from rich.text import Text

from rig.cli.output import console, say
from rig.led import DecoderState

HISTORY: Final = 12
OTHERS: Final = 5
BAR: Final = 20


class LiveView:
    """Shows each new state of the LED. A context manager, so that the terminal is left in order."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._history: list[tuple[float, str]] = []
        console_ = console()
        self._live = Live(console=console_, refresh_per_second=10) if console_.is_terminal else None

    def __enter__(self) -> LiveView:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the live display; the last state stays on the terminal."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, now_s: float, state: DecoderState) -> None:
        """Show `state` as that at `now_s` (s since the view began)."""
        label = state.code or "?"
        changed = not self._history or self._history[-1][1] != label
        if changed:
            self._history.append((now_s, label))
        if self._live is not None:
            self._live.update(self._panel(now_s, state))
        elif changed:
            say(f"{now_s:8.2f} s  {label:<24} {possible(state)}")

    def _panel(self, now_s: float, state: DecoderState) -> Group:
        sure = state.posterior.get(state.code, 0.0) if state.code else 0.0
        lines = [
            Text(f"{self._title}   {now_s:.1f} s", style="dim"),
            Text.assemble(
                (f"{state.code or 'undecided':<24}", "bold"), f" {'█' * round(BAR * sure):<{BAR}} {sure:.0%}"
            ),
            Text(f"possible: {possible(state)}"),
            Text("history:  " + "  ".join(f"{at_s:.1f} s {label}" for at_s, label in self._history[-HISTORY:])),
        ]
        return Group(*lines)


def possible(state: DecoderState) -> str:
    """The codes still possible, likeliest first."""
    shown = [f"{code} {state.posterior.get(code, 0.0):.0%}" for code in state.possible[:OTHERS]]
    more = len(state.possible) - OTHERS
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "") if shown else "light that fits no code"
