"""Bench files with a supply of another kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

FIXTURES = Path(__file__).parents[2] / "fixtures"
SIMULATED = (FIXTURES / "benches" / "simulated.toml").read_text(encoding="utf-8")

WithSupply = Callable[[str], Path]
