"""Somebody else's project uses the rig from its wheel: commands, tests with reports, the suite, data of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from installed_rig import InstalledRig

pytestmark = pytest.mark.long

MY_TEST = """
from rig.bench.dut import DeviceUnderTest
from rig.diagnosis import Verdict


def test_nobody_hands_out_addresses(dut: DeviceUnderTest, network) -> None:
    dut.make_unconfigured()
    dut.send(dut.wifi(network("no-dhcp")), rate_hz=142)
    dut.watch_for(16)
    outcome = dut.observation().outcome
    assert outcome.verdict is Verdict.NO_ADDRESS, outcome.summary
"""
THERMOSTAT = 'name = "thermostat"\ntitle = "Thermostat"\nextends = "imp003"\n'
DESK_TEST = """
def test_own_device(bench):
    assert bench.device.name == "thermostat"
    assert bench.device.imp == "imp003"
"""


def project(installed: InstalledRig, name: str, **tests: str) -> Path:
    """A folder of somebody else's with `my_tests/test_*.py`."""
    folder = installed.home / name
    (folder / "my_tests").mkdir(parents=True)
    for stem, text in tests.items():
        (folder / "my_tests" / f"test_{stem}.py").write_text(text, encoding="utf-8")
    return folder


def files_of(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if "__pycache__" not in path.parts}


def test_commands_know_what_is_built_in(installed: InstalledRig) -> None:
    assert installed.run("rig", "--version").stdout.startswith("rig ")
    for kind, name in (("bench", "simulated"), ("device", "imp003"), ("network", "home")):
        listed = installed.run("rig", kind, "list")
        assert listed.returncode == 0, listed.stderr
        assert name in listed.stdout
    checked = installed.run("rig", "bench", "check", "simulated")
    assert checked.returncode == 0, checked.stderr
    where = installed.run("python", "-c", "import rig; print(rig.__file__)")
    assert Path(where.stdout.strip()).parent == installed.package
    unknown = installed.run("rig", "bench", "show", "simulted")
    assert unknown.returncode == 12
    assert f"in {installed.package / 'fixtures' / 'benches'}; is 'simulated' meant?" in unknown.stderr


def test_tests_of_ones_own_with_reports_that_can_be_judged(installed: InstalledRig) -> None:
    folder = project(installed, "own", mine=MY_TEST)
    done = installed.run(
        "python", "-P", "-m", "pytest", "--bench", "simulated", "--rig-reports", "out", "my_tests", cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SIMULATED" in done.stdout
    report = (folder / "out" / "latest.html").read_text(encoding="utf-8")
    assert "test_nobody_hands_out_addresses" in report
    journal = next((folder / "out").glob("*/run.jsonl")).read_text(encoding="utf-8")
    assert "no_address" in [json.loads(line).get("verdict") for line in journal.splitlines()]
    recording = next((folder / "out").glob("*/recordings/*.npz"))
    judged = installed.run("rig", "judge", str(recording), cwd=folder)
    assert judged.returncode == 0, judged.stderr
    assert "no_address" in judged.stdout


def test_the_suite_runs_from_the_package_and_writes_into_the_present_folder(installed: InstalledRig) -> None:
    folder = project(installed, "suite")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", encoding="utf-8")  # not for the suite
    before = files_of(installed.package)
    done = installed.run("rig", "test", "-n0", "tests_hil/test_led.py", "-k", "dark or solid or start", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert (folder / "reports" / "latest.html").exists()
    journal = next((folder / "reports").glob("*/run.jsonl")).read_text(encoding="utf-8")
    tests = [json.loads(line).get("test", "") for line in journal.splitlines()][1:]
    assert tests
    assert all(test.startswith("tests_hil/test_led.py::") for test in tests)  # as in a checkout
    assert files_of(installed.package) == before


def test_the_suite_is_whole_and_takes_pytests_arguments(installed: InstalledRig) -> None:
    listed = installed.run("rig", "test", "-n0", "--collect-only", "-q", "--dut", "imp005")
    assert listed.returncode == 0, listed.stdout + listed.stderr
    suite = {path.name for path in (installed.package / "tests_hil").glob("test_*.py")}
    assert {line.split("::")[0].split("/")[-1] for line in listed.stdout.splitlines() if "::" in line} == suite
    mistaken = installed.run("rig", "test", "-n0", "--bench", "nowhere")
    assert mistaken.returncode == 12
    assert "no bench named 'nowhere'" in mistaken.stderr + mistaken.stdout


@pytest.mark.parametrize("by", ["present folder", "variable", "ini"])
def test_data_of_ones_own_adds_to_what_is_built_in(installed: InstalledRig, by: str) -> None:
    folder = project(installed, by.replace(" ", "-"), desk=DESK_TEST)
    data = folder / ("fixtures" if by == "present folder" else "lab")
    (data / "devices").mkdir(parents=True)
    (data / "devices" / "thermostat.toml").write_text(THERMOSTAT, encoding="utf-8")
    ini = "rig_fixtures = lab\n" if by == "ini" else ""
    (folder / "pytest.ini").write_text(f"[pytest]\n{ini}", encoding="utf-8")
    more = {"RIG_FIXTURES": "lab"} if by == "variable" else {}
    done = installed.run("python", "-P", "-m", "pytest", "my_tests", "--dut", "thermostat", cwd=folder, **more)
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_sees_the_types_from_outside(installed: InstalledRig) -> None:
    folder = installed.home / "typed"
    folder.mkdir()
    text = 'from rig.config.bench import load_bench\n\nnumber: int = load_bench("simulated").name\n'
    (folder / "mine.py").write_text(text, encoding="utf-8")
    done = installed.run("python", "-m", "mypy", "--strict", "mine.py", cwd=folder)
    assert 'expression has type "str", variable has type "int"' in done.stdout, done.stdout + done.stderr
    assert "Found 1 error in 1 file" in done.stdout
