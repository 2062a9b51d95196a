"""Names that people type: which one was probably meant, and what is so near to another that it is a misspelling."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

MOST_TYPOS = 2  # words of a name that may be mistyped
SHORT_WORD = 3  # letters; with another letter a word as short as that is another word: led and lcd


def did_you_mean(typed: str, names: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The name most like `typed`, as the question `is 'x' meant?`; empty if none is like it.

    `cutoff`: the least similarity, 0 to 1, as of `difflib.get_close_matches`.
    """
    close = get_close_matches(typed.lower(), list(names), n=1, cutoff=cutoff)
    return f"is {close[0]!r} meant?" if close else ""


def misspelling_of(typed: str, names: Iterable[str]) -> str:
    """The name of which `typed` is very likely a misspelling; empty if it is a name of its own.

    Misspelt is: the same letters in capitals or with other separators, or as many words of which at most two differ,
    each by one typo (a letter too few, too many, another one, or two exchanged). `boot_to_relay` is no
    `boot_to_ready`.
    """
    return next((name for name in names if name != typed and _is_misspelt(_plain(typed), _plain(name))), "")


def _plain(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")


def _is_misspelt(typed: str, name: str) -> bool:
    if typed.replace("_", "") == name.replace("_", ""):
        return True
    typed_words, words = typed.split("_"), name.split("_")
    if len(typed_words) != len(words):
        return False
    differing = [(one, other) for one, other in zip(typed_words, words, strict=True) if one != other]
    return len(differing) <= MOST_TYPOS and all(_one_typo(one, other) for one, other in differing)


def _one_typo(one: str, other: str) -> bool:
    """Whether two different words differ by one typo. A number is never one: led1 and led2 are two things."""
    if any(letter.isdigit() for letter in one + other):
        return False
    if len(one) == len(other):
        return _one_letter_replaced(one, other) or _two_letters_exchanged(one, other)
    shorter, longer = sorted((one, other), key=len)
    return any(longer[:n] + longer[n + 1 :] == shorter for n in range(len(longer)))


def _one_letter_replaced(one: str, other: str) -> bool:
    return len(one) > SHORT_WORD and sum(a != b for a, b in zip(one, other, strict=True)) == 1


def _two_letters_exchanged(one: str, other: str) -> bool:
    return any(one[:n] + one[n + 1] + one[n] + one[n + 2 :] == other for n in range(len(one) - 1))
