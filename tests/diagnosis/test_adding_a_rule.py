"""The worked example of docs/adding-a-rule.md does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from diagnosis_scenes import DARK, light, on, recording, trace

from rig.diagnosis import DeviceFacts, Verdict, judge
from rig.diagnosis.registry import REGISTRY
from rig.recording import Trace

PAGE = Path(__file__).resolve().parents[2] / "docs" / "adding-a-rule.md"


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> None:
    """The code of the page, registered for one test."""
    monkeypatch.setattr(REGISTRY, "rules", dict(REGISTRY.rules))
    monkeypatch.setattr(REGISTRY, "vetoes", dict(REGISTRY.vetoes))
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})


def pausing() -> tuple[Trace, ...]:
    times_s = np.arange(0.0, 20.0, 0.01)
    amps = np.where(times_s % 1.0 < 0.03, 0.0, 0.09)
    return trace("dut_v", 20.0, 3.3), Trace("supply_a", "A", times_s, amps)


def seen() -> Verdict:
    shown = light((DARK, 0.5), ("connected", 19.0))
    return judge(recording(on(0.0), traces=pausing()), shown, device=DeviceFacts()).verdict


def test_without_the_rule_nothing_says_so() -> None:
    assert seen() is not Verdict.RUNTIME_LOOP


@pytest.mark.usefixtures("example")
def test_the_rule_of_the_page_decides() -> None:
    assert {"pauses_while_online"} <= set(REGISTRY.rules)
    assert {"pauses_on_a_short_supply"} <= set(REGISTRY.vetoes)
    assert "pauses_while_online" in [r.name for r in REGISTRY.ordered_rules()]
    outcome = judge(recording(on(0.0), traces=pausing()), light((DARK, 0.5), ("connected", 19.0)), device=DeviceFacts())
    rivals = {outcome.verdict, *(verdict for verdict, _ in outcome.alternatives)}
    assert Verdict.RUNTIME_LOOP in rivals
