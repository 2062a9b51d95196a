"""Runs of tests_hil in processes of their own, on a chosen device with a chosen defect, and what became of them."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mutation.runs import Runner

from rig.report import journal

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "tests_hil" / "defects.toml"
PROFILES = tuple(sorted(path.stem for path in (ROOT / "fixtures" / "devices").glob("*.toml")))
USUAL = "imp003"


@dataclass(frozen=True)
class Case:
    """One defect, the test that must turn red, and what it says then (a regular expression)."""

    give: str
    test: str
    says: str
    on: tuple[str, ...] = ()
    daily: bool = False

    @property
    def profiles(self) -> tuple[str, ...]:
        return self.on or (USUAL, *(name for name in PROFILES if name != USUAL))

    @property
    def node(self) -> str:
        return f"tests_hil/{self.test}"


def cases() -> tuple[Case, ...]:
    rows = tomllib.loads(DATA.read_text(encoding="utf-8"))["defect"]
    return tuple(Case(**{**row, "on": tuple(row.get("on", ()))}) for row in rows)


@dataclass(frozen=True)
class Done:
    """A finished run. `results` counts passed, failed, skipped; `tests` are the journal's lines.

    `cpu_s` is right if the process that asked did not wait for another run at the same time.
    """

    code: int
    duration_s: float
    cpu_s: float
    said: str = field(repr=False)
    tests: tuple[dict[str, Any], ...] = field(repr=False)
    results: dict[str, int] = field(default_factory=dict)


def run(dut: str, options: Sequence[str], *, timeout_s: float = 300.0, forking: Runner | None = None) -> Done:
    """`pytest tests_hil` on the simulated bench; its report goes into a folder that is thrown away.

    With `forking` it starts sooner, and neither its time nor that limit is known.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "RIG_", "COLUMNS"))}
    environment["PYTHONPATH"] = str(ROOT)
    with tempfile.TemporaryDirectory() as folder:
        arguments = [
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:hypothesispytest",  # it loads all of Hypothesis at the end, which no test of this suite uses
            "--dut",
            dut,
            "--rig-reports",
            folder,
            *options,
        ]
        begun_s, before_s = time.monotonic(), _children_cpu_s()
        if forking is not None:
            forked = forking.run(arguments)
            code, said = forked.code, forked.said
        else:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", *arguments],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=timeout_s,
                check=False,
            )
            code, said = done.returncode, done.stdout + done.stderr
        duration_s, cpu_s = time.monotonic() - begun_s, _children_cpu_s() - before_s
        kept = sorted(Path(folder).glob(f"*/{journal.NAME}"))
        tests = tuple(line for line in journal.read(kept[0])[1:]) if kept else ()
    counts = dict(Counter(line["result"] for line in tests))
    return Done(code, duration_s, cpu_s, said, tests, counts)


def _children_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def verdict_of(case: Case, done: Done) -> str:
    """red, skipped, or what is wrong: the test passed, or turned red for another reason."""
    lines = [line for line in done.tests if line["test"] == case.node]
    if not lines:
        return f"{case.node} did not run (exit code {done.code}): {done.said[-1500:]}"
    if all(line["result"] == "skipped" for line in lines):
        return "skipped"
    failed = [line for line in lines if line["result"] == "failed"]
    if not failed:
        return "GREEN: the defect went unnoticed"
    words = " ".join(str(failed[0].get(key, "")) for key in ("failure", "verdict", "reason"))
    return (
        "red" if re.search(case.says, words) else f"red, but for another reason: expected {case.says!r}, said {words!r}"
    )
