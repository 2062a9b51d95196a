"""The public API: what `rig` and `rig.testing` export, what their types catch, and that the suite uses nothing else."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from plugin_runs import ROOT

import rig
import rig.testing
from rig.led import load_catalogue
from rig.led.code_names import LedCode

PUBLIC = {"rig", "rig.testing"}
SNIPPET = """
from rig.testing import DeviceUnderTest, Led, Measure, Network

def test_it(dut: DeviceUnderTest, network: Network, measure: Measure, led: Led) -> None:
    dut.send(dut.wifi(network("home")), rate_hz=142)
    assert dut.wait_for("connected", "searching", timeout_s=3)
    assert led("no_settings", timeout_s=3)
    measure("time_to_connect", 2.1, "s")
"""
SLIPS = ('    dut.wait_for("conected", timeout_s=3)\n', '    led("serching", timeout_s=3)\n', '    measure(2.1, "s")\n')


def imported_from_the_rig(path: Path) -> set[str]:
    """The modules of the rig that a file imports, or imports from."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return {name for name in found if name.partition(".")[0] == "rig"}


@pytest.mark.parametrize("path", sorted((ROOT / "tests_hil").glob("*.py")), ids=lambda path: path.name)
def test_the_suite_imports_the_public_api_alone(path: Path) -> None:
    assert imported_from_the_rig(path) <= PUBLIC


def test_every_public_name_is_there_and_only_loaded_when_used() -> None:
    assert rig.__all__ == sorted(rig.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name))
    for name in rig.__all__:
        assert getattr(rig, name) is not None, name
    for name in rig.testing.__all__:
        assert getattr(rig.testing, name) is not None, name
    with pytest.raises(AttributeError, match="module 'rig' has no attribute 'Verdikt'"):
        rig.Verdikt  # noqa: B018
    code = "import rig, sys; print(sorted(m for m in sys.modules if m.startswith('rig')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['rig']"


def test_types_and_table_of_public_names_agree() -> None:
    """They are written three times: for the type checker, for the loader, and for `from rig import *`."""
    tree = ast.parse((ROOT / "rig" / "__init__.py").read_text(encoding="utf-8"))
    checked = {
        (node.module, alias.name)
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert checked == {(home, name) for name, home in rig._HOME_OF.items()}
    assert {name for _, name in checked} == set(rig.__all__)


def test_light_codes_of_the_type_are_those_of_the_catalogue() -> None:
    """All that have a light of their own: others can't be waited for."""
    assert list(get_args(LedCode)) == [code.id for code in load_catalogue() if code.readings]


def complaints(tool: list[str], folder: Path, text: str) -> set[int]:
    """The lines in which a type checker finds errors."""
    (folder / "snippet.py").write_text(text, encoding="utf-8")
    chosen = os.environ | {"PYTHONPATH": str(ROOT), "MYPYPATH": str(ROOT)}
    done = subprocess.run(
        [*tool, "snippet.py"], cwd=folder, env=chosen, capture_output=True, text=True, timeout=550, check=False
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return {int(number) for number in re.findall(r"snippet\.py:(\d+)[^\n]*error", done.stdout)}


def test_mypy_finds_a_misspelt_light_code(tmp_path: Path) -> None:
    tool = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "--follow-imports=silent"]
    tool += ["--cache-dir", str(ROOT / ".mypy_cache")]
    right = SNIPPET.count("\n")
    found = complaints(tool, tmp_path, SNIPPET + "".join(SLIPS))
    assert found == {right + number for number in range(1, len(SLIPS) + 1)}


@pytest.mark.skipif(importlib.util.find_spec("pyright") is None, reason="pyright is not installed")
def test_pyright_finds_a_misspelt_light_code(tmp_path: Path) -> None:
    right = SNIPPET.count("\n")
    found = complaints([sys.executable, "-m", "pyright"], tmp_path, SNIPPET + "".join(SLIPS))
    assert found == {right + number for number in range(1, len(SLIPS) + 1)}
