"""`rig bench`, `rig device`, `rig network`: what they show, and what they never show."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cli_files import BENCH, DEVICE, NETWORK, PASSWORD, PLAN, TOKEN, write_fixtures
from typer.testing import CliRunner, Result

import rig
from rig.blinkup import InvalidSsid
from rig.cli.failing import BENCH_FAULT, CONFIG_INVALID, OTHER_ERROR, SAFETY_TRIP, exit_code
from rig.cli.main import app
from rig.config.certainty import dotted_keys
from rig.config.device import load_device
from rig.errors import (
    BenchConnectionError,
    BenchFault,
    CapabilityMissing,
    ConfigError,
    InsufficientEvidence,
    SafetyTrip,
    SupplyLimitError,
)
from rig.led import CodesError
from rig.pytest_plugin import options

SECRETS = (TOKEN, PLAN, PASSWORD)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


@pytest.fixture
def fixtures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write_fixtures(tmp_path / "fixtures")
    monkeypatch.setenv("RIG_FIXTURES", str(folder))
    return folder


def test_version() -> None:
    assert run("--version").stdout == f"rig {rig.__version__}\n"


def test_no_arguments_show_the_help() -> None:
    shown = run().output
    assert "Usage" in shown
    for command in ("bench", "device", "network", "codes", "judge"):
        assert command in shown


def test_lists_name_what_is_there(fixtures: Path) -> None:
    bench, device, network = run("bench", "list"), run("device", "list"), run("network", "list")
    assert "mine" in bench.stdout
    assert "raspberry-pi" in bench.stdout
    assert "1.8 to 3.6 (Wi-Fi from 2.5)" in device.stdout
    assert "lab" in network.stdout
    assert PASSWORD not in network.stdout


def test_list_says_which_file_is_unusable(fixtures: Path) -> None:
    (fixtures / "benches" / "bad.toml").write_text("name = 3\n")
    done = run("bench", "list")
    assert done.exit_code == 0
    assert "UNUSABLE" in next(line for line in done.stdout.splitlines() if line.startswith("bad"))
    assert "raspberry-pi" in next(line for line in done.stdout.splitlines() if line.startswith("mine"))


def test_show_hides_secrets_and_marks_defaults(fixtures: Path) -> None:
    shown = run("bench", "show", "mine").stdout + run("network", "show", "lab").stdout
    assert not [secret for secret in SECRETS if secret in shown]
    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.split()}
    assert lines["dut.token"] == ["hidden"]
    assert lines["dut.plan"] == ["hidden"]
    assert lines["password"] == ["hidden"]
    assert lines["led.adc_address"] == ["0x48", "default"]
    assert lines["supply.switch_gpio"] == ["23"]
    assert lines["blinkup.grey_gpio"] == ["none", "default"]
    assert "1.35 to 3.45 V" in shown


def test_names_from_files_are_shown_as_they_are(fixtures: Path) -> None:
    assert "Gadget [with brackets] :rocket:" in run("device", "show", "gadget").stdout
    shown = run("network", "show", "lab").stdout
    assert "\x1b" not in shown
    assert r"\x1b[31m" in shown


def test_a_path_works_like_a_name(fixtures: Path) -> None:
    by_path = run("bench", "show", fixtures / "benches" / "mine.toml")
    assert by_path.exit_code == 0
    assert by_path.stdout == run("bench", "show", "mine").stdout


def test_check_passes_a_sound_file(fixtures: Path) -> None:
    done = run("bench", "check", "mine")
    assert done.exit_code == 0, done.output
    assert "can be used" in done.stdout
    assert "warning" not in done.stdout
    assert "BlinkUp LED (by pigpio) 17, supply switch 23" in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("switch_gpio = 23", "switch_gpio = 17", "GPIO 17 is used twice"),
        ("switch_gpio = 23", "switch_gpio = 4", "switch_gpio must be 12, 13 or 16 to 27"),
        ("gpio = 17", "gpio = 17\ncolour = 3", "blinkup.colour: unknown key"),
        ('device = "gadget"', 'device = "widget"', "no device named 'widget'"),
        ('networks = ["lab"]', 'networks = ["lab", "moon"]', "no network named 'moon'"),
        ("r2_ohm = 10640.0", "r2_ohm = 25000.0", "device gadget needs 3.30 V"),
        ("switch_gpio = 23", "switch_gpio = 23\nmax_v = 3.2", "supply.max_v is 3.2 V"),
        ("taken_on = 2026-11-01", "uncertainty = 0.9", "led.calibration"),
        ("[0.45]\ngreen_v = [0.75]", "[0.45, 0.1]\ngreen_v = [0.75, 0.1]", "2 channels are calibrated; expected 1"),
        (f'token = "{TOKEN}"', f'token = "{TOKEN}x"', "dut.token = (hidden)"),
        ("[dut]", "[[dut]]", "dut:"),
        ("[dut]", "[dut", "not valid TOML"),
    ],
)
def test_check_names_the_mistake(fixtures: Path, old: str, new: str, said: str) -> None:
    assert old in BENCH
    (fixtures / "benches" / "mine.toml").write_text(BENCH.replace(old, new, 1))
    done = run("bench", "check", "mine")
    assert done.exit_code == CONFIG_INVALID, done.output
    assert said in done.stderr
    assert "mine" in done.stderr
    assert "Traceback" not in done.output
    assert not [secret for secret in SECRETS if secret in done.output]


def test_check_tells_all_mistakes_at_once(fixtures: Path) -> None:
    (fixtures / "devices" / "gadget.toml").write_text(DEVICE.replace('["wifi", "imp003"]', '["wifi", "imp999"]'))
    (fixtures / "networks" / "lab.toml").write_text(NETWORK + 'security = "none"\n')
    said = run("bench", "check", "mine").stderr
    assert "imp999" in said
    assert "security" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("r2_ohm = 10640.0", "r2_ohm = 10060.0", "can give up to 3.60 V"),
        ("switch_gpio = 23", "switch_gpio = 23\nread_back = { gain = 4 }", "sees at most 2.05 V"),
        ("[led.calibration]", "[led]\ngain = 8\n[led.calibration]", "lower the gain"),
        ("[led.calibration]", "[led]\nsample_hz = 10.0\n[led.calibration]", "fewer than 16 samples"),
        ("taken_on = 2026-11-01", "", "nobody can tell how old"),
        (f'token = "{TOKEN}"', "", "RIG_TOKEN not set"),
        ('networks = ["lab"]', "", "none declared"),
    ],
)
def test_check_tells_doubts_but_passes(
    fixtures: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, said: str
) -> None:
    monkeypatch.delenv("RIG_TOKEN", raising=False)
    assert old in BENCH
    (fixtures / "benches" / "mine.toml").write_text(BENCH.replace(old, new, 1))
    done = run("bench", "check", "mine")
    assert done.exit_code == 0, done.output
    assert len([line for line in done.stdout.splitlines() if line.startswith("warning")]) == 1, done.stdout
    assert said in done.stdout


@pytest.mark.parametrize("nonsense", ["missing.toml", "", "..", "/", "garbage.toml", "deep.toml", "folder.toml"])
@pytest.mark.parametrize("command", [("bench", "check"), ("bench", "show"), ("device", "show"), ("network", "show")])
def test_nonsense_is_a_clear_error(tmp_path: Path, command: tuple[str, str], nonsense: str) -> None:
    (tmp_path / "garbage.toml").write_bytes(bytes(range(256)))
    (tmp_path / "deep.toml").write_text("a = " + "[" * 5000)
    (tmp_path / "folder.toml").mkdir()
    done = run(*command, tmp_path / nonsense if nonsense.endswith(".toml") else nonsense)
    assert done.exit_code == CONFIG_INVALID, done.output
    assert done.stderr.startswith("rig: ConfigError: ")
    assert done.stdout == ""


def test_debug_shows_where_it_happened(fixtures: Path) -> None:
    done = run("--debug", "bench", "show", "nowhere")
    assert done.exit_code == CONFIG_INVALID
    assert "Traceback" in done.stderr
    assert "no bench named 'nowhere'" in done.stderr.splitlines()[-1]


def test_exit_codes_follow_the_kind_of_error() -> None:
    assert exit_code(ConfigError()) == exit_code(CodesError()) == options.CONFIG_INVALID == CONFIG_INVALID
    assert exit_code(BenchConnectionError()) == exit_code(BenchFault()) == options.BENCH_FAULT == BENCH_FAULT
    assert exit_code(CapabilityMissing()) == exit_code(InvalidSsid()) == exit_code(SupplyLimitError()) == CONFIG_INVALID
    assert exit_code(SafetyTrip()) == options.SAFETY_TRIP == SAFETY_TRIP
    assert exit_code(InsufficientEvidence()) == OTHER_ERROR == 1


@pytest.mark.parametrize("name", ["simulated", "example-pi4"])
def test_the_benches_that_ship_are_sound(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RIG_FIXTURES", raising=False)
    done = run("bench", "check", name)
    assert done.exit_code == 0, done.output


def test_no_hardware_client_is_imported() -> None:
    """Files are checked on machines that have no GPIO, so nothing may even ask for it."""
    code = (
        "import sys; from typer.testing import CliRunner; from rig.cli.main import app\n"
        "assert CliRunner().invoke(app, ['bench', 'check', 'simulated']).exit_code == 0\n"
        "print(*sorted({'gpiozero', 'pigpio', 'board', 'busio', 'matplotlib', 'pytest'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_device_show_says_how_sure_each_value_is() -> None:
    lines = {line.split()[0]: line for line in run("device", "show", "imp005").stdout.splitlines() if line.split()}
    assert "doc: troubleshooting guide, Power" in lines["supply.min_v"]
    assert "assumed: peak currents are not published" in lines["supply.max_current_a"]
    assert "assumed: as imp003" in lines["simulation.currents.transmit_a"]
    assert "assumed (default)" in lines["simulation.currents.off_a"]
    assert "imp005" in lines["model"]
    assert "ethernet" in lines["tests"]


@pytest.mark.parametrize("columns", ["80", "100"])
@pytest.mark.parametrize("name", ["imp003", "example-product", "impC001", "imp001-impos30"])
def test_device_show_has_one_line_for_each_setting(name: str, columns: str) -> None:
    shown = CliRunner().invoke(app, ["device", "show", name], env={"COLUMNS": columns}).stdout.splitlines()
    first = shown.index(next(line for line in shown if line.startswith("limit ")))
    device = load_device(name)
    assert [line.split()[0] for line in shown[first + 1 : first + 1 + len(device.limits)]] == list(device.limits)
    settings = [line for line in shown[3:-2] if line and not line.startswith(("limit ", "simulated device "))]
    keys = [
        key
        for key in dotted_keys(device)
        if key.split(".")[0] not in ("name", "title", "extends", "certainty", "limits")
    ]
    assert len(settings) == len(keys) + len(device.limits)
    assert max(len(line.rstrip()) for line in shown[1:-2]) <= int(columns)
    assert "what ends in ~ is cut" in shown[-1].lower()


def test_device_show_in_a_pipe_cuts_nothing() -> None:
    shown = CliRunner().invoke(app, ["device", "show", "imp003"], env={"COLUMNS": None}).stdout
    for limit in load_device("imp003").limits.values():
        assert f"{limit.certainty}: {limit.source}" in shown or not limit.source
    assert "~" not in shown


def test_device_show_says_a_certainty_once() -> None:
    lines = {
        line.split()[0]: line.split() for line in run("device", "show", "imp003").stdout.splitlines() if line.split()
    }
    assert lines["blinkup.bias_ohm"][1:6] == ["22000", "to", "68000", "doc:", "imp003"]
    assert "assumed" not in lines["blinkup.bias_ohm"]
    assert lines["supply_error"][:6] == ["supply_error", "-0.15", "to", "0.1", "V", "0.025"]
    assert lines["lowest_supply_online"][1:5] == ["up", "to", "3", "V"]
    assert lines["reception_margin"][1:6] == ["1.5", "or", "more", "0.2", "assumed:"]
    assert lines["no_settings_period"][6] == "doc:"


def test_lists_say_how_devices_and_networks_connect() -> None:
    devices = {line.split()[0]: line for line in run("device", "list").stdout.splitlines() if line.split()}
    assert "Wi-Fi 2.4 and 5 GHz, Ethernet" in devices["imp005"]
    assert "cellular" in devices["impC001"]
    assert "imp003" in devices["example-product"].split()[1]
    networks = {line.split()[0]: line for line in run("network", "list").stdout.splitlines() if line.split()}
    assert networks["mobile"].split()[1] == "cellular"
    assert networks["wep-hex"].split()[1:4] == ["wifi", "Bench-WepHex", "wep"]


def test_network_show_hides_the_passwords_of_all_kinds() -> None:
    shown = run("network", "show", "proxy-only").stdout
    assert "let me through" not in shown
    assert next(line for line in shown.splitlines() if line.startswith("proxy.password")).split()[1] == "hidden"
    assert "channel 1, signal_dbm -65.0" in run("network", "show", "two-access-points").stdout
