"""The emulated bench's file: wired as the simulated bench that it stands before, and never taken for hardware."""

from __future__ import annotations

import pytest
from bench_files import FIXTURES, SIMULATED, edited

from rig.config.bench import load_bench
from rig.errors import ConfigError


def test_it_is_wired_as_what_is_served() -> None:
    emulated, simulated = load_bench("emulated"), load_bench("simulated")
    assert emulated.blinkup == simulated.blinkup
    assert emulated.led.calibration == simulated.led.calibration
    assert emulated.led.model_copy(update={"sample_hz": simulated.led.sample_hz}) == simulated.led
    slower = {"monitor_hz": simulated.supply.monitor_hz, "read_back": simulated.supply.read_back}
    assert emulated.supply.model_copy(update=slower) == simulated.supply
    rate = {"sample_hz": simulated.supply.read_back.sample_hz}
    assert emulated.supply.read_back.model_copy(update=rate) == simulated.supply.read_back
    assert emulated.dut == simulated.dut
    assert set(emulated.networks) <= set(simulated.networks)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("simulated", "SIMULATED, no hardware is touched"),
        ("emulated", "EMULATED over real sockets, no hardware is touched"),
        ("example-pi4", "Example bench on a Raspberry Pi 4"),
        ("example-pi4-kernel", "Example bench on a Raspberry Pi 4, by the kernel"),
        ("example-pi5", "Example bench on a Raspberry Pi 5, by the kernel"),
    ],
)
def test_what_it_stands_for(name: str, says: str) -> None:
    assert load_bench(name).stands_for == says


def test_a_simulated_bench_is_not_emulated_too(tmp_path) -> None:
    path = tmp_path / "both.toml"
    path.write_text(edited(SIMULATED, [('kind = "simulated"', 'kind = "simulated"\nemulated = true')]))
    with pytest.raises(ConfigError, match="expected kind = 'raspberry-pi'"):
        load_bench(str(path))


def test_required_hardware_is_not_an_emulation(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_FIXTURES", str(FIXTURES))
    refused = pytester.runpytest_subprocess("-n0", "--bench", "emulated", "--require-hardware")
    assert refused.ret == 12
    refused.stderr.fnmatch_lines(["*bench 'emulated' (chosen by --bench) is emulated; name a real one*"])
