"""Writing a new LED calibration into a bench file, with all that a person wrote there left as it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import tomlkit

from rig.config.bench import load_bench
from rig.errors import ConfigError
from rig.led import Calibration

SECTION = "[led.calibration]"


def section(calibration: Calibration) -> dict[str, Any]:
    """The keys of `[led.calibration]`."""
    keys: dict[str, Any] = {
        "red_v": list(calibration.red_v),
        "green_v": list(calibration.green_v),
        "saturation": calibration.saturation,
        "uncertainty": calibration.uncertainty,
        "conditions": calibration.conditions,
    }
    if calibration.date is not None:
        keys["taken_on"] = date.fromisoformat(calibration.date)
    if calibration.rail_v is not None:
        keys["rail_v"] = calibration.rail_v
    return keys


def as_toml(calibration: Calibration) -> str:
    """The section `[led.calibration]` as text, to paste into a bench file."""
    return f"{SECTION}\n{tomlkit.dumps(section(calibration))}"


def store(path: Path, calibration: Calibration) -> None:
    """Replace the calibration of a bench file; comments and order stay. The old file is kept beside the new as `.bak`.

    Raises:
        ConfigError: the file can't be read or written, or would not be a bench any more (it is left as it was).
    """
    try:
        text = path.read_text(encoding="utf-8")
        document: Any = tomlkit.parse(text)
        stored = document.setdefault("led", tomlkit.table()).setdefault("calibration", tomlkit.table())
        for key, value in section(calibration).items():
            stored[key] = value
        new = path.with_name(f".{path.stem}.new.toml")
        new.write_text(tomlkit.dumps(document), encoding="utf-8")
        try:
            load_bench(str(new))
            path.with_suffix(".toml.bak").write_text(text, encoding="utf-8")
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    except (OSError, tomlkit.exceptions.ParseError) as error:
        raise ConfigError(f"{path}: the calibration can't be written: {error}; paste it by hand") from error
