"""The recordings of a run: each attempt of a test has its own; it grows while the test runs, and ends as .npz."""

from __future__ import annotations

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
from rig.pytest_plugin.run_folder import RUN_FOLDER
from rig.recording.growing import ENDING

FOLDER = "recordings"


@dataclass(frozen=True)
class Place:
    """Where one attempt of a test keeps its recording. `about` is what the test knows of it."""

    path: Path
    about: dict[str, Any]


PLACE = pytest.StashKey[Place]()


def begin_recording(item: pytest.Item, dut: DeviceUnderTest) -> None:
    """Give an attempt of a test a file of its own, and let its device stream to it; nothing without a run's folder."""
    folder = item.config.stash.get(RUN_FOLDER, None)
    if folder is None:
        return
    place = _free_place(folder / FOLDER, item)
    item.stash[PLACE] = place
    raw = bool(item.config.getoption("rig_keep_raw"))
    dut.stream_to(StreamTarget(_growing(place), place.about, raw))


def store_recording(
    item: pytest.Item, dut: DeviceUnderTest, seen: Observation, folder: Path, *, raw: bool
) -> dict[str, Any]:
    """Write the recording of an attempt, with the verdict that it got; what the row of its test says of the file."""
    place = item.stash.get(PLACE, None) or _free_place(folder / FOLDER, item)
    outcome = seen.outcome
    verdict = {
        "verdict": outcome.verdict.value,
        "confidence": outcome.confidence,
        "fault_domain": outcome.fault_domain.value,
        "summary": outcome.summary,
    }
    recording = seen.recording
    stored = replace(recording, about=merged_about(recording.about, {**place.about, "verdict": verdict}))
    place.path.parent.mkdir(parents=True, exist_ok=True)
    stored.save(place.path, raw=raw)
    dut.end_stream()
    return {
        "recording": str(place.path.relative_to(folder)),
        "recording_content_sha256": stored.content_sha256,
        "volatile": {"recording_sha256": hashlib.sha256(place.path.read_bytes()).hexdigest()},
    }


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
