"""A recording that grows on the disk: whatever was added before the end is read back, and a torn end does no harm."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hostile_files import recorded

from rig.errors import ConfigError
from rig.recording import Action, Recording, Trace
from rig.recording.growing import GrowingRecording, read_growing
from rig.recording.stored import read_recording


def grown(path: Path, made: Recording, stretches: int = 5) -> None:
    """Write a recording piece by piece and leave it as a kill does."""
    file = GrowingRecording(path, made.about)
    blank = made.blanked()
    file.add(windows=made.secret_windows, notes=made.notes)
    cuts = np.linspace(made.start_s, made.end_s + 1, stretches + 1)
    for a, b in pairwise(cuts):
        traces = [trace.between(float(a), float(b)) for name, trace in blank.traces.items() if name != "asked_v"]
        file.add(traces, [action for action in made.actions if a <= action.start_s < b])
    asked = blank.traces["asked_v"]
    playback = Trace("asked_v/0", "V", asked.times_s[:-1], asked.values[:-1])
    file.add([playback], played={0: [Action("supply_profile", 12.5, 12.6, {"profile": "x"})]})
    file.close()


def test_what_was_added_comes_back(tmp_path: Path) -> None:
    made, path = recorded(), tmp_path / "r.npz.part"
    grown(path, made)
    back = read_recording(path)
    blank = made.blanked()
    assert set(back.traces) == set(blank.traces)
    for name, trace in blank.traces.items():
        np.testing.assert_array_equal(back.traces[name].times_s, trace.times_s)
        np.testing.assert_array_equal(back.traces[name].values, trace.values)
    assert back.notes == made.notes
    assert [a.kind for a in back.actions] == ["supply_profile", "power_on", "blinkup"]
    assert [(w.start_s, w.end_s) for w in back.secret_windows] == [(14.1, 14.3)]
    assert back.about == {**made.about, "recovered": True}
    assert back.blanked().secret_windows[0].sha256 == "", "of light that is gone there is no hash"


@pytest.mark.parametrize("share", [0.4, 0.7, 0.9, 0.999])
def test_wherever_a_kill_cuts_the_rest_is_read(tmp_path: Path, share: float) -> None:
    made, path = recorded(), tmp_path / "r.npz.part"
    grown(path, made, stretches=20)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    back = read_recording(path)
    led = back.traces["led"]
    before = made.blanked().traces["led"]
    assert 0 < len(led.times_s) <= len(before.times_s)
    np.testing.assert_array_equal(led.values, before.values[: len(led.values)])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"not json\n", "not JSON"),
        (b"[1]\n", "not an object"),
        (b'{"trace": "led"}\n', "no samples of a trace"),
        (b'{"trace": "led", "unit": "V", "samples": 9, "width": 1, "data": "AAAA"}\n', "damaged"),
        (b'{"more": {"actions": 3}}\n', "actions is no list"),
        (b'{"more": {"played": [3]}}\n', "played is no list"),
        (b'{"other": 1}\n', "neither samples nor actions"),
    ],
)
def test_damage_elsewhere_than_at_the_end_is_told_with_its_line(tmp_path: Path, line: bytes, said: str) -> None:
    path = tmp_path / "r.npz.part"
    grown(path, recorded())
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:3], line, *lines[3:]]))
    with pytest.raises(ConfigError, match=rf"r\.npz\.part, line 4: .*{said}"):
        read_growing(path)


def test_a_stretch_that_unpacks_to_more_than_it_says_is_refused(tmp_path: Path) -> None:
    import base64
    import zlib

    path = tmp_path / "r.npz.part"
    grown(path, recorded())
    data = base64.b64encode(zlib.compress(bytes(2**26))).decode()
    with path.open("a", encoding="utf-8") as file:
        file.write(f'{{"trace": "led", "unit": "V", "samples": 2, "width": 1, "data": "{data}"}}\n')
    with pytest.raises(ConfigError, match="33 bytes of samples; expected 32"):
        read_growing(path)
