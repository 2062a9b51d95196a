"""Canary secrets: whatever a run writes or says, password and enrolment token are not in it in any usual form."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bit_slicer import images, stolen
from plugin_runs import FIXTURES, REPORTING, ROOT, read_report, run_session

from rig.blinkup import WifiConfig, encode
from rig.recording import Recording

PASSWORD = "Canary-Pa55word-8f2c"
TOKEN = "c0ffee5ec2e7ab1e"
PLAN = "0badc0de0badc0de"
PACKET = encode(WifiConfig(ssid="Bench-Home", password=PASSWORD, token=TOKEN, plan=PLAN))
MASK = (1 << 17) | (1 << 27)  # both legs, as it stands in each pulse of a waveform

SUITE = """
from dataclasses import replace

import pigpio
import pytest

from rig.config.network import load_any_network

def online(dut, network):
    dut.power_on()
    dut.watch_for(1.0)
    return dut.wifi(network("home"))

def test_canary_fails_after_sending(dut, network, bench):
    home = network("home")
    config = online(dut, network)
    receipt = dut.send(config, rate_hz=142.0)
    dut.watch_for(2.0)
    seen = dut.observation()
    assert receipt is None and seen and home

def test_canary_seen_by_the_rigs_own_sensor(dut, network, bench):
    gains = bench.world.rig_sensor.gains
    bench.world.rig_sensor.gains = replace(gains, blinkup_v=0.8)
    receipt = dut.send(online(dut, network))
    dut.watch_for(1.0)
    assert receipt.contrast_v > 0.5
    assert not receipt.sent_as_planned, receipt

def test_canary_with_an_ssid_that_is_too_long(dut, network):
    dut.send(replace(online(dut, network), ssid="s" * 40))

def test_canary_of_a_device_without_a_plan(dut, network, monkeypatch):
    monkeypatch.delenv("RIG_PLAN")
    dut.wifi(network("home"))

def test_canary_with_another_password(dut, network, monkeypatch):
    monkeypatch.delenv("RIG_PLAN")
    dut.wifi(network("home"), password=network("home").password.get_secret_value())

def test_canary_in_a_file_with_a_mistake(network):
    load_any_network("mistaken")

def test_canary_of_a_sensor_that_fails_in_mid_frame(dut, network, monkeypatch):
    config = online(dut, network)
    now_s, read = dut.bench.clock.now_s(), dut.bench.led_input.read

    def fail():
        if dut.bench.clock.now_s() > now_s + 2.0:
            raise ZeroDivisionError("sensor")
        return read()

    monkeypatch.setattr(dut.acquisition._led, "_read", fail)
    dut.send(config, rate_hz=142.0)

def test_canary_in_a_wave_that_is_refused(dut, network, monkeypatch):
    config = online(dut, network)

    def refuse():
        raise pigpio.error("no more CBs")

    monkeypatch.setattr(dut.bench.optical._pi, "wave_create", refuse)
    dut.send(config)
"""


def fixtures_with_canaries(folder: Path) -> Path:
    copy = folder / "fixtures"
    shutil.copytree(FIXTURES, copy)
    home = copy / "networks" / "home.toml"
    home.write_text(home.read_text(encoding="utf-8").replace("a firm handshake", PASSWORD), encoding="utf-8")
    text = home.read_text(encoding="utf-8")
    (copy / "networks" / "mistaken.toml").write_text(text.replace("ssid =", "sside ="), encoding="utf-8")
    bench = copy / "benches" / "simulated.toml"
    text = bench.read_text(encoding="utf-8").replace("0123456789abcdef", TOKEN)
    text = text.replace('plan = "fedcba9876543210"\n', "")
    bench.write_text(text, encoding="utf-8")
    assert PASSWORD in home.read_text(encoding="utf-8")
    assert TOKEN in text
    assert "plan" not in text.split("[dut]")[1].split("[simulation]")[0].replace("enrolment token and plan", "")
    return copy


def forms() -> dict[str, bytes]:
    """Ways in which a secret may hide, as bytes to look for (in lower case, as is what they are looked for in)."""
    found = {"packet, hex": PACKET.hex().encode(), "packet, as Python prints it": repr(PACKET)[2:-1].encode().lower()}
    for name, secret in (
        ("password", PASSWORD.encode()),
        ("token", TOKEN.encode()),
        ("token bytes", bytes.fromhex(TOKEN)),
    ):
        found[f"{name}, plain"] = secret.lower()
        found[f"{name}, hex"] = secret.hex().encode()
        found[f"{name}, spaced hex"] = secret.hex(" ").encode()
        for shift in range(3):  # base64 of a text that has the secret at any place in it
            whole = base64.b64encode(bytes(shift) + secret)
            end = -4 if (shift + len(secret)) % 3 else None
            found[f"{name}, base64 at {shift}"] = whole[4 if shift else 0 : end].lower()
    del found["token bytes, plain"]  # eight bytes that are no text, and lower case would change them
    return found


SECRETS = {"password": PASSWORD.encode(), "token": bytes.fromhex(TOKEN)[::-1], "packet": PACKET}


def test_thief_reads_the_password_where_nothing_is_blanked() -> None:
    """Or finding none would prove nothing."""
    from rig.bench.bench import open_bench
    from rig.bench.dut import DeviceUnderTest

    config = WifiConfig(ssid="Bench-Home", password=PASSWORD, token=TOKEN, plan=PLAN)
    for rate_hz, code in ((60.0, "bilevel"), (142.0, "bilevel"), (60.0, "trilevel")):
        with open_bench("simulated", seed=3) as bench:
            bench.world.rig_sensor.gains = replace(bench.world.rig_sensor.gains, blinkup_v=0.8)
            dut = DeviceUnderTest(bench)
            dut.power_on()
            dut.watch_for(1.5)
            dut.send(config, rate_hz=rate_hz, code=code)
            raw = dut.acquisition.result()[0]
        led, kept = raw.traces["led"], raw.blanked().traces["led"]
        assert stolen(led.times_s, led.values, SECRETS) == set(SECRETS), (rate_hz, code)
        assert stolen(kept.times_s, kept.values, SECRETS) == set(), (rate_hz, code)


def told(where: str, data: bytes) -> list[str]:
    lower = data.lower()
    return [f"{where}: {form}" for form, secret in forms().items() if secret in lower]


def test_forms_find_what_they_are_for() -> None:
    said = f"password={PASSWORD} {TOKEN.upper()} {base64.b64encode(b'xy' + PASSWORD.encode()).decode()} {PACKET.hex()}"
    found = told("here", said.encode())
    assert {"here: password, plain", "here: token, plain", "here: packet, hex"} <= set(found)
    assert "here: password, base64 at 2" in found
    assert all(len(secret) >= 8 for secret in forms().values()), forms()


def test_no_canary_leaves_a_run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIG_FIXTURES", str(fixtures_with_canaries(pytester.path)))
    monkeypatch.setenv("RIG_PLAN", PLAN)
    pytester.makeconftest(REPORTING)
    pytester.makepyfile(test_leaks=SUITE)
    reports = pytester.path / "out"
    result = pytester.runpytest_subprocess(
        str(ROOT / "tests_hil" / "test_blinkup.py"),
        "test_leaks.py",
        *("-p", "no:cacheprovider", "-n0", "-vv", "--showlocals", "--rig-reports", str(reports)),
        *(
            "-k",
            "canary or (gets_the_device_online and quiet-dark)",
            "--junit-xml",
            "out/junit.xml",
            "-o",
            "log_level=DEBUG",
        ),
        timeout=300,
    )
    result.assert_outcomes(passed=1, failed=8)
    said = result.stdout.str()
    assert "receipt    = Receipt(" in said, "variables are shown"
    assert "WifiConfig(ssid='Bench-Home'" in said
    for expected in (
        "InvalidSsid",
        "pigpiod refuses the wave",
        "no enrolment plan",
        "sside: unknown key",
        "ZeroDivision",
    ):
        assert expected in said, expected
    leaks = told("stdout", said.encode()) + told("stderr", result.stderr.str().encode())
    assert str(MASK) not in said, "a waveform is shown: it is the packet, bit by bit"
    files = [path for path in reports.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".html", ".npz", ".xml"}
    for path in files:
        leaks += told(path.name, path.read_bytes())
        assert str(MASK).encode() not in path.read_bytes()
    assert leaks == []
    report = read_report(reports)
    assert len(report.rows) == 9
    pictures = images(report.text + html.unescape(report.text))
    assert len(pictures) >= 8
    for picture in pictures:
        assert told("picture", picture) == []
    assert "<table><tr><td>result</td><td>sent as planned</td>" in report.row("seen_by_the_rigs").below
    below = report.row("seen_by_the_rigs").below
    assert re.search(r"<td>packet HMAC, of this run</td><td>[0-9a-f]{64}</td>", below)
    assert hashlib.sha256(PACKET).hexdigest() not in report.text
    look_into_recordings([path for path in files if path.suffix == ".npz"])


@pytest.mark.parametrize(("old", "new"), [("ssid =", "sside ="), (PASSWORD, f"{PASSWORD * 4:.64}"), ('"\n', "'\n")])
def test_no_canary_leaves_a_session_whose_network_has_a_mistake(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    fixtures = fixtures_with_canaries(pytester.path)
    home = fixtures / "networks" / "home.toml"
    home.write_text(home.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    monkeypatch.setenv("RIG_FIXTURES", str(fixtures))
    pytester.makepyfile("def test_never(bench):\n    pass")
    result = run_session(pytester, "-vv", "--showlocals", "--full-trace")
    said = result.stdout.str() + result.stderr.str()
    assert result.ret == 12, said
    assert "networks/home.toml: " in said
    assert told("said", said.encode()) == []


def look_into_recordings(paths: list[Path]) -> None:
    sent = 0
    for path in paths:
        with np.load(path, allow_pickle=False) as stored:
            assert told(path.name, str(stored["head"]).encode()) == []
            assert json.loads(str(stored["head"]))["raw"] is False
            for name in stored.files:
                assert told(f"{path.name} {name}", stored[name].tobytes()) == []
        recording = Recording.load(path)
        for name, trace in recording.traces.items():
            assert stolen(trace.times_s, trace.values, SECRETS) == set(), f"{path.name} {name}"
        led = recording.traces["led"]
        for window in recording.secret_windows:
            inside = (led.times_s >= window.start_s) & (led.times_s < window.end_s)
            assert np.isnan(led.values[inside]).all()
            assert len(window.sha256) == 64
            sent += int(inside.sum() > 100)
        blinkups = [action for action in recording.actions if action.kind == "blinkup"]
        assert len(blinkups) <= len(recording.secret_windows)
    assert sent >= 4, "frames that succeeded, failed and broke off must have been among them"
