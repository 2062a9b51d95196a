"""What contributors are told is so: the layout, the decisions, the checks before a commit, the jobs of CI."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
WORKFLOWS = ROOT / ".github" / "workflows"
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
ROOMS = sorted(path.parent.name for path in (ROOT / "rig").glob("*/__init__.py"))


def run(module: str, *arguments: str) -> None:
    """Run a checking program of the dev extra; what it complains about fails the test."""
    program = shutil.which(module, path=sysconfig.get_path("scripts")) or shutil.which(module)
    if program is None:
        pytest.skip(f"{module} is not installed: pip install -e '.[dev]'")
    done = subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [*ROOMS, "errors.py", "clock.py"])
def test_room_is_in_the_drawing_and_in_the_readme(name: str) -> None:
    drawing = CONTRIBUTING.partition("## The layout")[2].partition("## Adding")[0]
    assert re.search(rf"\brig/{re.escape(name)}(?![\w.])", drawing), f"the layout in CONTRIBUTING.md lacks {name}"
    if name in ROOMS:
        assert f"`rig/{name}`" in README, f"README.md lacks {name}"


def test_the_drawing_names_nothing_that_is_not_there() -> None:
    for named in re.findall(r"^    .*$", CONTRIBUTING, flags=re.MULTILINE):
        for path in re.findall(r"\brig/[\w.]+", named):
            assert (ROOT / path).exists(), path


@pytest.mark.parametrize("path", DECISIONS, ids=lambda path: path.stem[:4])
def test_decision_has_its_parts_and_its_row(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"# {path.stem[:4]}: ")
    assert re.search(r"^Status: [a-z0-9 ]+\. Date: \d{4}-\d\d-\d\d\.$", text, flags=re.MULTILINE)
    assert re.findall(r"^## (.*)$", text, flags=re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert f"({path.name})" in (path.parent / "index.md").read_text(encoding="utf-8")


def test_the_formats_of_the_changelog_are_those_of_the_code() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "rig").rglob("*.py"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    formats = set(re.findall(r'^FORMAT(?:: Final)? = "([\w-]+)"', code, flags=re.MULTILINE))
    assert formats
    assert set(re.findall(r"^\| `(rig-[\w-]+)` \|", changelog, flags=re.MULTILINE)) == formats


def test_the_workflow_runs_the_commands_of_the_readme() -> None:
    commands = re.findall(r"^    (python3 -m venv .*)$", README, flags=re.MULTILINE)
    assert len(commands) == 2
    workflow = (WORKFLOWS / "simulated.yml").read_text(encoding="utf-8")
    for command in commands:
        assert f"run: {command}" in workflow


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*.yml")), ids=lambda path: path.name)
def test_workflow_obeys_the_schema(path: Path) -> None:
    """The schema is shipped with check-jsonschema: nothing is fetched."""
    run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", str(path))


def test_nothing_is_misspelt() -> None:
    run("codespell")


def test_hooks_use_programs_of_the_dev_extra() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    programs = set(re.findall(r"^ +entry: ([\w-]+)", text, flags=re.MULTILINE)) - {"python"}
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert programs == {"ruff", "mypy", "codespell", "check-jsonschema"}
    for program in programs:
        assert any(re.match(rf"{program}\b(?!-)", requirement) for requirement in extra["dev"]), program


def test_python_is_one_that_the_workflow_and_the_readme_name() -> None:
    required = re.search(r'requires-python = ">=(3\.\d+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert required is not None
    assert f"Python {required[1]} to 3.13" in README
    assert f'python: ["{required[1]}", "3.13"]' in (WORKFLOWS / "simulated.yml").read_text(encoding="utf-8")
    assert sys.version_info >= tuple(int(part) for part in required[1].split("."))
