"""The rule engine: declarations are kept, order is declared, text is output only, thresholds are facts."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from diagnosis_scenes import DARK, light, on, recording, supply

from rig.diagnosis import DeviceFacts, EvidenceItem, FaultDomain, Verdict, judge
from rig.diagnosis import thresholds as facts
from rig.diagnosis.engine import deliberate, scene_of, strict_order
from rig.diagnosis.hypothesis import Hypothesis, Objection, Weight
from rig.diagnosis.registry import REGISTRY, Alternative, Amendment, Registry, Rule, RuleError, Veto, ordered
from rig.diagnosis.scene import Scene
from rig.diagnosis.tags import Tag
from rig.diagnosis.text.advice import book
from rig.diagnosis.text.deliberation import explain_deliberation
from rig.diagnosis.verdicts import TRAITS, Trait, with_trait, without_trait

ROOM = Path(__file__).resolve().parents[2] / "rig" / "diagnosis"
JUDGING = sorted(
    path for folder in ("rules", "checks", "features", "corrections") for path in ROOM.glob(f"{folder}/*.py")
)
ALL = sorted(ROOM.rglob("*.py"))


def scene() -> Scene:
    """A device that searches for its network until the end."""
    found = scene_of(recording(on(0.0)), light((DARK, 0.5), ("searching", 20.0)))
    assert found is not None
    return found


def proposing(verdict: Verdict, score: float) -> Callable[[Scene], Hypothesis | None]:
    return lambda scene: Hypothesis(verdict, score, "because", (), (0.0, 1.0))


def registry(*rules: Rule, vetoes: tuple[Veto, ...] = ()) -> Registry:
    return Registry({r.name: r for r in rules}, {v.name: v for v in vetoes})


def rule(name: str, verdict: Verdict, score: float, **how: object) -> Rule:
    return Rule(name, proposing(verdict, score), frozenset({verdict}), **how)  # type: ignore[arg-type]


LOST = rule("lost_a", Verdict.LOST_CONNECTION, 0.70)


def test_a_verdict_that_is_not_declared_is_refused() -> None:
    lying = Rule("lying", proposing(Verdict.DEAD, 0.9), frozenset({Verdict.CONNECTED}))
    with pytest.raises(RuleError, match="rule lying returned dead; it declares connected"):
        deliberate(scene(), registry(lying))


def test_a_rule_is_not_asked_without_the_traces_that_it_needs() -> None:
    needing = rule("needing", Verdict.DEAD, 0.9, needs=("supply_a",))
    assert deliberate(scene(), registry(needing)) == []


def test_equal_ones_come_in_the_declared_order_however_they_were_registered() -> None:
    first = rule("z_first", Verdict.BROWNOUT_LOOP, 0.70, before=("lost_a",))
    for rules in ((first, LOST), (LOST, first)):
        assert [w.rule.name for w in deliberate(scene(), registry(*rules))] == ["z_first", "lost_a"]


def test_a_near_tie_without_a_declared_order_fails_where_order_is_strict() -> None:
    close = registry(LOST, rule("close", Verdict.BROWNOUT_LOOP, 0.71))
    with pytest.raises(RuleError, match=r"close .* leads lost_a .* by less than 0.02"):
        deliberate(scene(), close)
    told_apart = registry(LOST, rule("apart", Verdict.BROWNOUT_LOOP, 0.73))
    same_verdict = registry(LOST, rule("same", Verdict.LOST_CONNECTION, 0.71))
    declared = registry(LOST, rule("close", Verdict.BROWNOUT_LOOP, 0.71, before=("lost_a",)))
    for fine in (told_apart, same_verdict, declared):
        assert len(deliberate(scene(), fine)) == 2


def test_a_circle_and_an_unknown_name_in_the_declared_order_are_refused() -> None:
    with pytest.raises(RuleError, match="circle: "):
        ordered({"a": ("b",), "b": ("a",)})
    with pytest.raises(RuleError, match="a is declared before 'c', which is not there"):
        ordered({"a": ("c",)})
    assert ordered({"b": (), "a": (), "c": ("a",)}) == ["b", "c", "a"]


def test_objections_multiply_and_continue_the_reason_the_heaviest_first() -> None:
    odd = Veto("odd", lambda s, h: Objection("but odd"), frozenset({Verdict.LOST_CONNECTION}), Weight.ODD)
    none = Veto("none", lambda s, h: None, frozenset({Verdict.LOST_CONNECTION}), Weight.IMPOSSIBLE)
    other = Veto("other", lambda s, h: Objection("but other"), frozenset({Verdict.DEAD}), Weight.IMPOSSIBLE)
    grave = Veto(
        "z_grave",
        lambda s, h: Objection("but impossible", suspects_colours=True),
        frozenset({Verdict.LOST_CONNECTION}),
        Weight.IMPOSSIBLE,
    )
    (weighed,) = deliberate(scene(), registry(LOST, vetoes=(odd, none, other, grave)))
    assert weighed.confidence == pytest.approx(0.70 * 0.4 * 0.6)
    assert weighed.suspects_colours
    assert weighed.hypothesis.reason.startswith("because; but impossible: suspect the LED's colours")
    assert weighed.hypothesis.reason.endswith("; but odd")
    text = explain_deliberation([weighed], 0.5, registry(LOST))
    assert "1. lost_connection by rule lost_a" in text
    assert "x 0.4 z_grave (impossible)" in text
    assert "confidence: 0.700 x 0.4 x 0.6 = 0.168" in text


def shuffled(seed: int) -> Registry:
    """What judges, registered in another order."""

    def mixed(entries: dict) -> dict:
        names = list(entries)
        random.Random(seed).shuffle(names)
        return {name: entries[name] for name in names}

    parts = (REGISTRY.rules, REGISTRY.vetoes, REGISTRY.amendments, REGISTRY.alternatives)
    return Registry(*(mixed(part) for part in parts))


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_registration_means_nothing(seed: int) -> None:
    """Beside this, every test of the rig runs with its rules in a shuffled order (tests/conftest.py)."""
    other = shuffled(seed)
    assert list(other.rules) != list(REGISTRY.rules)
    for part in ("rules", "vetoes", "amendments", "alternatives"):
        names = [one.name for one in getattr(REGISTRY, f"ordered_{part}")()]
        assert names == [one.name for one in getattr(other, f"ordered_{part}")()]


def test_drop_outs_of_the_current_come_before_a_crash() -> None:
    """Both rest on a score of 0.7 set by hand: what decides is declared."""
    assert "crash_loop" in REGISTRY.rules["current_dropouts"].before
    assert REGISTRY.declares_order("crash_loop", "current_dropouts")


def test_every_verdict_has_traits_a_page_and_a_rule() -> None:
    assert set(TRAITS) == set(Verdict) == set(book().pages)
    decided = {verdict for rule in REGISTRY.rules.values() for verdict in rule.decides}
    assert decided == set(Verdict)


def test_every_trait_is_asked_for_and_every_tag_is_given() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in ALL)
    for trait in Trait:
        asked = re.search(rf"(with|without)_trait\([^)]*Trait\.{trait.name}\b", source)
        assert asked or trait is Trait.NONE, trait
        assert with_trait(trait) | without_trait(trait) == set(Verdict)
    rules = "\n".join(path.read_text(encoding="utf-8") for path in [*JUDGING, ROOM / "amendments.py"])
    assert [tag.name for tag in Tag if f"Tag.{tag.name}" not in rules] == []


def test_every_entry_of_the_registry_says_what_it_does() -> None:
    entries: list[Rule | Veto | Amendment | Alternative] = [
        *REGISTRY.rules.values(),
        *REGISTRY.vetoes.values(),
        *REGISTRY.amendments.values(),
        *REGISTRY.alternatives.values(),
    ]
    for entry in entries:
        function = next(v for v in vars(entry).values() if callable(v))
        assert function.__doc__, entry.name


ARITHMETIC = {0.0, 1.0, 1000.0, 1e-9}  # nothing, all, milli, and a divisor that is not nothing


@pytest.mark.parametrize("path", JUDGING, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_threshold_is_a_named_fact(path: Path) -> None:
    """A number in a rule, veto or feature has a name, unit, source and certainty in `rig.diagnosis.thresholds`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defaults = {id(n) for c in ast.walk(tree) if isinstance(c, ast.ClassDef) for n in ast.walk(c)}
    found = [
        f"line {node.lineno}: {node.value}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
        if node.value not in ARITHMETIC and id(node) not in defaults
    ]
    assert not found


def test_every_fact_has_unit_source_and_certainty() -> None:
    named = {name: value for name, value in vars(facts).items() if isinstance(value, facts.Fact)}
    assert len(named) > 150
    for name, fact in named.items():
        assert fact.unit, name
        assert fact.source, name
        assert 0.0 <= fact <= 1.0 or fact.unit != "score", name
    used = "\n".join(path.read_text(encoding="utf-8") for path in ALL if path.name != "thresholds.py")
    assert [name for name in named if name not in used] == []


OUTPUT_ONLY = {"text", "reason", "summary", "meaning", "title", "next_step"}


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(ROOM)))
def test_no_code_reads_a_sentence_back(path: Path) -> None:
    """Rewording evidence, a reason or advice must change no verdict: nothing compares or searches them."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare):
            for side in (node.left, *node.comparators):
                assert not (isinstance(side, ast.Attribute) and side.attr in OUTPUT_ONLY), f"line {node.lineno}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            searched = node.func.attr in ("startswith", "endswith", "find", "index", "count", "split", "partition")
            inside = isinstance(node.func.value, ast.Attribute) and node.func.value.attr in OUTPUT_ONLY
            assert not (searched and inside), f"line {node.lineno}"


def test_other_words_for_evidence_and_advice_change_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = recording(on(0.0))
    shown = light((DARK, 0.5), ("joining", 20.0))
    before = judge(seen, shown, device=DeviceFacts())
    monkeypatch.setattr("rig.diagnosis.scene.SceneSpan.item", lambda span: _said(span.start_s, span.end_s))
    monkeypatch.setattr("rig.diagnosis.engine.advice_for", lambda *_: ("do as you like",))
    after = judge(seen, shown, device=DeviceFacts())
    assert (after.verdict, after.confidence, after.fault_domain) == (
        before.verdict,
        before.confidence,
        before.fault_domain,
    )
    assert after.evidence != before.evidence


def _said(start_s: float, end_s: float) -> EvidenceItem:
    return EvidenceItem(start_s, end_s, "something", "led")


def test_strict_order_ends_with_its_block() -> None:
    close = registry(LOST, rule("close", Verdict.BROWNOUT_LOOP, 0.71))
    with strict_order(), pytest.raises(RuleError):
        deliberate(scene(), close)


def test_the_supply_of_a_connected_device_is_told_beside_it() -> None:
    """Amendments complete the winner, whatever won."""
    high = judge(recording(on(0.0), traces=supply(20.0, 4.0)), light((DARK, 0.5), ("connected", 19.0)))
    assert high.verdict is Verdict.CONNECTED
    assert "too high" in high.summary
    assert high.fault_domain is FaultDomain.NONE
