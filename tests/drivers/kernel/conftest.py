"""The fixture of tests/drivers/kernel: a GPIO chip, the kernel's own in its guest, else the fake."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernel_lines import FAKE, IN_THE_LAB, LABEL, PERSIST, WIRES, Lines


@pytest.fixture(name="lines")
def lines_fixture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    if IN_THE_LAB:
        import gpiod

        def persist(kept: bool) -> None:
            PERSIST.write_text("Y" if kept else "N", encoding="ascii")

        yield Lines(Path("/dev"), "/dev/gpiochip0", gpiod, persist)
        persist(False)
        return
    with monkeypatch.context() as patch:
        patch.syspath_prepend(str(FAKE))
        for name in [name for name in sys.modules if name.partition(".")[0] == "gpiod"]:
            patch.delitem(sys.modules, name)
        import gpiod as fake

        patch.setitem(sys.modules, "gpiod", fake)
        chip = tmp_path / "dev" / "gpiochip0"
        chip.mkdir(parents=True)

        def keep(kept: bool) -> None:
            facts = {"label": LABEL, "lines": 54, "wires": WIRES, "persist": kept}
            (chip / "chip.json").write_text(json.dumps(facts), encoding="utf-8")

        keep(False)
        monkeypatch.setattr("rig.drivers.kernel.chip.DEVICES", tmp_path / "dev")
        yield Lines(tmp_path / "dev", str(chip), fake, keep)
    for name in [name for name in sys.modules if name.partition(".")[0] == "gpiod"]:
        del sys.modules[name]
