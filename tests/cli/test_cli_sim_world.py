"""`rig sim state` and its companions against a served bench on virtual time."""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rig.cli.main import app
from rig.config.bench import load_bench
from rig.config.device import load_device
from rig.sim.server.control import ask
from rig.sim.server.control_world import state_of
from rig.sim.server.serve import ServeOptions, SimServer

PATIENCE_S = 30.0  # only ever waited out when something is broken


@pytest.fixture
def server() -> Iterator[SimServer]:
    made = SimServer(ServeOptions(realtime=False), (load_bench("simulated"), load_device("imp003"), 3))
    made.start()
    yield made
    made.stop()


def rig(server: SimServer, *arguments: str, code: int = 0) -> str:
    ended = CliRunner().invoke(app, ["sim", *arguments, "--control", str(server.control.port)])
    assert ended.exit_code == code, ended.output
    return ended.output


def power_on(server: SimServer, advance_s: float) -> None:
    with server.timeline.lock:
        server.world.rail.set_regulator(3.3)
        server.world.rail.set_switch(True)
    ask(server.control.port, "advance", seconds=advance_s)


def test_state_for_people(server: SimServer) -> None:
    dead = rig(server, "state")
    assert "supply    off; set" in dead
    assert "imp       dead; 0 boots, 0 resets; last: nothing yet" in dead
    power_on(server, 5.0)
    found = ask(server.control.port, "state")
    alive = rig(server, "state").splitlines()
    assert alive[0] == "time      5.000 s"
    assert f"on; set 3.300 V, regulator {found['supply']['regulator_v']:.3f} V, " in alive[1]
    assert f"{found['supply']['source_a'] * 1000:.1f} mA" in alive[1]
    assert alive[2].startswith("imp       offline, unconfigured, shows no_settings; 1 boots, 0 resets; last: ")
    assert alive[3:] == [
        f"LED       {'amber' if found['light']['red'] else 'dark'}",
        "BlinkUp   0% lit",
        "light     ambient 0.02, flicker 0 of 50 Hz mains, SNR 40",
        "networks  none",
    ]


def test_state_for_programs(server: SimServer) -> None:
    assert json.loads(rig(server, "state", "--json")) == ask(server.control.port, "state")


def test_driving(server: SimServer) -> None:
    power_on(server, 5.0)
    assert "networks home, no-dhcp" in rig(server, "network", "home", "no-dhcp")
    assert "networks none" in rig(server, "network", "none")
    assert "ambient 0.5 " in rig(server, "lid", "open")
    assert "ambient 0.02 " in rig(server, "lid", "closed")
    assert "ambient 0.3 " in rig(server, "light", "--level", "0.3", "--flicker", "0.05", "--snr", "9")
    light = ask(server.control.port, "state")["light"]
    assert (light["flicker"], light["mains_hz"], light["snr"]) == (0.05, 50.0, 9.0)
    assert "imp dead | LED dark" in rig(server, "press-reset")
    assert ask(server.control.port, "state")["imp"]["resets"] == 1


def test_a_network_file_is_found_from_where_the_person_is(
    server: SimServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.toml").write_text('name = "mine"\nssid = "Mine"\nsecurity = "open"\n')
    monkeypatch.chdir(tmp_path)
    sent: list[object] = []
    monkeypatch.setattr("rig.sim.server.control.ask", lambda *_, **k: sent.append(k["name"]) or ask(*_, **k))
    assert "networks mine" in rig(server, "network", "mine.toml")
    assert sent == [[str(tmp_path / "mine.toml")]]


def test_mistakes(server: SimServer) -> None:
    assert "no-such-network" in rig(server, "network", "no-such-network", code=12)
    assert "the device doesn't run" in rig(server, "press-reset", code=10)
    rig(server, "lid", "ajar", code=2)
    assert "level is -1.0" in rig(server, "light", "--level", "-1", code=12)


def test_nobody_serves() -> None:
    ended = CliRunner().invoke(app, ["sim", "state", "--control", "1"])
    assert ended.exit_code == 10
    assert "`rig sim serve` prints its port" in ended.output


def test_watching_tells_each_change_once(server: SimServer) -> None:
    looks = threading.Semaphore(0)

    def look(_: dict) -> dict:
        looks.release()
        return state_of(server.world)

    server.control.add("state", look)
    command = [sys.executable, "-u", "-c", "from rig.cli.main import app; app()", "sim", "state", "--watch"]
    watching = subprocess.Popen(
        [*command, "--control", str(server.control.port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert watching.stdout is not None

    def line() -> str:
        """The next one, after some looks that had nothing new to tell."""
        assert select.select([watching.stdout], [], [], PATIENCE_S)[0], "nothing said"
        said = watching.stdout.readline()
        while looks.acquire(blocking=False):
            pass
        assert all(looks.acquire(timeout=PATIENCE_S) for _ in range(3))
        return said

    try:
        assert "supply off" in line()
        ask(server.control.port, "lid", open=True)
        assert "ambient 0.5" in line()
        ask(server.control.port, "lid", open=False)
        assert "ambient 0.02" in line()
    finally:
        watching.send_signal(signal.SIGINT)
        rest, complaints = watching.communicate(timeout=PATIENCE_S)
    assert (watching.returncode, rest, complaints) == (0, "", "")
