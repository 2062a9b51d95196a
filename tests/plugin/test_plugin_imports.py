"""Importing, asking for help and collecting touch nothing: no socket is opened, no daemon needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from plugin_runs import ROOT

CLIENTS = "'pigpio', 'gpiozero', 'board', 'busio', 'adafruit_ads1x15', 'adafruit_mcp4725', 'adafruit_ina219'"
GUARD = """
import socket, sys

def refuse(self, *args):
    raise AssertionError(f"a socket was used: {args}")

for name in ("connect", "connect_ex", "bind", "listen"):
    setattr(socket.socket, name, refuse)
"""


def python(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", GUARD + program], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


def test_the_guard_itself_bites(tmp_path: Path) -> None:
    done = python("socket.create_server(('127.0.0.1', 0))", tmp_path)
    assert done.returncode == 1
    assert "a socket was used" in done.stderr


def test_import_rig_imports_no_client(tmp_path: Path) -> None:
    done = python(
        f"import rig\nprint(sorted({{{CLIENTS}, 'numpy', 'matplotlib'}} & set(sys.modules)))",
        tmp_path,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


# Its classes are those of gpiozero, so it is imported by what opens a bench and by nothing else.
OF_A_CLIENT = {"rig.drivers.kernel.pin_factory"}


def test_every_module_imports_without_hardware(tmp_path: Path) -> None:
    """The client libraries of the Pi are not even there."""
    done = python(
        "import importlib, pkgutil, threading\n"
        f"for name in ({CLIENTS}):\n"
        "    sys.modules[name] = None\n"
        "import rig\n"
        "names = [m.name for m in pkgutil.walk_packages(rig.__path__, 'rig.') if not m.name.endswith('__main__')]\n"
        f"for name in set(names) - {OF_A_CLIENT}:\n"
        "    importlib.import_module(name)\n"
        f"assert not {OF_A_CLIENT} & set(sys.modules)\n"
        "print(len(names), threading.active_count())",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    modules, threads = map(int, done.stdout.split())
    assert modules > 80
    assert threads == 1


def test_collecting_for_a_real_bench_touches_no_hardware(tmp_path: Path) -> None:
    options = ["--collect-only", "-n0", str(ROOT / "tests_hil"), "--bench", "example-pi4"]
    options += ["-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(tmp_path)]
    done = python(f"import pytest; sys.exit(pytest.main({options!r}))", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tests collected" in done.stdout
    assert list(tmp_path.iterdir()) == [], "nothing is written either"


def test_help_touches_no_hardware_and_comes_whatever_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has mistyped a bench must be able to look up how to name one."""
    monkeypatch.setenv("RIG_BENCH", "nemo")
    done = python("import pytest; sys.exit(pytest.main(['--help', '-p', 'no:cacheprovider']))", tmp_path)
    assert "--bench" in done.stdout
    assert "Traceback" not in done.stderr
    assert done.returncode == 0
