"""Breaking things on purpose: each break below must turn the suite that judges devices red.

If simulator, catalogue, encoder and decoder only agreed with one another, a break on one side would go unnoticed.
Each case changes one place in a copy of the project and runs the tests that ought to see it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("rig", "fixtures", "tests_hil", "tests", "pyproject.toml")
RED = (1, 10, 13)  # failed tests, bench fault, safety trip
CALM = "quiet-dark"


@dataclass(frozen=True)
class Mutation:
    """Replace `old` by `new` in `file`; `select` picks the tests of tests_hil that must notice."""

    name: str
    file: str
    old: str
    new: str
    select: str
    suite: str = "tests_hil"


MUTATIONS = tuple(
    Mutation(**row) for row in tomllib.loads((ROOT / "tests/mutations.toml").read_text(encoding="utf-8"))["mutation"]
)


def run(folder: Path, select: str, suite: str = "tests_hil") -> subprocess.CompletedProcess[str]:
    # With CI set, pytest spells out in full how two values differ: nobody reads that here, and it can take minutes.
    unwanted = ("PYTEST", "RIG_", "CI", "BUILD_NUMBER")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
    environment["PYTHONPATH"] = str(folder)
    chosen = f"({select}) and ({CALM} or not quiet and not noisy)"
    command = [sys.executable, "-m", "pytest", suite, "-n0", "-q", "-p", "no:cacheprovider", "-k", chosen]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def copy_to(folder: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)


def test_the_copy_itself_is_green(tmp_path: Path) -> None:
    copy_to(tmp_path)
    for suite in sorted({m.suite for m in MUTATIONS}):
        done = run(tmp_path, " or ".join(sorted({f"({m.select})" for m in MUTATIONS if m.suite == suite})), suite)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name.replace(" ", "_"))
def test_break_turns_the_suite_red(mutation: Mutation, tmp_path: Path) -> None:
    copy_to(tmp_path)
    path = tmp_path / mutation.file
    text = path.read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1, f"{mutation.file}: {text.count(mutation.old)} places read {mutation.old!r}"
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    done = run(tmp_path, mutation.select, mutation.suite)
    assert done.returncode in RED, done.stdout[-3000:]
