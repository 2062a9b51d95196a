"""Limits hold for what is truly put out, whatever the bench file's calibration makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_files import SIMULATED, changed

from rig.bench.bench import Bench, open_bench
from rig.config.bench import load_bench
from rig.errors import ConfigError, SafetyTrip, SupplyLimitError


def bench_file(tmp_path: Path, old: str, new: str) -> Path:
    path = tmp_path / "bench.toml"
    path.write_text(changed(SIMULATED, old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("set_gain", 0.9),
        ("set_gain", 1.1),
        ("device_gain", 0.8),
        ("source_gain", 0.94),
        ("set_offset_v", 0.2),
        ("device_offset_v", -0.15),
    ],
)
def test_calibrations_that_no_part_needs_are_refused(tmp_path: Path, key: str, value: float) -> None:
    path = bench_file(tmp_path, "[supply.regulator]", f"[supply.calibration]\n{key} = {value}\n\n[supply.regulator]")
    with pytest.raises(ConfigError, match=rf"supply\.calibration\.{key}"):
        load_bench(str(path))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("set_tolerance_v", 1000.0, "0.3"),
        ("settle_s", 1e9, "10"),
        ("max_current_a", 1000.0, "3"),
        ("max_unwatched_s", 0.0, "1"),
    ],
)
def test_absurd_tolerances_times_and_currents_are_refused(tmp_path: Path, key: str, value: float, said: str) -> None:
    path = bench_file(tmp_path, "[supply.regulator]", f"[supply.regulator] # {key}")
    text = path.read_text(encoding="utf-8").replace("[supply]\n", f"[supply]\n{key} = {value}\n", 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"supply\.{key}.*{said}"):
        load_bench(str(path))


@pytest.mark.parametrize(("key", "old", "new"), [("ref_v", "0.5", "1.25"), ("r1_ohm", "56_000.0", "68_000.0")])
def test_a_regulator_that_can_give_too_much_is_refused(tmp_path: Path, key: str, old: str, new: str) -> None:
    path = bench_file(tmp_path, f"{key} = {old}", f"{key} = {new}")
    with pytest.raises(
        ConfigError, match=r"let the regulator give \d\.\d\d V when its DAC is at 0 or dead, at most 3\.7"
    ):
        load_bench(str(path))


def test_a_scpi_supply_that_may_give_too_much_is_refused(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "fixtures/benches/simulated-scpi.toml").read_text(encoding="utf-8")
    path = tmp_path / "scpi.toml"
    path.write_text(changed(text, "[supply.scpi]\n", "[supply.scpi]\ntop_v = 30.0\n"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"supply\.scpi\.top_v.*3\.7"):
        load_bench(str(path))


def test_a_calibration_does_not_lift_the_raw_request(tmp_path: Path) -> None:
    """The instrument would be told 3.6 / 0.95 = 3.79 V for 3.6 V."""
    text = (Path(__file__).parents[2] / "fixtures/benches/simulated-scpi.toml").read_text(encoding="utf-8")
    text = changed(text, "[supply.scpi]\n", "[supply.calibration]\nset_gain = 0.95\n\n[supply.scpi]\n")
    path = tmp_path / "scpi.toml"
    path.write_text(text, encoding="utf-8")
    with open_bench(str(path), seed=3) as bench:
        with pytest.raises(
            SupplyLimitError, match=r"3\.6 V requested is a set point of 3\.789 V .* nothing was changed"
        ):
            bench.supply.set(3.6)
        assert bench.world.rail.regulator_v < 3.6


def test_the_instrument_s_own_protection_is_set(tmp_path: Path) -> None:
    with open_bench("simulated-scpi", seed=3) as bench:
        assert bench.supply.source._query("VOLT:PROT?") == "3.700"


def test_another_instrument_is_not_taken_for_the_supply(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "fixtures/benches/simulated-scpi.toml").read_text(encoding="utf-8")
    path = tmp_path / "scpi.toml"
    path.write_text(changed(text, "[supply.scpi]\n", '[supply.scpi]\nidentity = "DP832"\n'), encoding="utf-8")
    with pytest.raises(
        Exception, match=r"says that it is 'IMPBENCH.*expected 'DP832' in it \(supply\.scpi\.identity\)"
    ):
        open_bench(str(path), seed=3)


def test_a_converter_at_its_end_trips(sim: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is above its range reads as its highest code, whatever the gains make of that."""
    sim.supply.set(3.3)
    sim.supply.enable()
    read_back = sim.supply.read_back
    assert read_back is not None
    monkeypatch.setattr(read_back, "read", lambda: (sim.clock.now_s(), read_back.full_scale_v))
    monkeypatch.setattr(sim.supply, "_device_gain", 0.8)
    with pytest.raises(SafetyTrip, match=r"the converter at the device is at its end \(4\.09\d V\)"):
        sim.supply.measure()
    assert not sim.world.rail.switch_on


def test_a_device_above_its_source_trips(sim: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the two meters lies, so nobody knows what the device gets."""
    sim.supply.set(3.3)
    sim.supply.enable()
    sim.clock.sleep(3.0)
    sim.supply.measure()
    monkeypatch.setattr(sim.supply.source, "volts", lambda: 2.9)
    with pytest.raises(
        SafetyTrip, match=r"V at the device and 2\.900 V at its source: one of the two is measured wrong"
    ):
        sim.supply.measure()
    assert not sim.world.rail.switch_on
