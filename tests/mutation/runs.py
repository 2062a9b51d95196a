"""Runs of pytest in children of a server that has loaded all libraries: on the project itself, or on a copy of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mutation.rows import ROOT, Mutation

COPIED = ("rig", "fixtures", "tests_hil", "tests", "pyproject.toml")
OPTIONS = ("-n0", "-q", "-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider")
TIMEOUT_S = 600.0  # only ever waited out when something is broken


@dataclass(frozen=True)
class Done:
    """A finished run: pytest's exit code (124: it took too long), which tests failed, and what it has printed."""

    code: int
    red: tuple[str, ...]
    said: str


class Runner:
    """`tests/mutation/fork_server.py`, started when it is first needed."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None

    def close(self) -> None:
        if self._server is not None:
            self._server.communicate()  # the end of its input ends it
            self._server = None

    def broken(self, mutation: Mutation) -> Done:
        """Run the tests that must notice, until one of them does."""
        options = ("-x", *(("-k", mutation.cases) if mutation.cases else ()), *mutation.seen_by)
        text = mutation.text()
        if not mutation.needs_a_copy:
            return self._run(ROOT, options, module=mutation.module, text=text)
        with tempfile.TemporaryDirectory() as folder:
            copy_to(Path(folder))
            (Path(folder) / mutation.file).write_text(text, encoding="utf-8")
            return self._run(Path(folder), options)

    def whole(self, nodes: Sequence[str], *, copied: bool) -> Done:
        """Run tests in the same way with nothing broken."""
        if not copied:
            return self._run(ROOT, nodes)
        with tempfile.TemporaryDirectory() as folder:
            copy_to(Path(folder))
            return self._run(Path(folder), nodes)

    def run(self, options: Sequence[str]) -> Done:
        """pytest on the project with these options."""
        return self._run(ROOT, options)

    def _run(self, root: Path, options: Sequence[str], *, module: str = "", text: str = "") -> Done:
        server = self._server = self._server or _started()
        assert server.stdin is not None
        assert server.stdout is not None
        with tempfile.TemporaryDirectory() as scratch:
            log, red = Path(scratch) / "log", Path(scratch) / "red"
            if any(word.startswith("tests_hil/") for word in options) and "--rig-reports" not in options:
                options = [*options, "--rig-reports", scratch]
            request = {
                "root": str(root),
                "module": module,
                "file": f"{module.replace('.', '/')}.py",
                "text": text,
                "arguments": [*OPTIONS, *options],
                "log": str(log),
                "red": str(red),
                "timeout_s": TIMEOUT_S,
            }
            print(json.dumps(request), file=server.stdin, flush=True)
            code = json.loads(server.stdout.readline())
            failed = tuple(json.loads(red.read_text(encoding="utf-8"))) if red.exists() else ()
            return Done(code, failed, log.read_text(encoding="utf-8", errors="replace"))


def copy_to(folder: Path) -> None:
    """What tests need of the project, with its compiled modules: they carry the times of the files, which stay."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():  # what is still being compiled has a number at its end
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("*.pyc.*"))
        else:
            shutil.copy2(source, folder / name)


def _started() -> subprocess.Popen[str]:
    # With CI set, pytest spells out in full how two values differ: nobody reads that here, and it can take minutes.
    unwanted = ("PYTEST", "RIG_", "CI", "BUILD_NUMBER")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(unwanted)}
    program = str(Path(__file__).with_name("fork_server.py"))
    return subprocess.Popen(
        [sys.executable, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
