"""Run as a program: runs pytest again and again, in children forked from a process that has loaded all libraries.

Reads one request a line from stdin (JSON: root, module, file, text, arguments, log, red, timeout_s) and answers each
with the exit code of pytest, or `TIMEOUT`. `text`, if there is any, is the source of `module` in that child. The file
`log` gets what pytest prints, `red` a JSON list of the tests that failed. Nothing of the rig is loaded before the fork,
so that a child has no other rig than its own.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

LIBRARIES = (
    "_hypothesis_pytestplugin",
    "_pytest.pytester",
    "adafruit_ads1x15.ads1x15",
    "adafruit_ina219",
    "adafruit_mcp4725",
    "email.parser",
    "execnet",
    "gpiozero",
    "gpiozero.pins.pigpio",
    "hypothesis.strategies",
    "jinja2",
    "matplotlib.backends.backend_agg",
    "matplotlib.figure",
    "numpy.random",
    "pdb",
    "pigpio",
    "PIL.PpmImagePlugin",
    "pydantic.json_schema",
    "pydantic.main",
    "pydantic.plugin._schema_validator",
    "pydantic.types",
    "pytest_html.plugin",
    "pytest_html.selfcontained_report",
    "pytest_metadata.plugin",
    "rich",
    "socketserver",
    "tomlkit",
    "tomllib",
    "typer.testing",
    "vcd",
    "xdist.plugin",
    "xml.etree.ElementTree",
)
POLL_S = 0.01
TIMEOUT = 124  # as of the command `timeout`


class Served(importlib.machinery.SourceFileLoader):
    """A module of another source than its file's; line numbers are the file's."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._text.encode(), self.path)


class Finder(importlib.abc.MetaPathFinder):
    """Serves one module in place of its file."""

    def __init__(self, loader: Served) -> None:
        self._loader = loader

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._loader.name:
            return None
        return importlib.util.spec_from_file_location(name, self._loader.path, loader=self._loader)


class Red:
    """A plugin that keeps the names of tests that fail."""

    def __init__(self) -> None:
        self.nodes: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.nodes.append(report.nodeid)


def in_child(request: dict[str, Any]) -> int:
    """Run pytest; returns its exit code."""
    os.setsid()  # what a test leaves behind ends with the child
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream, descriptor in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(descriptor, stream)
    os.chdir(request["root"])
    sys.path.insert(0, request["root"])
    os.environ["PYTHONPATH"] = request["root"]
    if request["text"]:
        path = str(Path(request["root"]) / request["file"])
        sys.meta_path.insert(0, Finder(Served(request["module"], path, request["text"])))
        importlib.import_module(request["module"])  # before pytest puts a finder of its own in front
    import pytest

    red = Red()
    code = int(pytest.main(request["arguments"], plugins=[red]))
    Path(request["red"]).write_text(json.dumps(red.nodes), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def served(request: dict[str, Any]) -> int:
    """The exit code of pytest in a child of its own, or TIMEOUT."""
    child = os.fork()
    if not child:
        code = 99
        try:
            code = in_child(request)
        finally:
            os._exit(code)
    deadline_s = time.monotonic() + request["timeout_s"]
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        late = not ended and time.monotonic() > deadline_s
        if ended or late:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if late:
            os.waitpid(child, 0)
            return TIMEOUT
        time.sleep(POLL_S)


def main() -> None:
    sys.path.pop(0)  # this folder: its modules belong to tests
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):  # a test that needs it says so
            importlib.import_module(name)
    early = [name for name in sys.modules if name.partition(".")[0] == "rig"]
    if early:
        sys.exit(f"loaded before the fork, so it could never be broken: {', '.join(early)}")
    for line in sys.stdin:
        print(json.dumps(served(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
