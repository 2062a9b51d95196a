"""Where data files are found: by a path, or by a name in folders that lie over one another.

The folders, in the order in which they are asked: the one that `RIG_FIXTURES` names, those that the ini key
`rig_fixtures` names in a session of pytest, `fixtures/` in the present folder or the nearest one above it, and the
built-in ones. A name counts where it is met first, so a folder adds to the ones below it, and a file in it may extend
theirs or stand in their place.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rig.config.suggest import did_you_mean
from rig.errors import ConfigError

FIXTURES_VARIABLE, FIXTURES_INI = "RIG_FIXTURES", "rig_fixtures"
SINGULAR = {"benches": "bench", "devices": "device", "networks": "network", "supplies": "supply profile"}

_session_folders: tuple[Path, ...] = ()


def builtin_folder(name: str) -> Path:
    """A folder that the rig brings along (`fixtures`, `tests_hil`): in an installed package, else in the checkout."""
    package = Path(__file__).resolve().parents[1]
    return package / name if (package / name).is_dir() else package.parent / name


def fixtures_folders() -> tuple[Path, ...]:
    """The folders that may hold benches/, devices/, networks/ and supplies/, in the order in which they are asked.

    Raises:
        ConfigError: `RIG_FIXTURES` or the ini key names something that is no folder.
    """
    named = os.environ.get(FIXTURES_VARIABLE)
    folders = [_existing(Path(named), FIXTURES_VARIABLE)] if named else []
    folders += [_existing(folder, f"{FIXTURES_INI} in the ini file") for folder in _session_folders]
    folders += [*_nearest_fixtures(), builtin_folder("fixtures")]
    return tuple({folder.resolve(): folder for folder in reversed(folders)}.values())[::-1]


def _existing(folder: Path, said_by: str) -> Path:
    if not folder.is_dir():
        raise ConfigError(f"{said_by}={str(folder)!r}: expected a folder with benches/, devices/ or networks/")
    return folder


def _nearest_fixtures() -> list[Path]:
    """`fixtures/` in the present folder or the nearest one above; other projects use that name for other things."""
    here = Path.cwd().resolve()
    around = (parent / "fixtures" for parent in (here, *here.parents))
    return [folder for folder in around if any((folder / kind).is_dir() for kind in SINGULAR)][:1]


@contextmanager
def session_fixtures(folders: Sequence[Path]) -> Iterator[None]:
    """While open, `folders` are asked after `RIG_FIXTURES` and before all others."""
    global _session_folders
    before, _session_folders = _session_folders, tuple(folders)
    try:
        yield
    finally:
        _session_folders = before


def find_data_file(kind: str, name: str) -> Path:
    """The file for `name`: a path to a .toml, or the stem of a file in a folder `kind` ("benches") of fixtures.

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
    files = data_files(kind)
    if name not in files:
        folders = " or ".join(str(folder / kind) for folder in fixtures_folders())
        there = f"{did_you_mean(name, files)} there are: {', '.join(files)}".strip()
        raise ConfigError(f"no {SINGULAR[kind]} named {name!r} in {folders}; {there}. A path to a .toml works too")
    return files[name]


def is_path(name: str) -> bool:
    """Whether a file is named by its path, not by its stem."""
    return name.endswith(".toml") or "/" in name


def data_files(kind: str) -> dict[str, Path]:
    """The files of one kind ("benches") by their stems, in the order of the alphabet.

    Raises:
        ConfigError: `RIG_FIXTURES` or the ini key names something that is no folder.
    """
    files = {path.stem: path for folder in reversed(fixtures_folders()) for path in (folder / kind).glob("*.toml")}
    return dict(sorted(files.items()))
