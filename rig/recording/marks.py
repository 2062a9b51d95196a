"""Named stretches of time as a channel beside the traces: decoded codes, and what the rig did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rig.recording.recording import Floats, Recording

SHOWN_S: Final = 0.005  # an action that took no time is shown for this long
NONE: Final = "-"


@dataclass(frozen=True)
class Marks:
    """A channel of texts: from `times_s[i]` (s, shape (N,), rising) on it says `texts[i]`; "-" is nothing."""

    name: str
    times_s: Floats
    texts: tuple[str, ...]

    @classmethod
    def of(cls, name: str, stretches: Iterable[tuple[float, float, str]]) -> Marks:
        """The channel of stretches (start s, end s, text). Where several hold, their texts are joined by '+'."""
        shown = [(a, max(b, a + SHOWN_S), _word(text)) for a, b, text in stretches]
        edges = sorted({edge for a, b, _ in shown for edge in (a, b)})
        changes: list[tuple[float, str]] = []
        for edge in edges:
            text = "+".join(dict.fromkeys(text for a, b, text in shown if a <= edge < b)) or NONE
            if not changes or changes[-1][1] != text:
                changes.append((edge, text))
        return cls(name, np.array([t for t, _ in changes], dtype=np.float64), tuple(text for _, text in changes))

    def at(self, times_s: Floats) -> list[str]:
        """What the channel says at each time (s)."""
        return [NONE if i < 0 else self.texts[i] for i in self._index(times_s)]

    def holds(self, word: str, times_s: Floats) -> NDArray[np.bool_]:
        """Whether `word` is among what the channel says, at each time (s)."""
        said = np.array([word in text.split("+") for text in self.texts] + [False])
        return said[self._index(times_s)]  # type: ignore[no-any-return]

    @property
    def words(self) -> tuple[str, ...]:
        """All words that the channel ever says, in their order of appearance."""
        return tuple(dict.fromkeys(word for text in self.texts for word in text.split("+") if word != NONE))

    def _index(self, times_s: Floats) -> NDArray[Any]:
        return np.searchsorted(self.times_s, times_s, side="right") - 1


def marks_of(recording: Recording, codes: Sequence[tuple[float, float, str]]) -> tuple[Marks, Marks, Marks]:
    """The channels `code`, `action` and `blanked` of a recording; `codes` are what was decoded from its light."""
    actions = [(a.start_s, a.end_s, a.kind) for a in recording.actions]
    windows = [(w.start_s, w.end_s, w.reason) for w in recording.secret_windows]
    return Marks.of("code", codes), Marks.of("action", actions), Marks.of("blanked", windows)


def _word(text: str) -> str:
    """`text` without what ends a word in the formats that marks are written to."""
    kept = "".join(c if c.isascii() and c.isprintable() and c not in ' "+,;#' else "_" for c in text)
    return kept[:100] or "_"
