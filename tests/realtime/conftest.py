"""One emulator for each test, and no session left behind."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from emulated_bench import Emulator, Session


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Emulator]:
    made = Emulator(tmp_path)
    yield made
    made.kill()


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Callable[..., Session]]:
    with contextlib.ExitStack() as closing:

        def start(bench_file: Path, *arguments: str, **variables: str) -> Session:
            made = Session(tmp_path, bench_file, *arguments, **variables)
            closing.callback(made.stop)
            return made

        yield start
