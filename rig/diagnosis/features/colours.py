"""Single flashes that answer a BlinkUp: too short for the decoder to be sure of, plain where one is expected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rig.recording import Action


@dataclass(frozen=True)
class Colour:
    """A stretch of one colour, D R A G or '?'."""

    start_s: float
    end_s: float
    letter: str

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Answer:
    """A flash that answers a BlinkUp, with the code that it stands for."""

    start_s: float
    end_s: float
    code: str


# Green: 3 s by the guide; flashes of other patterns (0.5 s) stay well below. Red: forum 6888, assumed 0.5 to 2 s.
_GREEN_S = (1.5, 4.0)
_RED_S = (0.4, 2.1)
_WITHIN_S = 3.0
# Old impOS: users saw one short green (forum 249, 876), after a pause longer than any pattern's dark.
_SHORT_GREEN_S = (0.1, 1.0)
_SOON_S = 1.5
_PAUSE_S = 0.7
_SOLID_S = 1.0  # no pattern but an update is green for so long


def joined(colours: Iterable[Colour]) -> list[Colour]:
    """Neighbours of one colour as one stretch."""
    out: list[Colour] = []
    for colour in colours:
        if out and out[-1].letter == colour.letter and colour.start_s - out[-1].end_s < 0.05:
            out[-1] = replace(out[-1], end_s=colour.end_s)
        else:
            out.append(colour)
    return out


def answers(colours: Iterable[Colour], sends: Iterable[Action], *, start_seen: bool = False) -> list[Answer]:
    """What answers a BlinkUp, in order of time.

    Green of about 3 s, or a short one after a pause, soon after it; red of about 1 s during or right after it, if it is
    not the first light of a start that was seen.
    """
    runs = joined(colours)
    first_s = min((run.start_s for run in runs if run.letter in "RAG"), default=0.0)
    found: set[tuple[float, float, str]] = set()
    for send in sends:
        solid = any(
            run.letter == "G" and run.start_s <= send.start_s - _SOLID_S and run.end_s >= send.start_s for run in runs
        )
        for i, run in enumerate(runs):
            before = runs[i - 1] if i else None
            paused = before is not None and before.letter == "D" and before.duration_s >= _PAUSE_S
            soon = send.end_s - 0.5 <= run.start_s <= send.end_s + _SOON_S
            after = send.end_s - 0.5 <= run.start_s <= send.end_s + _WITHIN_S
            during = send.start_s <= run.start_s <= send.end_s + _WITHIN_S
            if run.letter == "G" and solid:
                continue  # the green of an update goes on
            if run.letter == "G" and after and _GREEN_S[0] <= run.duration_s <= _GREEN_S[1]:
                found.add((run.start_s, run.end_s, "blinkup_ok"))
            elif run.letter == "G" and soon and paused and _SHORT_GREEN_S[0] <= run.duration_s <= _SHORT_GREEN_S[1]:
                found.add((run.start_s, run.end_s, "legacy_blinkup_ok"))
            elif start_seen and run.start_s == first_s:
                continue
            elif run.letter == "R" and during and _RED_S[0] <= run.duration_s <= _RED_S[1]:
                found.add((run.start_s, run.end_s, "reception_error"))
    return [Answer(*row) for row in sorted(found)]
