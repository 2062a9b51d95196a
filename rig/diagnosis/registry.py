"""Where rules, vetoes and amendments are entered, each knowing nothing of the others.

Life of a judgement (`rig.diagnosis.engine`):

1. Every *rule* whose traces were recorded looks at the scene and proposes a hypothesis, or None.
2. Every *veto* of a hypothesis's verdict may object. The weights of the objections multiply the hypothesis's score.
3. What is left of the scores orders the hypotheses. Of hypotheses with exactly one confidence, those of a rule that
   is declared `before` another rule come first; the place in a file, or the order of imports, decides nothing.
4. *Amendments* complete the winner with what is true beside it; *alternatives* name rivals that no rule proposes.

A rule that returns a verdict which it does not declare, and a declared order that runs in a circle, raise `RuleError`.
In tests (`engine.strict_order`) a winner that leads another verdict by less than `thresholds.NEAR_TIE`, without a
declared order between the two rules, raises it too. An exception of a rule or veto is not caught: it is a defect of
the rig.

    @rule(decides={Verdict.BROWNOUT_LOOP}, needs=("supply_a",), before=("crash_loop",))
    def current_dropouts(scene: Scene) -> Hypothesis | None:
        ...

    @veto(of={Verdict.SPI_FLASH_FAULT}, weight=Weight.IMPOSSIBLE)
    def red_draws_less_current(scene: Scene, hypothesis: Hypothesis) -> Objection | None:
        ...

`docs/adding-a-rule.md` adds one in a worked example.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Final, TypeVar

from rig.diagnosis.hypothesis import Hypothesis, Objection, Weight
from rig.diagnosis.scene import Scene
from rig.diagnosis.verdicts import Verdict

Propose = Callable[[Scene], Hypothesis | None]
Object = Callable[[Scene, Hypothesis], Objection | None]
Amend = Callable[[Scene, Hypothesis, float], tuple[Hypothesis, float]]
Rivals = Callable[[Scene, Hypothesis], Iterable[tuple[Verdict, str]]]


class RuleError(Exception):
    """A rule, veto or amendment breaks what it declares: a defect of the rig, not of bench or device."""


@dataclass(frozen=True)
class Rule:
    """A rule as declared: what it may decide, which traces it needs, and the rules that it comes before."""

    name: str
    propose: Propose
    decides: frozenset[Verdict]
    needs: tuple[str, ...] = ()
    before: tuple[str, ...] = ()


@dataclass(frozen=True)
class Veto:
    """A veto as declared: the verdicts that it may object to, and what an objection weighs unless it says otherwise."""

    name: str
    objects: Object
    of: frozenset[Verdict]
    weight: Weight


@dataclass(frozen=True)
class Amendment:
    """What completes a winner with something that is true beside it, and the amendments that it comes before."""

    name: str
    amend: Amend
    before: tuple[str, ...] = ()


@dataclass(frozen=True)
class Alternative:
    """A source of rival verdicts that no rule proposes, and the sources that it comes before."""

    name: str
    rivals: Rivals
    before: tuple[str, ...] = ()


Entry = TypeVar("Entry", Rule, Amendment, Alternative)


@dataclass
class Registry:
    """All that judges. What it gives in order does not depend on the order of registration."""

    rules: dict[str, Rule] = field(default_factory=dict)
    vetoes: dict[str, Veto] = field(default_factory=dict)
    amendments: dict[str, Amendment] = field(default_factory=dict)
    alternatives: dict[str, Alternative] = field(default_factory=dict)

    def ordered_rules(self) -> list[Rule]:
        """The rules by declared order, then by name."""
        return _in_order(self.rules)

    def ordered_vetoes(self) -> list[Veto]:
        """The vetoes, the heaviest first, then by name."""
        return sorted(self.vetoes.values(), key=lambda v: (v.weight.value, v.name))

    def ordered_amendments(self) -> list[Amendment]:
        """The amendments by declared order, then by name."""
        return _in_order(self.amendments)

    def ordered_alternatives(self) -> list[Alternative]:
        """The sources of alternatives by declared order, then by name."""
        return _in_order(self.alternatives)

    def declares_order(self, first: str, second: str) -> bool:
        """Whether one of two rules is declared to come before the other, directly or over others."""
        return second in self._after(first) or first in self._after(second)

    def _after(self, name: str) -> set[str]:
        found: set[str] = set()
        waiting = list(self.rules[name].before)
        while waiting:
            if (one := waiting.pop()) not in found:
                found.add(one)
                waiting += self.rules[one].before
        return found


def _in_order(entries: Mapping[str, Entry]) -> list[Entry]:
    return [entries[name] for name in ordered({name: entry.before for name, entry in entries.items()})]


def ordered(before: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Names such that each stands before those that it is declared to come before; else in alphabetical order.

    Raises:
        RuleError: a name is not there, or the declared order runs in a circle.
    """
    sorter: TopologicalSorter[str] = TopologicalSorter({name: set() for name in before})
    for name, later in before.items():
        for other in later:
            if other not in before:
                raise RuleError(f"{name} is declared before {other!r}, which is not there; there are {sorted(before)}")
            sorter.add(other, name)
    try:
        sorter.prepare()
    except CycleError as error:
        raise RuleError(f"the declared order runs in a circle: {' -> '.join(error.args[1])}") from None
    found: list[str] = []
    ready: list[str] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()])
        found.append(ready.pop(0))
        sorter.done(found[-1])
    return found


REGISTRY: Final = Registry()


def rule(
    *, decides: Collection[Verdict], needs: tuple[str, ...] = (), before: tuple[str, ...] = ()
) -> Callable[[Propose], Propose]:
    """Register a rule. `decides`: every verdict that it may return. `needs`: traces without which it is not asked.

    Raises:
        RuleError: there is a rule of its name, or it decides nothing.
    """

    def register(propose: Propose) -> Propose:
        name = propose.__name__
        _check_new(name, REGISTRY.rules, bool(decides))
        REGISTRY.rules[name] = Rule(name, propose, frozenset(decides), needs, before)
        return propose

    return register


def veto(*, of: Collection[Verdict], weight: Weight) -> Callable[[Object], Object]:
    """Register a veto of hypotheses with one of the verdicts `of`.

    Raises:
        RuleError: there is a veto of its name, or it is of nothing.
    """

    def register(objects: Object) -> Object:
        name = objects.__name__
        _check_new(name, REGISTRY.vetoes, bool(of))
        REGISTRY.vetoes[name] = Veto(name, objects, frozenset(of), weight)
        return objects

    return register


def amendment(*, before: tuple[str, ...] = ()) -> Callable[[Amend], Amend]:
    """Register what completes a winner: it gets scene, hypothesis and confidence, and returns the latter two.

    Raises:
        RuleError: there is an amendment of its name.
    """

    def register(amend: Amend) -> Amend:
        name = amend.__name__
        _check_new(name, REGISTRY.amendments)
        REGISTRY.amendments[name] = Amendment(name, amend, before)
        return amend

    return register


def alternative(*, before: tuple[str, ...] = ()) -> Callable[[Rivals], Rivals]:
    """Register a source of rival verdicts, each with why it is less likely.

    Raises:
        RuleError: there is a source of its name.
    """

    def register(rivals: Rivals) -> Rivals:
        name = rivals.__name__
        _check_new(name, REGISTRY.alternatives)
        REGISTRY.alternatives[name] = Alternative(name, rivals, before)
        return rivals

    return register


def _check_new(name: str, there: Collection[str], says_something: bool = True) -> None:
    if name in there:
        raise RuleError(f"{name} is registered twice")
    if not says_something:
        raise RuleError(f"{name} is registered for no verdict")
