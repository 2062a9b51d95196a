"""The recordings of a run: each attempt of a test has its own; it grows while the test runs, and ends as .npz."""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from rig.bench.dut import DeviceUnderTest
from rig.bench.provenance import program
from rig.bench.recorded_facts import merged_about
from rig.bench.recording_stream import StreamTarget
from rig.diagnosis import Observation
from rig.pytest_plugin.outputs import OUTPUTS, TOLD, Outputs
from rig.recording import Recording
from rig.recording.growing import ENDING
from rig.report.private import Readers, make_folder, restrict

FOLDER = "recordings"


@dataclass(frozen=True)
class Place:
    """Where one attempt of a test keeps its recording. `about` is what the test knows of it."""

    path: Path
    about: dict[str, Any]


PLACE = pytest.StashKey[Place]()


def begin_recording(item: pytest.Item, dut: DeviceUnderTest) -> None:
    """Give an attempt of a test a file of its own, and let its device stream to it; nothing without a run's folder."""
    outputs = item.config.stash.get(OUTPUTS, None)
    if outputs is None:
        return
    place = _free_place(outputs.folder / FOLDER, item)
    item.stash[PLACE] = place
    raw = bool(item.config.getoption("rig_keep_raw"))
    try:
        _make_folder(place.path.parent, outputs.readers)
    except OSError:
        return  # told when the recording is stored elsewhere
    dut.stream_to(StreamTarget(_growing(place), place.about, raw))


def store_recording(
    item: pytest.Item, dut: DeviceUnderTest, seen: Observation, outputs: Outputs, *, raw: bool
) -> dict[str, Any]:
    """Write the recording of an attempt, with the verdict that it got; what the row of its test says of the file.

    One that can't be written in the run's folder is written elsewhere, which is told.
    """
    place = item.stash.get(PLACE, None) or _free_place(outputs.folder / FOLDER, item)
    outcome = seen.outcome
    verdict = {
        "verdict": outcome.verdict.value,
        "confidence": outcome.confidence,
        "fault_domain": outcome.fault_domain.value,
        "summary": outcome.summary,
    }
    recording = seen.recording
    stored = replace(recording, about=merged_about(recording.about, {**place.about, "verdict": verdict}))
    told = len(outputs.told)
    try:
        path = _saved(stored, place.path, outputs, raw=raw)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        outputs.tell(f"the recording {place.path.name} can't be written anywhere ({error.strerror or error})")
        return {TOLD: outputs.told[told:]}
    dut.end_stream()
    where = str(path.relative_to(outputs.folder) if path.is_relative_to(outputs.folder) else path)
    moved = {TOLD: outputs.told[told:]} if outputs.told[told:] else {}
    return {
        "recording": where,
        "recording_content_sha256": stored.content_sha256,
        "volatile": {"recording_sha256": digest},
        **moved,
    }


def _saved(recording: Recording, path: Path, outputs: Outputs, *, raw: bool) -> Path:
    """Where the recording was written: at `path`, or elsewhere.

    Raises:
        OSError: there is no place for it.
    """
    try:
        _make_folder(path.parent, outputs.readers)
        recording.save(path, raw=raw)
    except OSError as error:
        path = outputs.instead(path, error)
        recording.save(path, raw=raw)
    restrict(path, outputs.readers)
    return path


def _make_folder(folder: Path, readers: Readers) -> None:
    if not folder.is_dir():
        with contextlib.suppress(FileExistsError):  # by another worker at this moment
            make_folder(folder, readers)


def _free_place(folder: Path, item: pytest.Item) -> Place:
    """The first attempt whose name is free."""
    name, attempt = _file_name(item.nodeid), 1
    while True:
        path = folder / f"{name if attempt == 1 else f'{name}-attempt{attempt}'}.npz"
        about = {
            "test": {"id": item.nodeid, "attempt": attempt},
            "volatile": program(item.path.parent),
        }
        place = Place(path, about)
        if not path.exists() and not _growing(place).exists():
            return place
        attempt += 1


def _growing(place: Place) -> Path:
    return place.path.with_name(place.path.name + ENDING)


def _file_name(nodeid: str) -> str:
    """Readable and unique: two ids that read alike still get files of their own."""
    readable = re.sub(r"[^A-Za-z0-9]+", "_", nodeid.split("::", 1)[-1]).strip("_")[-80:]
    return f"{readable}-{hashlib.sha256(nodeid.encode()).hexdigest()[:8]}"
