"""The advice for each verdict, read from `advice.toml`, ordered for the evidence at hand."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from rig.diagnosis.features.stages import CODE_VERDICTS
from rig.diagnosis.outcome import FaultDomain
from rig.diagnosis.tags import Tag
from rig.diagnosis.verdicts import Verdict
from rig.errors import ConfigError


@dataclass(frozen=True)
class AdviceLine:
    """One piece of advice. With `only` it is given only if the evidence carries one of its `tags` or LED `codes`."""

    text: str
    sources: tuple[str, ...]
    tags: frozenset[Tag] = frozenset()
    codes: frozenset[str] = frozenset()
    only: bool = False

    @property
    def words(self) -> list[str]:
        """Its tags and codes as the book spells them, in alphabetical order."""
        return sorted([*(tag.value for tag in self.tags), *self.codes])

    def fits(self, tags: frozenset[Tag], codes: frozenset[str]) -> bool:
        """Whether the evidence speaks for it."""
        return bool(self.tags & tags or self.codes & codes)


@dataclass(frozen=True)
class VerdictPage:
    """What is known about one verdict: title, meaning, usual fault domain, advice."""

    title: str
    meaning: str
    domain: FaultDomain
    lines: tuple[AdviceLine, ...]


@dataclass(frozen=True)
class DomainPage:
    """What a fault domain is, and what its owner does next."""

    meaning: str
    next_step: str


@dataclass(frozen=True)
class AdviceBook:
    """All pages, advice shared by several verdicts, the domains, and sources and tags in words by key."""

    pages: dict[Verdict, VerdictPage]
    shared: dict[str, tuple[AdviceLine, ...]]
    sources: dict[str, str]
    domains: dict[FaultDomain, DomainPage]
    tags: dict[str, str]


def _lines(rows: Iterable[dict[str, Any]], sources: dict[str, str], where: str) -> tuple[AdviceLine, ...]:
    lines = []
    for row in rows:
        unknown = [key for key in row["from"] if key not in sources]
        if unknown or not row["from"]:
            raise ConfigError(f"{where}: sources {unknown or 'missing'} of {row['text']!r} don't stand in [sources]")
        words = frozenset(row.get("tags", ()))
        codes = words & CODE_VERDICTS.keys()
        tags = frozenset(Tag(word) for word in words - codes)
        lines.append(AdviceLine(row["text"], tuple(row["from"]), tags, codes, bool(row.get("only", False))))
    return tuple(lines)


def read_book(text: str, where: str = "advice.toml") -> AdviceBook:
    """Read a book of advice.

    Raises:
        ConfigError: it is no TOML, lacks a verdict or a key, or names an unknown verdict, domain or source.
    """
    try:
        data = tomllib.loads(text)
        sources = dict(data["sources"])
        pages = {
            Verdict(name): VerdictPage(
                page["title"], page["meaning"], FaultDomain(page["domain"]), _lines(page["advice"], sources, where)
            )
            for name, page in data["verdicts"].items()
        }
        domains = {FaultDomain(name): DomainPage(row["meaning"], row["next"]) for name, row in data["domains"].items()}
        tags = dict(data["tags"])
        shared = {name: _lines(block["advice"], sources, where) for name, block in data.get("shared", {}).items()}
    except ConfigError:
        raise
    except KeyError as error:
        raise ConfigError(f"{where}: key {error} is missing") from error
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"{where}: {error}") from error
    missing = [v.value for v in Verdict if v not in pages]
    if missing:
        raise ConfigError(f"{where}: no page for {', '.join(missing)}")
    unsaid = [d.value for d in FaultDomain if d not in domains]
    unsaid += sorted({tag for page in pages.values() for line in page.lines for tag in line.words} - tags.keys())
    if unsaid:
        raise ConfigError(f"{where}: not explained under [domains] or [tags]: {', '.join(unsaid)}")
    return AdviceBook(pages, shared, sources, domains, tags)


@cache
def book() -> AdviceBook:
    """The book that comes with the rig."""
    return read_book(resources.files("rig.diagnosis.text").joinpath("advice.toml").read_text("utf-8"))


def page_of(verdict: Verdict) -> VerdictPage:
    """Title, meaning and usual domain of a verdict."""
    return book().pages[verdict]


def advice_for(
    verdict: Verdict, tags: frozenset[Tag] = frozenset(), codes: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Advice, likeliest first: lines that the evidence (tags, LED codes) speaks for, then the others in book order."""
    shared = [line for name, lines in book().shared.items() if name in tags for line in lines]
    own = [line for line in page_of(verdict).lines if not line.only or line.fits(tags, codes)]
    own.sort(key=lambda line: not line.fits(tags, codes))
    return tuple(dict.fromkeys(line.text for line in (*shared, *own)))


_DOMAIN_WORDS = {
    FaultDomain.DUT: "The fault lies with the device.",
    FaultDomain.BENCH: "The fault lies with the bench.",
    FaultDomain.INFRASTRUCTURE: "The fault lies with the network or the server.",
    FaultDomain.CONFIGURATION: "The fault lies with the configuration or with conditions made on purpose.",
    FaultDomain.NONE: "Nothing is at fault.",
    FaultDomain.UNKNOWN: "Whose fault it is can't be told from this.",
}


def summary_of(
    title: str, meaning: str, reason: str, domain: FaultDomain, verdict: Verdict, expectation: Verdict | None
) -> str:
    """One paragraph: what it is, what was seen, whose fault it is, and how that compares with what was expected."""
    text = f"{title}. {meaning} Seen: {reason}. {_DOMAIN_WORDS[domain]}"
    if expectation is not None:
        text += " This was expected." if verdict is expectation else f" Expected was: {page_of(expectation).title}."
    return text


def without_blame(summary: str) -> str:
    """A summary that blames nobody, without saying so: for a test that failed for a reason of its own."""
    return summary.replace(f" {_DOMAIN_WORDS[FaultDomain.NONE]}", "")
