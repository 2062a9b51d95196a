"""Where data files are found: by a path, or by a name in a folder of fixtures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from rig.errors import ConfigError
from rig.suggest import did_you_mean

FIXTURES_VARIABLE = "RIG_FIXTURES"
SINGULAR = {"benches": "bench", "devices": "device", "networks": "network", "supplies": "supply profile"}


def fixtures_folder() -> Path:
    """The folder of benches, devices and networks.

    `RIG_FIXTURES`, else `fixtures/` in the present folder or one above it, else beside the package (a checkout).

    Raises:
        ConfigError: there is none.
    """
    named = os.environ.get(FIXTURES_VARIABLE)
    if named:
        folder = Path(named)
        if not folder.is_dir():
            raise ConfigError(f"{FIXTURES_VARIABLE}={named!r}: expected a folder with benches/, devices/ and networks/")
        return folder
    around = next(_fixtures_around(), None)
    if around is None:
        raise ConfigError(
            f"no fixtures/ folder above {Path.cwd().resolve()}; run inside a checkout, or set {FIXTURES_VARIABLE} to "
            "the folder that holds benches/, devices/ and networks/"
        )
    return around


def _fixtures_around() -> Iterator[Path]:
    here = Path.cwd().resolve()
    for parent in (here, *here.parents, Path(__file__).resolve().parents[2]):
        folder = parent / "fixtures"
        if (folder / "benches").is_dir():
            yield folder


def find_data_file(kind: str, name: str) -> Path:
    """The file for `name`: a path to a .toml, or the stem of a file in `fixtures/<kind>/`.

    Raises:
        ConfigError: there is no such file; lists those there are.
    """
    if is_path(name):
        path = Path(name)
        if path.is_dir():
            raise ConfigError(f"{SINGULAR[kind]} file {name!r} is a folder; expected a .toml file, perhaps one in it")
        if not path.is_file():
            raise ConfigError(f"{SINGULAR[kind]} file {name!r} does not exist; expected a .toml file")
        return path
    folder = fixtures_folder() / kind
    path = folder / f"{name}.toml"
    if not path.is_file():
        known = sorted(other.stem for other in folder.glob("*.toml"))
        there = f"{did_you_mean(name, known)} there are: {', '.join(known) or 'none'}".strip()
        raise ConfigError(f"no {SINGULAR[kind]} named {name!r} in {folder}; {there}. A path to a .toml works too")
    return path


def is_path(name: str) -> bool:
    """Whether a file is named by its path, not by its stem in `fixtures/`."""
    return name.endswith(".toml") or "/" in name


def data_files(kind: str) -> dict[str, Path]:
    """The files of `fixtures/<kind>/` by their stems, those of the checkout too where `RIG_FIXTURES` names a folder.

    The tests of a checkout may ask for what it describes, whatever folder the benches are in.

    Raises:
        ConfigError: there is no fixtures folder.
    """
    folders = [fixtures_folder(), *_fixtures_around()][::-1]  # of files with one stem the last one counts
    return {path.stem: path for folder in folders for path in sorted((folder / kind).glob("*.toml"))}
