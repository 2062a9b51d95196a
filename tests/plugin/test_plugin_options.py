"""Which bench is chosen, who may not be chosen, and how loudly a simulated one is announced."""

from __future__ import annotations

from pathlib import Path

import pytest
from plugin_runs import FIXTURES, run_session

from rig.pytest_plugin import options, selection

SHIPPED = (FIXTURES / "benches" / "simulated.toml").read_text(encoding="utf-8")


def bench_file(folder: Path, name: str) -> str:
    path = folder / f"{name}.toml"
    path.write_text(SHIPPED.replace('name = "simulated"', f'name = "{name}"'), encoding="utf-8")
    return str(path)


def test_option_beats_environment_beats_ini_beats_default(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    option, variable, ini = (bench_file(pytester.path, name) for name in ("by-option", "by-variable", "by-ini"))
    assert options.bench_name(pytester.parseconfig()) == ("simulated", "default")
    assert "simulated (SIMULATED" in selection.announcement(pytester.parseconfig())
    pytester.makeini(f"[pytest]\nrig_bench = {ini}\n")
    assert options.bench_name(pytester.parseconfig()) == (ini, "rig_bench in the ini file")
    monkeypatch.setenv("RIG_BENCH", variable)
    assert options.bench_name(pytester.parseconfig()) == (variable, "RIG_BENCH")
    config = pytester.parseconfig("--bench", option)
    assert options.bench_name(config) == (option, "--bench")
    assert selection.chosen(config)[0].name == "by-option"
    assert "chosen by --bench" in selection.announcement(config)


def test_empty_variable_chooses_nothing(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_BENCH", "")
    assert options.bench_name(pytester.parseconfig()) == ("simulated", "default")


def test_device_option_beats_the_bench_file(pytester: pytest.Pytester) -> None:
    path = pytester.path / "other.toml"
    text = (FIXTURES / "devices" / "imp003.toml").read_text(encoding="utf-8")
    path.write_text(text.replace('name = "imp003"', 'name = "other"'), encoding="utf-8")
    assert selection.chosen(pytester.parseconfig("--dut", str(path)))[1].name == "other"
    assert selection.chosen(pytester.parseconfig())[1].name == "imp003"


def refused(pytester: pytest.Pytester, *arguments: str) -> str:
    """A run that must end with exit code 12 before any test; returns what it said."""
    pytester.makepyfile("def test_never(bench):\n    assert False, 'a test ran'")
    result = run_session(pytester, *arguments)
    said = result.stdout.str() + result.stderr.str()
    assert result.ret == options.CONFIG_INVALID == 12, said
    assert "a test ran" not in said
    return said


def test_unknown_bench_is_refused_with_the_known_ones(pytester: pytest.Pytester) -> None:
    said = refused(pytester, "--bench", "nemo")
    assert "no bench named 'nemo'" in said
    assert "example-pi4, example-pi4-kernel, example-pi5, simulated" in said
    assert "[bench chosen by --bench]" in said


def test_unknown_bench_of_the_environment_names_the_variable(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RIG_BENCH", "nemo")
    assert "[bench chosen by RIG_BENCH]" in refused(pytester)


def test_unknown_device_is_refused_with_the_known_ones(pytester: pytest.Pytester) -> None:
    said = refused(pytester, "--dut", "imp999")
    assert "no device named 'imp999'" in said
    assert "imp003" in said


def test_bench_file_with_a_mistake_is_refused_without_telling_secrets(pytester: pytest.Pytester) -> None:
    path = pytester.path / "bad.toml"
    path.write_text(SHIPPED.replace("gpio = 24", "gpio = 23"), encoding="utf-8")
    said = refused(pytester, "--bench", str(path), "-vv", "--showlocals")
    assert "GPIO 23 is used twice" in said
    assert "0123456789abcdef" not in said


@pytest.mark.parametrize("how", ["default", "option"])
def test_require_hardware_refuses_the_simulated_bench(pytester: pytest.Pytester, how: str) -> None:
    named = ("--bench", "simulated") if how == "option" else ()
    said = refused(pytester, "--require-hardware", *named)
    assert "bench 'simulated' (chosen by" in said
    assert "is simulated" in said
    assert "RIG_BENCH" in said


def test_require_hardware_lets_a_real_bench_pass(pytester: pytest.Pytester) -> None:
    assert (
        selection.chosen(pytester.parseconfig("--require-hardware", "--bench", "example-pi4"))[0].kind == "raspberry-pi"
    )


@pytest.mark.parametrize("workers", [("-n", "2"), ("-n", "1"), ("--tx", "2*popen", "--dist", "load")], ids=" ".join)
def test_real_bench_refuses_workers(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    assert "bench 'example-pi4' is real and there is one of it" in refused(pytester, "--bench", "example-pi4", *workers)


def test_auto_is_none_on_a_real_bench_and_left_to_xdist_on_the_simulated_one(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_XDIST_AUTO_NUM_WORKERS", "7")
    for bench, workers in (("simulated", 7), ("example-pi4", 0), ("nemo", 0)):
        config = pytester.parseconfig("--bench", bench)
        assert config.hook.pytest_xdist_auto_num_workers(config=config) == workers


def test_defects_are_data_of_the_run_and_announced(pytester: pytest.Pytester) -> None:
    config = pytester.parseconfig("--sim-defect", "led.dim,factor=0.3", "--sim-defect", "app.crashes")
    simulation = selection.chosen(config)[0].simulation
    assert simulation is not None
    assert [(d.name, d.parameters) for d in simulation.defects] == [("led.dim", {"factor": 0.3}), ("app.crashes", {})]
    assert selection.announcement(config).endswith("WITH DEFECTS: led.dim, app.crashes")
    assert "DEFECT" not in selection.announcement(pytester.parseconfig())


@pytest.mark.parametrize(
    ("defect", "said"),
    [
        ("led.dimm", "--sim-defect led.dimm: unknown defect 'led.dimm'; there are app.blinkup_off"),
        ("led.dim,name=3", "--sim-defect led.dim,name=3: 'led.dim' has no parameter 'name'; expected as in led.dim"),
        ("led.dim,factor=much", "--sim-defect led.dim,factor=much: expected numbers, as in led.dim,factor=0.3"),
        ("led.dim,0.3", "expected numbers"),
    ],
)
def test_wrong_defects_are_refused_before_any_test(pytester: pytest.Pytester, defect: str, said: str) -> None:
    assert said in refused(pytester, "--sim-defect", defect)


def test_a_real_device_gets_no_defect(pytester: pytest.Pytester) -> None:
    assert "is real; only a simulated device" in refused(pytester, "--bench", "example-pi4", "--sim-defect", "led.dim")


HIL = """
import pytest

def test_blinks(dut):
    dut.power_on()
    assert dut.wait_for("no_settings", timeout_s=5.0), dut.observation().outcome.summary

@pytest.mark.requires("radio.wifi")
def test_needs_wifi(dut):
    dut.power_on()

@pytest.mark.requires("network:wired")
def test_needs_a_cable(dut, network):
    network("wired")
"""


def test_a_defect_turns_a_run_red_and_a_device_skips_what_it_lacks(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(HIL)
    run_session(pytester, "-rs").assert_outcomes(passed=2, skipped=1)
    broken = run_session(pytester, "-rs", "--sim-defect", "flash.missing", "-k", "blinks")
    broken.assert_outcomes(failed=1)
    assert "SPI flash fault" in broken.stdout.str()
    cellular = run_session(pytester, "-rs", "--dut", "impC001")
    cellular.assert_outcomes(passed=1, skipped=2)
    assert "device 'impC001' lacks 'ethernet' to reach network 'wired'" in cellular.stdout.str()
