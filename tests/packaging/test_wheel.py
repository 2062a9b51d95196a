"""What is in the wheel: code, types, data and suite from the top folders, licence and metadata."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from email.parser import HeaderParser
from pathlib import Path

import pytest
from installed_rig import ROOT

import rig

KINDS = ("benches", "devices", "networks", "supplies")


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def tracked(folder: str) -> set[str]:
    found = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT)) for path in found}


def test_data_and_suite_are_those_of_the_top_folders(names: set[str], wheel: Path) -> None:
    expected = {f"rig/{path}" for kind in KINDS for path in tracked(f"fixtures/{kind}")}
    expected |= {f"rig/{path}" for path in tracked("tests_hil")}
    assert {name for name in names if name.startswith(("rig/fixtures/", "rig/tests_hil/"))} == expected
    with zipfile.ZipFile(wheel) as archive:
        for name in expected:
            assert archive.read(name) == (ROOT / name.removeprefix("rig/")).read_bytes()


def test_every_file_of_the_package_is_in_it(names: set[str]) -> None:
    assert tracked("rig") <= names
    assert {name.split("/")[0] for name in names} == {"rig", f"imp_bench_rig-{rig.__version__}.dist-info"}


def test_metadata_and_licence(names: set[str], wheel: Path) -> None:
    info = f"imp_bench_rig-{rig.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        metadata = HeaderParser().parsestr(archive.read(f"{info}/METADATA").decode())
        licence = archive.read(f"{info}/licenses/LICENSE").decode()
    assert metadata["Version"] == rig.__version__
    assert metadata["License-Expression"] == "MIT"
    assert licence.startswith("MIT License")
    assert "the imp bench rig contributors" in licence
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"Framework :: Pytest", "Typing :: Typed"} <= set(metadata.get_all("Classifier") or [])
    assert "rig/py.typed" in names


def test_an_editable_install_is_a_path_that_type_checkers_follow(tmp_path: Path) -> None:
    """An import hook, which other build backends write, is opaque to mypy and pyright."""
    code = f"from hatchling.build import build_editable; print(build_editable({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as archive:
        content = {name: archive.read(name).decode() for name in archive.namelist() if ".dist-info/" not in name}
    assert [text.strip() for text in content.values()] == [str(ROOT)], list(content)
    assert all(name.endswith(".pth") for name in content)


def test_the_lowest_versions_are_the_bounds_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["dev"], *extras["scpi"], *extras["docs"]]
    bounds = {e.replace(">=", "==").split(",")[0] for e in wanted if not e.startswith(project["name"])}
    lines = (ROOT / "ci" / "lowest-versions.txt").read_text(encoding="utf-8").splitlines()
    pinned = {line.split("#")[0].strip() for line in lines} - {""}
    assert bounds <= pinned
