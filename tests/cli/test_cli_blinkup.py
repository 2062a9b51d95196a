"""`rig blinkup show`, `decode` and `tune`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from cli_files import PASSWORD, PLAN, TOKEN
from typer.testing import CliRunner

sys.path.append(str(Path(__file__).parents[1] / "blinkup"))
from light_samples import sampled

from rig.blinkup import Config, Proxy, StaticIP, WifiConfig, WpsConfig, damage, encode, symbols
from rig.cli.main import app
from rig.recording import Blanked, Recording, Trace

PROXY_PASSWORD, PIN = "proxy canary", "12345670"
ADDRESS = StaticIP("10.0.0.9", "255.255.255.0", "10.0.0.1", "10.0.0.2")
CONFIG = WifiConfig("Bench", PASSWORD, TOKEN, PLAN, ADDRESS, Proxy("proxy.lan", 3128, "joe", PROXY_PASSWORD))
SECRETS = (PASSWORD, TOKEN, PLAN, PROXY_PASSWORD, PIN)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("RIG_TOKEN", TOKEN),
        ("RIG_PLAN", PLAN),
        ("RIG_WIFI_PASSWORD", PASSWORD),
        ("RIG_PROXY_PASSWORD", PROXY_PASSWORD),
        ("RIG_WPS_PIN", PIN),
    ):
        monkeypatch.setenv(name, value)


def capture(path: Path, packet: bytes, *, header: str = "time,light\n", scale: float = 1.0) -> Path:
    times, levels = sampled(symbols(packet), 60.0, 400.0, np.random.default_rng(4))
    rows = "".join(f"{t * scale:.6f},{v:.5f}\n" for t, v in zip(times, levels, strict=True))
    path.write_text(header + rows, encoding="utf-8")
    return path


def run(*args: str | Path) -> tuple[int, str]:
    done = CliRunner(env={"COLUMNS": "250"}).invoke(app, ["blinkup", *map(str, args)])
    return done.exit_code, done.output


def unsaid(said: str) -> bool:
    return not any(secret in said for secret in SECRETS) and encode(CONFIG).hex() not in said


def test_show(tmp_path: Path) -> None:
    wanted = ("--ssid", "Bench", "--static-ip", "10.0.0.9,255.255.255.0,10.0.0.1,10.0.0.2")
    wanted += ("--proxy", "proxy.lan:3128", "--proxy-user", "joe")
    code, said = run("show", *wanted)
    assert code == 0, said
    assert unsaid(said)
    packet = encode(CONFIG)
    assert f"{len(packet)} bytes" in said
    assert f"{64 + 8 + 8 * len(packet) + 1} symbols, bilevel at 60 Hz" in said
    assert "proxy.lan:3128, user joe, password hidden" in said
    assert "ip 10.0.0.9, netmask 255.255.255.0" in said
    code, said = run("show", *wanted, "--reveal", "--code", "trilevel", "--rate", "30")
    assert packet.hex() in said
    assert all(secret in said for secret in (PASSWORD, TOKEN, PLAN, PROXY_PASSWORD))
    assert f"{(48 + 16 + 16 * len(packet) + 6) / 30:.2f} s" in said


@pytest.mark.parametrize(
    ("args", "config", "words"),
    [
        (("--clear",), None, "clear configuration (7)"),
        (("--no-wifi",), WifiConfig("", "", TOKEN, PLAN), "token hidden, plan hidden"),
        (("--wps",), WpsConfig(PIN, TOKEN, PLAN), "WPS PIN (3)"),
        (("--ssid", "Cafe", "--open"), WifiConfig("Cafe", "", TOKEN, PLAN), "none: open network"),
    ],
)
def test_show_other_kinds(args: tuple[str, ...], config: Config | None, words: str) -> None:
    code, said = run("show", *args)
    assert code == 0, said
    assert words in said
    assert unsaid(said)
    assert f"packet    {5 if config is None else len(encode(config))} bytes" in said


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "nothing given; expected one of"),
        (("--clear", "--wps"), "--wps and --clear given"),
        (("--clear", "--static-ip", "1.2.3.4"), "goes without --static-ip"),
        (("--ssid", "x", "--static-ip", "1.2.3.4"), "has 1 addresses"),
        (("--ssid", "x", "--proxy", "here"), "expected HOST:PORT"),
        (("--no-wifi", "--open"), "drop --open"),
        (("--ssid", "x", "--code", "morse"), "expected bilevel or trilevel"),
    ],
)
def test_show_mistakes(args: tuple[str, ...], words: str) -> None:
    code, said = run("show", *args)
    assert code == 12
    assert words in said
    assert unsaid(said)


def test_decode(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.csv", encode(CONFIG))
    code, said = run("decode", path)
    assert code == 0, said
    assert unsaid(said)
    assert "Bench" in said
    for word in ("bilevel", "60.0", "normal", "right", "good", "hidden"):
        assert word in said, word
    code, said = run("decode", path, "--reveal")
    assert all(secret in said for secret in (PASSWORD, TOKEN, PLAN, PROXY_PASSWORD))


def test_times_in_milliseconds(tmp_path: Path) -> None:
    code, said = run("decode", capture(tmp_path / "a.csv", encode(CONFIG), header="ms,light\n", scale=1000.0))
    assert code == 0
    assert " 60.0" in said


def test_decode_failed(tmp_path: Path) -> None:
    code, said = run("decode", capture(tmp_path / "a.csv", damage(encode(CONFIG), "flip_bit", 70)))
    assert code == 1
    assert "failed: CRC" in said
    assert "it was sent so" in said
    assert unsaid(said)
    (tmp_path / "b.csv").write_text("".join(f"{i / 300},{i * 7 % 5}\n" for i in range(900)))
    code, said = run("decode", tmp_path / "b.csv")
    assert code == 1
    assert "no frame: no preamble" in said or "header wrong" in said


def test_decode_chooses_a_channel(tmp_path: Path) -> None:
    times, levels = sampled(symbols(encode(CONFIG)), 60.0, 400.0, np.random.default_rng(4))
    recording = Recording(
        {"led": Trace("led", "V", times, levels), "dut_v": Trace("dut_v", "V", times, levels * 0)},
        secret_windows=(Blanked(0.4 + 72 / 60, times[-1], "BlinkUp data"),),
    )
    recording.save(tmp_path / "raw.npz", raw=True)
    recording.save(tmp_path / "kept.npz")
    assert run("decode", tmp_path / "raw.npz")[0] == 0
    code, said = run("decode", tmp_path / "kept.npz")
    assert (code, "failed: truncated" in said) == (1, True), said
    code, said = run("decode", tmp_path / "raw.npz", "--channel", "nope")
    assert (code, "there are: led, dut_v" in said) == (12, True)


def test_tune(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.csv", encode(CONFIG))
    code, said = run("tune", path, "--full-scale", "3.3", "--png", tmp_path / "out.png")
    assert code == 0, said
    assert unsaid(said)
    assert "swing, of full scale" in said
    assert "documented" in said
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    assert run("tune", path)[0] == 2
    assert run("tune", path, "--full-scale", "0")[0] == 12
    code, said = run("tune", path, "--full-scale", "3.3", "--png", tmp_path / "no" / "out.png")
    assert (code, "can't be written" in said) == (12, True)


def test_what_a_file_does_not_tell_is_said_by_options(tmp_path: Path) -> None:
    counted = capture(tmp_path / "counted.csv", encode(CONFIG), header="time,light\n", scale=1e6)
    code, said = run("decode", counted)
    assert code == 12
    assert "say it with --time-unit" in said
    code, said = run("decode", counted, "--time-unit", "us")
    assert code == 0, said
    assert unsaid(said)
    code, said = run("decode", counted, "--time-unit", "us", "--from", "0", "--to", "0.3")
    assert code == 1
    assert "no frame" in said
    code, said = run("decode", counted, "--time-unit", "us", "--from", "1", "--to", "1")
    assert code == 12
    assert "expected an end behind the beginning" in said


def test_a_bad_line_is_told(tmp_path: Path) -> None:
    path = capture(tmp_path / "a.csv", encode(CONFIG))
    lines = path.read_text().splitlines()
    lines[300] = "0.7,gl"
    path.write_text("\n".join(lines))
    code, said = run("decode", path)
    assert code == 0, said
    assert "note: line 301 left out ('0.7,gl'): column 2 is 'gl'; expected a number" in said


def test_the_cause_of_a_failed_frame_is_named(tmp_path: Path) -> None:
    sent = [*symbols(encode(CONFIG)), *[0] * 40]
    del sent[300]
    times, levels = sampled(sent, 60.0, 400.0, np.random.default_rng(4))
    rows = "".join(f"{t:.6f},{v:.5f}\n" for t, v in zip(times, levels, strict=True))
    path = tmp_path / "a.csv"
    path.write_text("time_s,light\n" + rows)
    code, said = run("decode", path)
    assert code == 1
    assert "cause: symbols dropped: a symbol was dropped" in said
    assert "failed: clock lost" in said
    assert "sent so" not in said
    assert unsaid(said)
    code, said = run("tune", path, "--full-scale", "3.3")
    assert "advice    symbols dropped" in said
