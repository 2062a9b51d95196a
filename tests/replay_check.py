"""Replay proves that a recording is enough: whatever a test of tests_hil observed is diagnosed again from its file.

Registered for a session of all tests (tests/conftest.py), so that every recording of a tests_hil run is replayed once.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from stream_check import disagreements

from rig.bench.conversions import judged_device
from rig.bench.dut import DeviceUnderTest
from rig.bench.recorded_facts import recorded_facts
from rig.diagnosis import BenchFacts, Observation, diagnose
from rig.pytest_plugin.evidence import observed
from rig.recording import Recording
from rig.report.journal import plain

SUITE = Path(__file__).resolve().parents[1] / "tests_hil"


def as_journal(seen: Observation) -> Any:
    """What a journal keeps of an observation, to the last number."""
    return json.loads(json.dumps(plain(observed(seen))))


def replayed(path: Path) -> Observation:
    """The observation of a stored recording, from the file alone."""
    recording = Recording.load(path)
    facts = recorded_facts(recording, path)
    assert facts is not None
    return diagnose(recording, facts.bench, facts.device)


def difference(live: Observation) -> str:
    """What replay of the stored recording says differently; empty if nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.npz"
        live.recording.save(path)
        before, after = as_journal(live), as_journal(replayed(path))
    different = [key for key in before if before[key] != after.get(key)]
    return "; ".join(f"{key}: live {before[key]!r}, replayed {after.get(key)!r}" for key in different)


class ReplayCheck:
    """Fails a test of tests_hil whose recording doesn't replay to its observation, or that was told something else."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        result = yield
        dut = getattr(item, "funcargs", {}).get("dut")
        if item.path.is_relative_to(SUITE) and isinstance(dut, DeviceUnderTest) and dut.observed:
            different = difference(dut.observation())
            assert not different, f"the stored recording replays to another observation: {different}"
            facts, judged = BenchFacts(dut.bench.calibration), judged_device(dut.bench.device)
            apart = disagreements(dut.observation(), facts, judged)
            assert not apart, f"what the test could wait for is not what was seen: {'; '.join(apart)}"
        return result
