"""Files that nobody means well with: only the rig's own errors, in bounded time and memory."""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.config.bench import load_bench
from rig.config.device import load_device
from rig.config.loading import MOST_BYTES, MOST_MISTAKES
from rig.config.network import load_network
from rig.config.suggest import did_you_mean
from rig.errors import ConfigError
from rig.recording import Recording
from rig.report import journal
from rig.report.measurement import as_number
from rig.report.results import ResultsFile

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"
READERS = ("bench", "device", "network", "supply", "recording", "csv", "vcd", "journal", "results", "packet")


@pytest.fixture(scope="module")
def fuzzing() -> Any:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return importlib.import_module("fuzz_files")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.mark.parametrize("reader", READERS)
def test_mutated_files_meet_errors_of_the_rig_only(fuzzing: Any, tmp_path: Path, reader: str) -> None:
    tally = fuzzing.fuzz(fuzzing.targets()[reader], range(150), tmp_path)
    assert tally.broken == {}
    assert tally.total == 150
    # A table of numbers from an instrument is read around a bad line, which is told.
    assert tally.refused > (10 if reader in ("csv", "vcd") else 30), "mutations that break nothing test nothing"


def test_every_reader_is_fuzzed(fuzzing: Any) -> None:
    assert set(fuzzing.targets()) == set(READERS)


def test_the_fuzzer_finds(fuzzing: Any, tmp_path: Path) -> None:
    def fragile(path: Path) -> None:
        path.read_bytes().decode("utf-8")[10**6]

    target = fuzzing.Target(fragile, (b"some text",), ".txt", fuzzing.mutated_text)
    assert sum(fuzzing.fuzz(target, range(20), tmp_path).counts.values()) == 20


def network(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "lab.toml"
    path.write_text("\n".join(('name = "lab"', 'ssid = "s"', 'password = "a firm grip"', *lines)), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("channel = " + "9" * 5000, "lab.toml: a value that can't be read .Exceeds the limit"),
        (
            "channel = 0x" + "f" * 20_000,
            "lab.toml: channel: a whole number of more than 64 bits, which TOML does not have",
        ),
        ("x = " + "[" * 5000, "lab.toml: nested too deeply"),
        ("dhcp = 1979-13-45", "lab.toml: "),
        ("delays.join_s = [0.1, " + "1" * 300 + "]", "delays.join_s.1: a whole number of more than 64 bits"),
        ("security = '" + "wpa2" * 50 + "'", r"security = .hidden.: expected 'open', 'wep'"),
        ("title = " + "[1, 2, 3, 4]", "title: expected text in quotes"),
        ("a." * 5000 + "b = 1", "lab.toml: nested too deeply"),
    ],
)
def test_monstrous_values_are_told_in_a_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        load_network(network(tmp_path, line))
    assert max(len(told) for told in str(caught.value).splitlines()) < 400 + len(str(tmp_path))


def test_many_mistakes_are_told_as_a_page(tmp_path: Path) -> None:
    begun_s = time.perf_counter()
    with pytest.raises(ConfigError) as caught:
        load_network(network(tmp_path, *(f"k{n} = 1" for n in range(50_000))))
    told = str(caught.value).splitlines()
    assert len(told) == MOST_MISTAKES + 1
    assert told[-1].endswith(f"and {50_000 - MOST_MISTAKES} more mistakes; mend these first")
    assert time.perf_counter() - begun_s < 20.0


def test_a_file_of_another_size(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"a data file of the rig has at most {MOST_BYTES}"):
        load_network(network(tmp_path, "#" * MOST_BYTES))


@pytest.mark.parametrize("length", [51, 1500])
def test_files_that_extend_one_another_without_end(tmp_path: Path, length: int) -> None:
    for n in range(length):
        parent = f'extends = "./d{n + 1}.toml"' if n + 1 < length else 'extends = "imp003"'
        (tmp_path / f"d{n}.toml").write_text(f'name = "d{n}"\n{parent}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="extends: 50 files in a row extend one another, from 'd0' on"):
        load_device(str(tmp_path / "d0.toml"))


def stored(path: Path, **changes: object) -> Path:
    head = {"format": "rig-recording-1", "raw": False, "units": {}, "actions": [], "secret_windows": [], "notes": {}}
    np.savez_compressed(path, head=np.array(json.dumps(head | changes)))
    return path


ACTION = {"kind": "power_on", "start_s": 0.0, "end_s": 1.0, "details": {}}
WINDOW = {"start_s": 0.0, "end_s": 1.0, "reason": "BlinkUp data", "sha256": ""}


@pytest.mark.parametrize(
    "changes",
    [
        {"actions": [ACTION | {"details": 3}]},
        {"actions": [ACTION | {"details": {"volts": "3.3"}}]},
        {"actions": [ACTION | {"details": {"what": 1}}]},
        {"actions": [ACTION | {"start_s": None}]},
        {"actions": [ACTION | {"end_s": float("nan")}]},
        {"actions": [ACTION | {"kind": ["power_on"]}]},
        {"actions": [ACTION | {"more": 1}]},
        {"actions": [3]},
        {"secret_windows": [WINDOW | {"end_s": "1"}]},
        {"secret_windows": [WINDOW | {"reason": None}]},
        {"secret_windows": {"a": 1}},
        {"notes": 3},
        {"notes": {"expected_volts": [1]}},
        {"notes": {"expected_volts": [[0.0, "x"]]}},
        {"notes": {"expected_volts": 3}},
        {"units": {"led": "V"}},
        {"units": 3},
    ],
    ids=str,
)
def test_recordings_that_say_nonsense(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert Recording.load(stored(tmp_path / "sound.npz", actions=[ACTION], secret_windows=[WINDOW])).actions
    with pytest.raises(ConfigError, match="not a recording of this rig"):
        Recording.load(stored(tmp_path / "made.npz", **changes))


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """A gigabyte of zeros takes a few megabytes of disk."""
    path = stored(tmp_path / "large.npz", units={"led": "V"})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for part in ("times_s", "values"):
            with file.open(f"led.{part}.npy", "w") as member:
                for _ in range(500):
                    member.write(bytes(1_000_000))
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ConfigError, match=r"would unpack to \d+ MiB; expected at most 512 MiB"):
        Recording.load(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 50_000


@pytest.mark.parametrize(
    "value", [10**400, np.zeros(3), 1j, "x" * 10_000, 10**5000, None], ids=lambda value: type(value).__name__
)
def test_what_is_no_measurement(value: object) -> None:
    with pytest.raises(ConfigError, match="expected a number") as caught:
        as_number("x", value)
    assert len(str(caught.value)) < 300


EMPTIED = """
import resource, socket, sys
from rig.clock import VirtualClock
from rig.sim.pigpiod.server import Server

answered = Server("127.0.0.1", 0, lambda connection, request: b"0123456789abcdef", lambda connection: None)
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (40, hard))
held = []
try:
    while True:
        held.append(socket.create_connection(("127.0.0.1", answered.port), 5))
except OSError:
    pass
assert len(held) > 10, len(held)
for sock in held:
    sock.close()
with socket.create_connection(("127.0.0.1", answered.port), 10) as sock:
    sock.settimeout(10)
    sock.sendall(bytes(16))
    assert sock.recv(16) == b"0123456789abcdef"
answered.stop()
print("answers again")
"""


def test_the_emulated_daemon_survives_running_out_of_descriptors() -> None:
    done = subprocess.run([sys.executable, "-c", EMPTIED], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "answers again\n", done.stderr


def test_sound_files_are_still_taken() -> None:
    assert load_bench("simulated").reports.readable_by == "owner"
    assert did_you_mean("owners", ["owner", "group"])


@pytest.mark.parametrize("read", [journal.read, lambda path: ResultsFile(path, {})], ids=["journal", "results"])
def test_lines_that_are_nested_without_end(tmp_path: Path, read: Callable[[Path], object]) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_text("[" * 100_000 + "\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"kept\.jsonl"):
        read(path)
