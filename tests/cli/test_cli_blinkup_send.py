"""`rig blinkup`: what is sent, what is said, and that no password is ever an argument or an output."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner, Result

from rig.blinkup.frame import DAMAGES
from rig.cli import secrets
from rig.cli.main import app
from rig.errors import ConfigError
from rig.sim.world import SimulatedWorld

PASSWORD = "a firm handshake"
VARIABLES = (secrets.PASSWORD_VARIABLE, "RIG_TOKEN", "RIG_PLAN", "RIG_BENCH")


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def worlds(monkeypatch: pytest.MonkeyPatch) -> list[SimulatedWorld]:
    """Every world that a command opened."""
    made: list[SimulatedWorld] = []
    start = SimulatedWorld.start

    def started(world: SimulatedWorld) -> None:
        made.append(world)
        start(world)

    monkeypatch.setattr(SimulatedWorld, "start", started)
    return made


def put_keyring(monkeypatch: pytest.MonkeyPatch, ring: SimpleNamespace) -> None:
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.errors", SimpleNamespace(KeyringError=RuntimeError))


def call(*args: str) -> Result:
    return CliRunner(env={"COLUMNS": "250"}).invoke(app, ["blinkup", *args])


def test_send_prints_the_receipt_and_the_answer_and_ends_off(worlds: list[SimulatedWorld]) -> None:
    done = call("send", "--network", "home", "--rate", "fast", "--seed", "3")
    assert done.exit_code == 0, done.output
    assert re.search(r"result +sent as planned", done.output)
    assert re.search(r"decoded back +the planned packet", done.output)
    assert "answer of the LED: accepted" in done.output
    assert "verdict: " in done.output
    assert done.output.splitlines()[-1] == "the device is off"
    assert PASSWORD not in done.output
    (world,) = worlds
    assert not world.rail.switch_on
    assert world._lights.blinkup == 0.0
    assert world.imp.flash.settings is not None
    assert world.imp.flash.settings.password == PASSWORD


@pytest.mark.parametrize("source", ["environment", "file", "keyring"])
def test_password_comes_from_where_it_was_said(
    worlds: list[SimulatedWorld], source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    args = ["send", "--ssid", "Elsewhere", "--rate", "fast", "--watch", "0.5"]
    if source == "environment":
        monkeypatch.setenv(secrets.PASSWORD_VARIABLE, "canary-8f2c")
    elif source == "file":
        (tmp_path / "password").write_text("canary-8f2c\n", encoding="utf-8")
        args += ["--password-file", str(tmp_path / "password")]
    else:
        held = {("wifi", "bench"): "canary-8f2c"}
        ring = SimpleNamespace(get_password=lambda service, user: held.get((service, user)))
        put_keyring(monkeypatch, ring)
        args += ["--password-keyring", "wifi:bench"]
    done = call(*args)
    assert done.exit_code == 0, done.output
    assert "canary-8f2c" not in done.output
    settings = worlds[0].imp.flash.settings
    assert settings is not None
    assert (settings.ssid, settings.password) == ("Elsewhere", "canary-8f2c")


def test_damaged_frame_gets_no_green_and_a_pause_lies_between_repeats(worlds: list[SimulatedWorld]) -> None:
    done = call("send", "--network", "home", "--rate", "142", "--damage", "wrong_crc", "--repeat", "2", "--pause", "1")
    assert done.exit_code == 0, done.output
    assert "BlinkUp 2 of 2:" in done.output
    assert done.output.count("sent as planned") == 2
    assert "answer of the LED: accepted" not in done.output
    assert worlds[0].imp.flash.settings is None


def test_receipt_that_differs_is_a_bench_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    start = SimulatedWorld.start

    def slow(world: SimulatedWorld) -> None:
        start(world)
        world.daemon.wave_clock = 1.001

    monkeypatch.setattr(SimulatedWorld, "start", slow)
    done = call("send", "--clear", "--rate", "fast")
    assert done.exit_code == 10
    assert "BenchFault: BlinkUp LED: not sent as planned: rate 999 ppm too low" in done.output


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["send"], "nothing given; expected one of --network, --ssid"),
        (["send", "--clear", "--network", "home"], "--network sends that network's own settings"),
        (["send", "--ssid", "x"], "RIG_WIFI_PASSWORD"),
        (["send", "--ssid", "x", "--password-file", "nowhere"], "nowhere: can't be read"),
        (["send", "--ssid", "x", "--password-keyring", "wifi"], "expected SERVICE:USER"),
        (["send", "--clear", "--code", "morse"], "--code 'morse': expected bilevel, trilevel"),
        (["send", "--clear", "--damage", "melted"], "--damage 'melted': expected flip_bit"),
        (["sweep", "colour", "--values", "1", "--clear"], "AXIS 'colour': expected rate"),
        (["sweep", "rate", "--values", ",", "--clear"], "no values"),
    ],
)
def test_mistake_is_named_before_a_bench_is_opened(worlds: list[SimulatedWorld], args: list[str], said: str) -> None:
    done = call(*args)
    assert done.exit_code == 12, done.output
    assert said in done.output
    assert worlds == []


def test_there_is_no_option_for_a_password_itself() -> None:
    for command in ("send", "sweep"):
        shown = CliRunner().invoke(app, ["blinkup", command, "--help"], env={"COLUMNS": "200"}).output
        assert set(re.findall(r"--(password[a-z-]*|token|plan|psk)", shown)) == {"password-file", "password-keyring"}


def test_keyring_that_is_missing_or_empty_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match="--password-keyring needs"):
        secrets.wifi_password("x", keyring="wifi:bench")
    put_keyring(monkeypatch, SimpleNamespace(get_password=lambda *_: None))
    with pytest.raises(ConfigError, match="`keyring set wifi bench`"):
        secrets.wifi_password("x", keyring="wifi:bench")


def test_prompt_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []

    def prompt(what: str, **how: object) -> str:
        asked.append({"what": what, **how})
        return "typed"

    monkeypatch.setattr("rig.cli.secrets.typer.prompt", prompt)
    monkeypatch.setattr("rig.cli.secrets.sys.stdin", SimpleNamespace(isatty=lambda: True))
    assert secrets.wifi_password("x") == "typed"
    assert secrets.enrolment() == ("typed", "typed")
    assert [one["hide_input"] for one in asked] == [True, True, True]


def test_sweep_counts_and_draws(tmp_path: Path) -> None:
    target = tmp_path / "rate.png"
    done = call(
        *("sweep", "rate", "--values", "fast, 400", "--attempts", "1", "--clear", "--seed", "3"),
        *("--picture", str(target)),
    )
    assert done.exit_code == 0, done.output
    assert "rate fast: 1 of 1 taken" in done.output
    assert re.search(r"400 +0 of 1 +0% +0% to 79% +1 no answer", done.output)
    assert target.read_bytes().startswith(b"\x89PNG")


DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", ["blinkup-sending.md", "first-hour-on-hardware.md"])
def test_commands_of_the_pages_exist_with_their_options(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    commands = re.findall(r"rig (blinkup (?:send|sweep \w+))([^\n`]*)", text)
    assert len(commands) >= 3
    for command, rest in commands:
        shown = CliRunner().invoke(app, [*command.split()[:2], "--help"], env={"COLUMNS": "200"}).output
        for option in re.findall(r"(--[a-z-]+)", rest):
            assert f"{option} " in shown or f"{option}\n" in shown, (command, option)
    for target in re.findall(r"\]\(([\w./-]+)(?:#[\w-]+)?\)", text):
        assert (DOCS / target).is_file(), target


def test_every_damage_is_on_the_page() -> None:
    text = (DOCS / "blinkup-sending.md").read_text(encoding="utf-8")
    table = text.split("## Wrong on purpose")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(DAMAGES)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--ssid", "", "--open"], "--ssid is empty"),
        (["--ssid", "x", "--proxy", "joe:CANARY@proxy.local:8080"], "expected HOST:PORT and nothing else"),
        (["--ssid", "x", "--proxy-user", "joe"], "--proxy-user goes with --proxy"),
        (["--ssid", "x"], "say so with --open"),
    ],
)
@pytest.mark.parametrize("command", ["show", "send"])
def test_what_would_be_sent_by_mistake_is_refused(
    command: str, args: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty variable of the shell must not change the meaning; a proxy's password is no argument."""
    monkeypatch.setenv(secrets.PASSWORD_VARIABLE, "" if args == ["--ssid", "x"] else PASSWORD)
    monkeypatch.setenv("RIG_TOKEN", "0" * 16)
    monkeypatch.setenv("RIG_PLAN", "0" * 16)
    done = call(command, *args)
    assert done.exit_code == 12, done.output
    assert said in done.output
    assert "CANARY" not in done.output


def test_a_long_frame_is_answered_too() -> None:
    """Its green is seen only in part, since the light of its data is blanked."""
    done = call("send", "--network", "home", "--rate", "40", "--seed", "2")
    assert "answer of the LED: accepted" in done.output


def test_a_frame_damaged_on_purpose_is_no_fault_of_the_device() -> None:
    done = call("send", "--network", "home", "--rate", "fast", "--damage", "wrong_crc")
    assert "damaged on purpose (wrong_crc)" in done.output
    assert "fault lies with the device" not in done.output
