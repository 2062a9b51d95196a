"""The benchmark of scenarios: its data names what exists, a seed is one world, its truth is the device's history."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from rig.diagnosis import FaultDomain, Outcome, Verdict
from rig.sim.faults.device import DEFECT_KINDS
from rig.sim.imp.ledtable import LED_STATES

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
# Shown only beside BlinkUp, in factories, or folded into another truth.
NO_TRUTH_OF_THEIR_OWN = {
    "blinkup_ok",
    "legacy_blinkup_ok",
    "legacy_blinkup_fail",
    "reception_error",
    "normal_operation",
    "flash_ingest",
    "blessed",
    "bless_failed",
    "power_fault",
}


@pytest.fixture(scope="module")
def modules() -> tuple[Any, Any]:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("scenario_worlds"), importlib.import_module("scenario_truth")
    finally:
        sys.path.remove(str(BENCHMARKS))


def declared(worlds: Any) -> dict[str, list[str]]:
    rows = worlds.data()
    return {**rows["right"], **{truth: row["right"] for row in rows["declared"] for truth in row["truths"]}}


def test_the_data_names_what_exists(modules: tuple[Any, Any]) -> None:
    worlds, _ = modules
    assert {Verdict(name) for names in declared(worlds).values() for name in names}
    assert set(worlds.data()["defects"]) <= set(DEFECT_KINDS)
    assert set(worlds.data()["colours_lie"]["defects"]) <= set(DEFECT_KINDS)
    for who in worlds.data()["defects"].values():
        assert set(who) - {"*"} <= set(worlds.names("devices"))
    assert all(row["reason"] for row in worlds.data()["declared"])


def test_every_state_of_the_simulated_led_has_a_right_verdict(modules: tuple[Any, Any]) -> None:
    worlds, truth = modules
    kinds = {truth._kind(state, [], 0, False) for state in set(LED_STATES) - NO_TRUTH_OF_THEIR_OWN}
    assert kinds - {"fastrom"} <= set(declared(worlds))


def test_a_seed_is_a_world_and_all_devices_and_networks_are_met(modules: tuple[Any, Any]) -> None:
    worlds, _ = modules
    ranges = worlds.data()["judged"]
    drawn = [worlds.plan(seed, ranges) for seed in range(2000)]
    assert drawn[:50] == [worlds.plan(seed, ranges) for seed in range(50)]
    assert {p.device for p in drawn} == set(worlds.names("devices"))
    assert {p.network for p in drawn} == {"", *worlds.names("networks")}
    assert {p.story for p in drawn} == set(worlds.data()["stories"])
    rare = {"app.blinkup_off", "modem.silent", "flash.blank"}  # of one device each
    assert {p.defect for p in drawn} | rare == {"", *worlds.data()["defects"]}
    assert {p.wrong for p in drawn} == {"", "ssid", "password"}
    assert {p.supply for p in drawn} == {"firm", "series", "limit", "set_point"}


def run_of(worlds: Any, *rows: tuple[float, str], verdict: Verdict = Verdict.UNDECIDED, **changes: Any) -> Any:
    plan = dataclasses.replace(
        worlds.plan(1, worlds.data()["tuning"]), device="imp003", network="home", story="stored", defect="", wrong=""
    )
    plan = dataclasses.replace(plan, **{"supply": "firm", **changes.pop("plan", {})})
    said = Outcome(verdict, changes.pop("confidence", 0.9), changes.pop("domain", FaultDomain.UNKNOWN), "a reason")
    made = worlds.Run(plan, ((0.27, "boot"), *rows), frozenset(), 40.0, (), None, said)
    return dataclasses.replace(made, **changes)


HISTORIES = {
    "searching": [(0.2, "shows searching")],
    "connected": [(0.2, "shows searching"), (2.0, "shows connected"), (2.0, "online")],
    "rejected": [(1.0, "shows connected"), (1.0, "rejected by the server"), (3.0, "shows no_settings")],
    "runtime_loop": [
        (1.0, "shows connected"),
        (4.0, "runtime error"),
        (4.0, "shows lost"),
        (7.0, "shows connected"),
        (9.0, "runtime error"),
        (9.0, "shows lost"),
    ],
    "loop": [row for t in range(1, 39) for row in ((float(t), "reset"), (t + 0.1, "boot"))],
    "fastrom": [(2.0, "restart: fastROM found no image"), (2.1, "boot")],
    "early_crash": [row for t in range(1, 9) for row in ((float(t), "restart: early crash"), (t + 0.1, "boot"))],
    "settings_not_kept": [(5.0, "BlinkUp received"), (5.0, "settings not stored"), (8.0, "shows no_settings")],
    "spi_flash": [(0.2, "shows spi_error")],
    "dead": [],
}


@pytest.mark.parametrize("kind", HISTORIES)
def test_truth_is_read_from_the_history(modules: tuple[Any, Any], kind: str) -> None:
    worlds, truth = modules
    conditions = frozenset({"dead"} if kind == "dead" else ())
    assert truth.truth_of(run_of(worlds, *HISTORIES[kind], conditions=conditions)).kind == kind


def test_what_the_led_showed_after_its_window_is_not_asked_for(modules: tuple[Any, Any]) -> None:
    worlds, truth = modules
    rows = [*HISTORIES["connected"], (30.0, "window over"), (31.0, "shows lost")]
    assert truth.truth_of(run_of(worlds, *rows)).kind == "connected"


def test_grades(modules: tuple[Any, Any]) -> None:
    worlds, truth = modules

    def how(kind: str, verdict: Verdict, *more: tuple[float, str], **changes: Any) -> str:
        return str(truth.grade(run_of(worlds, *HISTORIES[kind], *more, verdict=verdict, **changes)).how)

    assert how("searching", Verdict.NETWORK_NOT_FOUND) == "right"
    assert how("searching", Verdict.JOIN_REFUSED) == "wrong"
    assert how("searching", Verdict.UNDECIDED) == "undecided"
    assert how("connected", Verdict.UNDECIDED, (37.0, "shows lost")) == "right"
    assert how("connected", Verdict.UNDECIDED, (30.0, "shows lost")) == "undecided"
    assert how("early_crash", Verdict.MODULE_FAULT, domain=FaultDomain.BENCH) == "wrong"
    assert how("early_crash", Verdict.MODULE_FAULT, domain=FaultDomain.DUT) == "right"
    weak = {"plan": {"supply": "series"}}
    assert how("loop", Verdict.BROWNOUT_LOOP, domain=FaultDomain.DUT, **weak) == "wrong"
    assert how("loop", Verdict.BROWNOUT_LOOP, domain=FaultDomain.BENCH, **weak) == "right"
    lying = {"plan": {"defect": "led.swapped"}}
    assert how("searching", Verdict.UNDECIDED, **lying) == "undecided"  # the reason names no colours
    assert truth.grade(run_of(worlds, *HISTORIES["searching"], verdict=Verdict.JOIN_REFUSED)).confidently_wrong
    unsure = run_of(worlds, *HISTORIES["searching"], verdict=Verdict.JOIN_REFUSED, confidence=0.7)
    assert not truth.grade(unsure).confidently_wrong


def test_a_blinkup_that_brought_nothing_is_the_news(modules: tuple[Any, Any]) -> None:
    worlds, truth = modules
    for row, kind in (((11.0, "BlinkUp failed: bad CRC"), "refused"), ((60.0, "nothing"), "not_received")):
        run = run_of(worlds, (0.2, "shows no_settings"), row, sent_s=(10.0,))
        assert truth.unanswered(run, truth.truth_of(run)).kind == kind
    taken = run_of(worlds, (11.0, "BlinkUp received"), (12.0, "shows searching"), sent_s=(10.0,))
    assert truth.unanswered(taken, truth.truth_of(taken)).kind == "searching"
