"""Each fault of the bench is named by a check or a verdict, and none is ever blamed on the device."""

from __future__ import annotations

import re

import pytest
from fault_scenes import CASES, Case, Open, broken, powered

from rig.bench.bench import Bench
from rig.diagnosis import FaultDomain, Verdict
from rig.errors import BenchError
from rig.sim.faults.registry import FAULT_KINDS, Faults

SEEDS = (1, 2, 3)


def test_every_fault_has_a_case() -> None:
    assert {case.name for case in CASES} == set(FAULT_KINDS)


@pytest.mark.parametrize("case", [c for c in CASES if c.scene is None], ids=lambda case: case.id)
def test_bench_that_opens_broken_says_so(case: Case, open_broken: Open) -> None:
    config = broken({"name": case.name, **case.parameters})
    for seed in SEEDS:
        with pytest.raises(BenchError) as caught:
            open_broken(config, seed)
        assert re.search(case.error, str(caught.value)), f"seed {seed}: {caught.value}"


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", [c for c in CASES if c.scene is not None], ids=lambda case: case.id)
def test_fault_is_named_and_never_the_devices(case: Case, seed: int, open_broken: Open) -> None:
    assert case.scene is not None
    bench = open_broken(seed=seed)

    def inject(broken_bench: Bench) -> None:
        Faults(broken_bench.world).inject(case.name, **case.parameters)

    if case.error:
        with pytest.raises(BenchError) as caught:
            case.scene(bench, inject)
        assert re.search(case.error, str(caught.value)), str(caught.value)
        return
    seen = case.scene(bench, inject)
    outcome = seen.outcome
    assert outcome.fault_domain is not FaultDomain.DUT, outcome.summary
    assert outcome.verdict in case.verdicts, outcome.summary
    assert re.search(case.summary, outcome.summary), outcome.summary
    if case.problem:
        assert case.problem in {problem.kind for problem in seen.decoded.problems}, seen.decoded.problems
    if outcome.verdict is Verdict.UNDECIDED or case.verdicts == (Verdict.BROWNOUT_LOOP,):
        assert outcome.fault_domain is FaultDomain.BENCH, outcome.summary


@pytest.mark.parametrize("seed", SEEDS)
def test_sound_bench_has_nothing_to_say(seed: int, open_broken: Open) -> None:
    """The checks would be worth nothing if they also spoke of a bench that is sound."""
    seen = powered(open_broken(seed=seed), lambda _: None)
    assert seen.outcome.verdict is Verdict.NO_SETTINGS, seen.outcome.summary
    assert seen.decoded.problems == ()


@pytest.mark.parametrize("name", ["light.lid_opened", "light.sunlight", "light.flicker"])
def test_what_ends_leaves_a_sound_bench(name: str, open_broken: Open) -> None:
    bench = open_broken()
    Faults(bench.world).inject(name, for_s=1.0)
    bench.clock.sleep(2.0)
    assert powered(bench, lambda _: None).outcome.verdict is Verdict.NO_SETTINGS
