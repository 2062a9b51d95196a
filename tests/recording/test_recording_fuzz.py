"""Damaged and hostile recordings end in a verdict or in one of the rig's own errors, never in anything else."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest
from hostile_files import damaged, judged, recorded

from rig.errors import RigError

PARTS, EACH = 4, 40


def complaint(path: Path) -> str:
    """What the rig says against a file; empty if it gives a verdict. Whatever else is raised fails the test."""
    try:
        judged(path)
    except RigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("part", range(PARTS))
def test_any_damage_is_a_verdict_or_an_error_of_the_rig(tmp_path: Path, part: int) -> None:
    source, target = tmp_path / "good.npz", tmp_path / "bad.npz"
    recorded().save(source)
    outcomes = {"judged": 0, "refused": 0}
    for seed in range(part * EACH, (part + 1) * EACH):
        damaged(source, target, seed)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            said = complaint(target)
        outcomes["refused" if said else "judged"] += 1
        assert not said or str(target) in said, f"seed {seed}: {said}"
        assert len(said) < 1500, f"seed {seed}"
    assert min(outcomes.values()) > 3, f"the damage is not of all kinds: {outcomes}"
