"""The documentation builds as a site without a warning, and its reference has every public name."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = {"rig": "api/rig.html", "rig.testing": "api/testing.html"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    for module in ("mkdocs", "material", "mkdocstrings"):
        pytest.importorskip(module, reason="needs the extra docs: pip install -e '.[docs]'")
    pytest.importorskip("rig.testing", reason="the reference of rig.testing needs rig.testing")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_built(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    assert pages - {path.relative_to(site) for path in site.rglob("*.html")} == set()


@pytest.mark.parametrize("module", REFERENCE)
def test_the_reference_has_every_public_name_and_no_other(site: Path, module: str) -> None:
    text = (site / REFERENCE[module]).read_text(encoding="utf-8")
    public = importlib.import_module(module).__all__
    named = [part.partition('"')[0] for part in text.split(f'id="{module}.')[1:]]
    assert {name for name in named if "." not in name} == set(public)


def test_pages_fetch_nothing_from_elsewhere(site: Path) -> None:
    """The site is read at benches without a network."""
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for tag in ('<script src="http', '<link rel="stylesheet" href="http', '<img src="http'):
            assert tag not in text, f"{path.relative_to(site)}: {tag}"
