"""Single flashes that answer a BlinkUp: too short for the decoder to be sure of, plain where one is expected."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rig.diagnosis.thresholds import (
    ANSWER_EARLY_S,
    ANSWER_WITHIN_S,
    GREEN_ANSWER_LEAST_S,
    GREEN_ANSWER_MOST_S,
    OLD_GREEN_LEAST_S,
    OLD_GREEN_MOST_S,
    OLD_GREEN_PAUSE_S,
    OLD_GREEN_WITHIN_S,
    RED_ANSWER_LEAST_S,
    RED_ANSWER_MOST_S,
    SAME_RUN_S,
    SOLID_GREEN_S,
)
from rig.recording import Action


@dataclass(frozen=True)
class Colour:
    """A stretch of one colour, D R A G or '?'."""

    start_s: float
    end_s: float
    letter: str

    @property
    def duration_s(self) -> float:
        """Length of the stretch in s."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Answer:
    """A flash that answers a BlinkUp, with the code that it stands for."""

    start_s: float
    end_s: float
    code: str


def merged_runs(colours: Iterable[Colour]) -> list[Colour]:
    """Neighbours of one colour as one stretch."""
    out: list[Colour] = []
    for colour in colours:
        if out and out[-1].letter == colour.letter and colour.start_s - out[-1].end_s < SAME_RUN_S:
            out[-1] = replace(out[-1], end_s=colour.end_s)
        else:
            out.append(colour)
    return out


def answers(colours: Iterable[Colour], sends: Iterable[Action], *, start_seen: bool = False) -> list[Answer]:
    """What answers a BlinkUp, in order of time.

    Green of about 3 s, or a short one after a pause, soon after it; red of about 1 s during or right after it, if it is
    not the first light of a start that was seen.
    """
    runs = merged_runs(colours)
    first_s = min((run.start_s for run in runs if run.letter in "RAG"), default=0.0)
    found: set[tuple[float, float, str]] = set()
    for send in sends:
        solid = any(
            run.letter == "G" and run.start_s <= send.start_s - SOLID_GREEN_S and run.end_s >= send.start_s
            for run in runs
        )
        for i, run in enumerate(runs):
            before = runs[i - 1] if i else None
            paused = before is not None and before.letter == "D" and before.duration_s >= OLD_GREEN_PAUSE_S
            soon = send.end_s - ANSWER_EARLY_S <= run.start_s <= send.end_s + OLD_GREEN_WITHIN_S
            after = send.end_s - ANSWER_EARLY_S <= run.start_s <= send.end_s + ANSWER_WITHIN_S
            during = send.start_s <= run.start_s <= send.end_s + ANSWER_WITHIN_S
            if run.letter == "G" and solid:
                continue  # the green of an update goes on
            if run.letter == "G" and after and GREEN_ANSWER_LEAST_S <= run.duration_s <= GREEN_ANSWER_MOST_S:
                found.add((run.start_s, run.end_s, "blinkup_ok"))
            elif run.letter == "G" and soon and paused and OLD_GREEN_LEAST_S <= run.duration_s <= OLD_GREEN_MOST_S:
                found.add((run.start_s, run.end_s, "legacy_blinkup_ok"))
            elif start_seen and run.start_s == first_s:
                continue
            elif run.letter == "R" and during and RED_ANSWER_LEAST_S <= run.duration_s <= RED_ANSWER_MOST_S:
                found.add((run.start_s, run.end_s, "reception_error"))
    return [Answer(*row) for row in sorted(found)]
