"""docs/faults.md lists every fault with its own numbers and defaults, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from rig.sim.faults.registry import FAULT_KINDS

TEXT = (Path(__file__).parents[2] / "docs" / "faults.md").read_text(encoding="utf-8")
ROWS = {m[1]: m[2] for m in re.finditer(r"^\| `([a-z0-9]+\.[a-z_]+)` \|([^|]*)\| [^|]+ \|$", TEXT, flags=re.MULTILINE)}


def test_every_fault_has_its_row() -> None:
    assert set(ROWS) == set(FAULT_KINDS)


def test_numbers_and_defaults_are_those_of_the_code() -> None:
    for name, kind in FAULT_KINDS.items():
        row = ROWS[name]
        assert re.findall(r"`(\w+)`", row) == [p.name for p in kind.parameters], name
        for parameter in kind.parameters:
            if isinstance(parameter.default, int | float):
                assert re.search(rf"`{parameter.name}` \({parameter.default:g}\b", row), (name, parameter.name)
