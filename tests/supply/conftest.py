"""An open simulated bench, and bench files with a supply of another kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from supply_files import SIMULATED, WithSupply

from rig.bench.bench import Bench, open_bench


@pytest.fixture
def sim() -> Iterator[Bench]:
    with open_bench("simulated", seed=3) as opened:
        yield opened


@pytest.fixture
def with_supply(tmp_path: Path) -> WithSupply:
    """Writes the simulated bench's file with another `[supply]`; returns its path."""

    def write(supply: str) -> Path:
        before, rest = SIMULATED.split("[supply]\n")
        path = tmp_path / "other.toml"
        path.write_text(f"{before}[supply]\n{supply}\n\n[dut]{rest.split('[dut]')[1]}", encoding="utf-8")
        return path

    return write
