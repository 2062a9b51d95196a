"""A recording comes back as it was saved, without the light that may not be kept; nonsense is refused by name."""

from __future__ import annotations

import hashlib
import io
import json
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rig.errors import ConfigError
from rig.recording import FORMAT, Action, Blanked, Recording, Trace

TIMES = np.arange(0.0, 1.0, 0.01)


def recording(values: Any = None, windows: tuple[Blanked, ...] = (Blanked(0.25, 0.5, "BlinkUp data"),)) -> Recording:
    led = np.sin(TIMES * 20.0) if values is None else values
    return Recording(
        {
            "led": Trace("led", "V", TIMES, led),
            "dut_v": Trace("dut_v", "V", TIMES[::2], np.full(50, 3.3)),
        },
        (Action("power_on", 0.0, 0.01, {"volts": 3.3}), Action("blinkup", 0.2, 0.5, {"what": "wifi", "rate_hz": 60.0})),
        windows,
        {"bench": "here", "größe": "ü"},
    )


def saved(tmp_path: Path, made: Recording, **options: bool) -> Recording:
    path = tmp_path / "one.npz"
    made.save(path, **options)
    return Recording.load(path)


def test_round_trip_keeps_everything(tmp_path: Path) -> None:
    made = recording(windows=())
    back = saved(tmp_path, made)
    assert set(back.traces) == {"led", "dut_v"}
    for name, trace in made.traces.items():
        assert np.array_equal(back.traces[name].times_s, trace.times_s)
        assert np.array_equal(back.traces[name].values, trace.values)
        assert (back.traces[name].name, back.traces[name].unit) == (name, "V")
    assert back.actions == made.actions
    assert back.notes == made.notes
    assert (back.start_s, back.end_s) == (made.start_s, made.end_s) == (0.0, pytest.approx(0.99))


def test_several_sensor_channels_round_trip_and_are_blanked_together(tmp_path: Path) -> None:
    values = np.stack([np.sin(TIMES), np.cos(TIMES)], axis=1)
    back = saved(tmp_path, recording(values))
    blank = np.isnan(back.traces["led"].values)
    assert back.traces["led"].values.shape == (100, 2)
    assert blank[25:50].all()
    assert not blank[:25].any()
    assert not blank[50:].any()


def test_window_is_blanked_with_a_hash_of_what_was_there(tmp_path: Path) -> None:
    made = recording()
    back = saved(tmp_path, made)
    kept, was = back.traces["led"].values, made.traces["led"].values
    assert np.isnan(kept[25:50]).all()
    assert np.array_equal(kept[:25], was[:25])
    assert np.array_equal(kept[50:], was[50:])
    assert np.array_equal(back.traces["dut_v"].values, made.traces["dut_v"].values)
    assert back.secret_windows == (
        Blanked(0.25, 0.5, "BlinkUp data", hashlib.sha256(was[25:50].tobytes()).hexdigest()),
    )
    assert not np.isnan(was).any(), "the original is untouched"


def test_blanking_twice_keeps_the_first_hash() -> None:
    once = recording().blanked()
    assert once.blanked().secret_windows == once.secret_windows
    assert once.secret_windows[0].sha256 != hashlib.sha256(np.full(25, np.nan).tobytes()).hexdigest()


def test_blanked_light_is_nowhere_in_the_file(tmp_path: Path) -> None:
    """Not in another array, not in the head: the file's every number and text is looked at."""
    values = np.full(100, 0.125)
    values[25:50] = 0.618
    path = tmp_path / "one.npz"
    recording(values).save(path)
    with np.load(path) as stored:
        for name in stored.files:
            if name == "head":
                assert "0.618" not in str(stored[name])
            else:
                assert not np.any(stored[name] == 0.618), name


def test_raw_light_is_kept_only_when_asked_for(tmp_path: Path) -> None:
    made = recording()
    path = tmp_path / "raw.npz"
    made.save(path, raw=True)
    assert np.array_equal(Recording.load(path).traces["led"].values, made.traces["led"].values)
    with np.load(path) as stored:
        assert json.loads(str(stored["head"]))["raw"] is True


def test_window_that_no_sample_fell_into_is_kept(tmp_path: Path) -> None:
    back = saved(tmp_path, recording(windows=(Blanked(5.0, 6.0, "later"),)))
    assert back.secret_windows[0].start_s == 5.0
    assert not np.isnan(back.traces["led"].values).any()


def test_recording_without_light_has_nothing_to_blank(tmp_path: Path) -> None:
    made = Recording({"dut_v": Trace("dut_v", "V", TIMES, TIMES)}, (), (Blanked(0.1, 0.2, "x"),))
    assert saved(tmp_path, made).secret_windows == made.secret_windows


def test_empty_recording_round_trips(tmp_path: Path) -> None:
    back = saved(tmp_path, Recording({}))
    assert (back.traces, back.start_s, back.end_s) == ({}, 0.0, 0.0)


def test_between_takes_the_start_and_leaves_the_end() -> None:
    part = Trace("led", "V", TIMES, TIMES).between(0.10, 0.20)
    assert part.times_s[0] == pytest.approx(0.10)
    assert part.times_s[-1] == pytest.approx(0.19)


@pytest.mark.parametrize("values", [TIMES[:-1], np.zeros((99, 2))])
def test_trace_whose_times_and_values_differ_is_refused(values: Any) -> None:
    with pytest.raises(ValueError, match=r"trace 'led': 100 times for 99 values"):
        Trace("led", "V", TIMES, values)


# nonsense


def with_head(head: Any, **arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, head=np.array(json.dumps(head)), **arrays)
    return buffer.getvalue()


def npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def empty_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w"):
        pass
    return buffer.getvalue()


def pickled() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, head=np.array([{"format": FORMAT}], dtype=object))
    return buffer.getvalue()


GOOD = {"format": FORMAT, "raw": False, "units": {}, "actions": [], "secret_windows": [], "notes": {}}
NONSENSE = {
    "empty": b"",
    "text": b"not a recording",
    "zip_without_head": empty_zip(),
    "npy": npy(TIMES),
    "pickle": pickled(),
    "head_is_a_list": with_head([1, 2]),
    "no_units": with_head({"format": FORMAT}),
    "no_actions": with_head({k: v for k, v in GOOD.items() if k != "actions"}),
    "no_notes": with_head({k: v for k, v in GOOD.items() if k != "notes"}),
    "action_is_a_number": with_head(GOOD | {"actions": [3]}),
    "action_of_other_fields": with_head(GOOD | {"actions": [{"kind": "power_on", "when": 1}]}),
    "window_of_other_fields": with_head(GOOD | {"secret_windows": [{"from": 1}]}),
    "trace_is_missing": with_head(GOOD | {"units": {"led": "V"}}),
    "trace_of_two_lengths": with_head(
        GOOD | {"units": {"led": "V"}}, **{"led.times_s": TIMES, "led.values": TIMES[:5]}
    ),
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "odd.npz"
    path.write_bytes(NONSENSE[name])
    with pytest.raises(ConfigError, match=r"odd\.npz: not a recording of this rig"):
        Recording.load(path)


def test_good_head_alone_is_no_nonsense(tmp_path: Path) -> None:
    path = tmp_path / "good.npz"
    path.write_bytes(with_head(GOOD))
    assert Recording.load(path).actions == ()


def test_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.npz"
    recording().save(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ConfigError, match="not a recording of this rig"):
        Recording.load(path)


def test_other_format_is_named(tmp_path: Path) -> None:
    path = tmp_path / "new.npz"
    path.write_bytes(with_head(GOOD | {"format": "rig-recording-9"}))
    with pytest.raises(ConfigError, match=r"format is 'rig-recording-9', expected 'rig-recording-2' or before.*update"):
        Recording.load(path)


def test_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Recording.load(tmp_path / "nowhere.npz")


# what a hostile or a later file may hold


def bomb(path: Path, *, rows: int = 2**27) -> None:
    """A few megabytes that would unpack to two gigabytes."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (rows,)})
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        file.writestr("head.npy", npy(np.array(json.dumps(GOOD | {"units": {"led": "V"}}))))
        for name in ("led.times_s.npy", "led.values.npy"):
            with file.open(name, "w", force_zip64=True) as member:
                member.write(header.getvalue())
                for _ in range(rows * 8 >> 20):
                    member.write(bytes(2**20))


def test_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    bomb(path)
    assert path.stat().st_size < 20e6
    tracemalloc.start()
    try:
        with pytest.raises(ConfigError, match=r"bomb\.npz: would unpack to 2048 MiB; expected at most 512 MiB"):
            Recording.load(path)
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


def test_header_that_lies_about_its_array_costs_no_memory(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**45,)})
    path = tmp_path / "lie.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("head.npy", npy(np.array(json.dumps(GOOD | {"units": {"led": "V"}}))))
        file.writestr("led.times_s.npy", header.getvalue() + bytes(80))
        file.writestr("led.values.npy", npy(TIMES))
    with pytest.raises(ConfigError, match=r"lie\.npz: .*'led\.times_s\.npy' says 281474976710656 bytes and has 80"):
        Recording.load(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"actions": [{"kind": "x", "start_s": "soon", "end_s": 1}]}, r"actions\[0\]\.start_s is 'soon'"),
        ({"actions": [{"kind": "x", "start_s": 0, "end_s": 1e300}]}, r"actions\[0\]\.end_s is 1e\+300"),
        (
            {"actions": [{"kind": "power_on", "start_s": 0, "end_s": 1, "details": {"volts": "much"}}]},
            r"actions\[0\]\.details\.volts is 'much'",
        ),
        (
            {"actions": [{"kind": "x", "start_s": 0, "end_s": 1, "details": [1]}]},
            r"actions\[0\]\.details is a list of 1",
        ),
        ({"secret_windows": [{"start_s": 0, "end_s": None, "reason": "x"}]}, r"secret_windows\[0\]\.end_s is None"),
        ({"notes": {"expected_volts": [[1, "x"]]}}, r"notes\.expected_volts\[0\]\[1\] is 'x'"),
        ({"notes": {"bench": 3}}, r"notes\.bench is 3"),
        ({"units": {"led": 3}}, r"units\.led is 3"),
        ({"about": [1]}, "about is a list of 1"),
        ({"format": 7}, "format is 7, expected 'rig-recording-2'"),
    ],
)
def test_wrong_type_is_named_with_place_and_value(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = tmp_path / "odd.npz"
    path.write_bytes(with_head(GOOD | change))
    with pytest.raises(ConfigError, match=rf"odd\.npz: .*{said}") as raised:
        Recording.load(path)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 400


def test_later_format_says_what_to_update_to(tmp_path: Path) -> None:
    path = tmp_path / "new.npz"
    path.write_bytes(with_head({"format": "rig-recording-3", "about": {"rig": {"version": "1.4.0"}}}))
    with pytest.raises(ConfigError, match=r"new\.npz: .*'rig-recording-3'.*update to rig 1\.4\.0 or later"):
        Recording.load(path)


def test_first_format_is_read_with_the_nan_that_it_had(tmp_path: Path) -> None:
    action = {"kind": "blinkup", "start_s": 0.0, "end_s": 1.0, "details": {"what": "wifi", "crosstalk_v": float("nan")}}
    path = tmp_path / "old.npz"
    path.write_bytes(with_head({**GOOD, "format": "rig-recording-1", "actions": [action]}))
    loaded = Recording.load(path)
    assert loaded.actions[0].details["crosstalk_v"] is None
    assert loaded.about == {}


@pytest.mark.parametrize(("unit", "factor"), [("mV", 1e-3), ("V", 1.0), ("uV", 1e-6)])
def test_light_in_another_unit_is_converted(tmp_path: Path, unit: str, factor: float) -> None:
    path = tmp_path / "odd.npz"
    path.write_bytes(with_head(GOOD | {"units": {"led": unit}}, **{"led.times_s": TIMES, "led.values": TIMES}))
    led = Recording.load(path).traces["led"]
    assert led.unit == "V"
    np.testing.assert_allclose(led.values, TIMES * factor)


@pytest.mark.parametrize("change", [{"led.values": TIMES * 1e12}, {"led.times_s": TIMES + 1e300}, {"units": "lux"}])
def test_samples_that_no_bench_takes_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    arrays = {"led.times_s": TIMES, "led.values": TIMES} | {k: v for k, v in change.items() if k != "units"}
    path = tmp_path / "odd.npz"
    path.write_bytes(with_head(GOOD | {"units": {"led": change.get("units", "V")}}, **arrays))
    with pytest.raises(ConfigError, match=r"odd\.npz: not a recording of this rig: trace 'led'"):
        Recording.load(path)


def test_a_file_without_its_end_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "cut.npz"
    recording().save(path)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ConfigError, match="it is damaged, its end is missing"):
        Recording.load(path)


def test_what_no_seed_decides_does_not_change_the_content(tmp_path: Path) -> None:
    made = recording()
    told = [replace(made, about={"seed": 3, "volatile": {"recorded_at": when}}) for when in ("today", "tomorrow")]
    assert told[0].content_sha256 == told[1].content_sha256
    assert replace(made, about={"seed": 4}).content_sha256 != told[0].content_sha256
    led = made.traces["led"]
    other = {**made.traces, "led": replace(led, values=led.values + 1e-9)}
    assert replace(told[0], traces=other).content_sha256 != told[0].content_sha256
    for number, one in enumerate(told):
        one.save(tmp_path / f"{number}.npz")
        assert Recording.load(tmp_path / f"{number}.npz").content_sha256 == one.content_sha256


def test_a_save_that_fails_leaves_the_file_that_there_was(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    made = recording()
    made.save(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="allow_pickle"):
        replace(
            made, traces={"led": Trace("led", "V", TIMES, np.array([{}] * 100, dtype=object))}, secret_windows=()
        ).save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["one.npz"]
