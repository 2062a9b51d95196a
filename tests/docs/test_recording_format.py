"""docs/recording-format.md says what is in a recording: its example runs, and its tables name every key."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from rig.bench.bench import open_bench
from rig.bench.dut import DeviceUnderTest
from rig.recording import Recording

PAGE = (Path(__file__).parents[2] / "docs" / "recording-format.md").read_text(encoding="utf-8")


def recorded(folder: Path) -> Path:
    path = folder / "one.npz"
    with open_bench("simulated", seed=4) as bench:
        dut = DeviceUnderTest(bench)
        dut.power_on()
        dut.watch_for(1.0)
        dut.acquisition.result()[0].save(path)
    return path


def test_the_example_reads_a_recording_in_ten_lines(tmp_path: Path) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len([line for line in program.splitlines() if line.strip()]) <= 10
    path = recorded(tmp_path)
    (tmp_path / "example.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "-I", tmp_path / "example.py", path]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    made = Recording.load(path)
    lines = done.stdout.splitlines()
    assert [line.split()[:3] for line in lines[:-1]] == [
        [name, trace.unit, str(len(trace.times_s))] for name, trace in made.traces.items()
    ]
    assert "('power_on', " in lines[-1]
    assert lines[-1].endswith("[0.45]")


def test_every_key_is_documented(tmp_path: Path) -> None:
    keys = set(re.findall(r"^\| `([^|]*)` \|", PAGE, re.MULTILINE))
    keys |= set(re.findall(r"`, `([a-z]+)", "".join(re.findall(r"^\| (`cut[^|]*)\|", PAGE, re.MULTILINE))))
    with np.load(recorded(tmp_path)) as stored:
        head = json.loads(str(stored["head"]))
    assert set(head) <= keys
    assert set(head["about"]) <= keys
    assert set(head["units"]) <= keys
    inner = {key for part in ("calibration", "bench", "device") for key in head["about"][part]}
    assert {key for key in inner if f"`{key}`" not in PAGE} == set()
