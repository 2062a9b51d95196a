"""Names that people type: which one was probably meant, and what is so near to another that it is a misspelling."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST_SLIPS = 2
SHORT = 3  # in a word of up to three letters another letter makes another word: led and lcd


def did_you_mean(said: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The known name most like `said`, as the question `is 'x' meant?`; empty if none is like it."""
    near = get_close_matches(said.lower(), list(known), n=1, cutoff=cutoff)
    return f"is {near[0]!r} meant?" if near else ""


def misspelling_of(said: str, known: Iterable[str]) -> str:
    """The known name of which `said` is very likely a misspelling; empty if it is a name of its own.

    That is: the same letters in capitals or with other separators, or as many words of which at most two differ, each
    by one slip (a letter too few, too many, another one, or two exchanged). `boot_to_relay` is no `boot_to_ready`.
    """
    return next((name for name in known if name != said and _is_slip(_plain(said), _plain(name))), "")


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")


def _is_slip(said: str, name: str) -> bool:
    if said.replace("_", "") == name.replace("_", ""):
        return True
    pairs = list(zip(said.split("_"), name.split("_"), strict=False))
    if len(said.split("_")) != len(name.split("_")):
        return False
    differ = [(one, other) for one, other in pairs if one != other]
    return len(differ) <= MOST_SLIPS and all(_one_slip(one, other) for one, other in differ)


def _one_slip(one: str, other: str) -> bool:
    """Of two words that differ. A number in a word is no slip: led1 and led2 are two things."""
    if any(letter.isdigit() for letter in one + other):
        return False
    if len(one) == len(other):
        places = [n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        if len(places) == 1:
            return len(one) > SHORT
        first, last = places[0], places[-1]
        return len(places) == 2 and last == first + 1 and (one[first], one[last]) == (other[last], other[first])
    longer, shorter = (one, other) if len(one) > len(other) else (other, one)
    return len(longer) == len(shorter) + 1 and any(longer[:n] + longer[n + 1 :] == shorter for n in range(len(longer)))
