"""Online again and again, and lost each time: the application's fault, or that of a supply that gives way just then."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from diagnosis_scenes import Decoded, colours, light, on, recording, trace

from rig.bench.bench import open_bench
from rig.bench.dut import DeviceUnderTest
from rig.diagnosis import FaultDomain, Outcome, Verdict, judge
from rig.recording import Trace
from rig.sim.faults.registry import Faults

ONLINE_S, LOST_S = 18.0, 2.0
TIMES = 4


def seen() -> Decoded:
    """Online for 18 s and lost for 2 s, four times, and online again."""
    items = [("connected", ONLINE_S), ("lost", LOST_S)] * TIMES
    cells = "DG" * int(ONLINE_S) + "RD" * int(LOST_S)
    shown = colours(cells * TIMES + "DG" * 5, 0.5)
    return light(*items, ("connected", 5.0), segments=shown)


def losses_s() -> list[float]:
    return [ONLINE_S + n * (ONLINE_S + LOST_S) for n in range(TIMES)]


def verdict(
    sags_s: Sequence[float], *, for_s: float = 0.015, down_v: float = 1.5, open_contact: bool = False
) -> Outcome:
    """The outcome with collapses of the supply at these times."""
    end_s = TIMES * (ONLINE_S + LOST_S) + 5.0
    device_v = trace("dut_v", end_s, 3.28, *((t, for_s, down_v) for t in sags_s))
    amps = [(t, for_s, 0.001) for t in sags_s] if open_contact else []
    traces: list[Trace] = [
        device_v,
        trace("supply_v", end_s, 3.3, interval_s=0.1),
        trace("supply_a", end_s, 0.065, *amps, interval_s=0.02, unit="A"),
    ]
    return judge(recording(on(), traces=traces), seen())


@pytest.mark.parametrize("late_s", [-0.6, 0.0, 0.6])
def test_losses_at_collapses_are_the_supplys(late_s: float) -> None:
    outcome = verdict([t + late_s for t in losses_s()])
    assert outcome.verdict is Verdict.BROWNOUT_LOOP, outcome.summary
    assert outcome.fault_domain is FaultDomain.BENCH
    assert f"online {TIMES} times until its supply collapsed, down to 1.50 V and for up to 16 ms" in outcome.summary
    assert "log" not in outcome.advice[0]
    assert Verdict.RUNTIME_LOOP not in [rival for rival, _ in outcome.alternatives[:1]] or outcome.confidence > 0.8


@pytest.mark.parametrize("for_s", [0.05, 0.2])
def test_contact_that_opens_is_named(for_s: float) -> None:
    outcome = verdict(losses_s(), for_s=for_s, open_contact=True)
    assert outcome.verdict is Verdict.BROWNOUT_LOOP
    assert f"stops for {for_s * 1000:.0f} ms: a contact opens" in outcome.summary
    assert "a contact opens" not in verdict(losses_s(), for_s=for_s).summary


@pytest.mark.parametrize(
    "sags_s",
    [
        [],
        losses_s()[:1],
        [t - 9.0 for t in losses_s()],
        [*losses_s()[:2], *np.arange(3.0, 70.0, 4.1)],
    ],
    ids=["firm", "one", "elsewhere", "many"],
)
def test_losses_on_a_supply_that_does_not_explain_them_are_the_applications(sags_s: list[float]) -> None:
    outcome = verdict(sags_s)
    assert outcome.verdict is Verdict.RUNTIME_LOOP, outcome.summary
    assert outcome.fault_domain is FaultDomain.DUT


def test_restart_that_the_supply_made_is_told_of_a_device_that_is_online_in_the_end() -> None:
    shown = light(("connected", 10.0), ("lost", 2.0), ("searching", 3.0), ("connected", 45.0))
    told = []
    for sags in ([(10.0, 0.02, 1.4)], []):
        traces = [trace("dut_v", 60.0, 3.3, *sags)]
        outcome = judge(recording(on(), traces=traces), shown)
        assert outcome.verdict is Verdict.CONNECTED, outcome.summary
        told.append("the supply at the device collapsed once, which restarts it" in outcome.summary)
    assert told == [True, False]


@pytest.mark.parametrize("open_s", [0.05, 0.2])
def test_loose_contact_of_a_device_that_runs_is_never_the_devices_fault(open_s: float) -> None:
    with open_bench("simulated", seed=7) as bench:
        dut = DeviceUnderTest(bench)
        dut.make_unconfigured()
        dut.send(dut.wifi(bench.networks.provide("home")), rate_hz=142)
        assert dut.wait_for("connected", timeout_s=30)
        dut.power_cycle()
        assert dut.wait_for("connected", timeout_s=30)
        faults = Faults(bench.world)
        for n in range(4):
            faults.inject("contact.dirty", ohm=1000, after_s=8.0 * (n + 1), for_s=open_s)
        dut.watch_for(40.0)
        outcome = dut.observation().outcome
        assert outcome.verdict is Verdict.BROWNOUT_LOOP, outcome.summary
        assert outcome.fault_domain is FaultDomain.BENCH
        assert "a contact opens" in outcome.summary
