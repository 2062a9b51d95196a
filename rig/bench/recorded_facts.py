"""What a recording says of bench, device and program, so that it can be judged without any other file.

Written by the acquisition, read by `rig judge`. The keys are documented in docs/recording-format.md.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

import rig
from rig.bench.bench import Bench
from rig.bench.conversions import facts_of, led_calibration_of, rating_of
from rig.bench.provenance import program
from rig.config.bench import BenchConfig
from rig.config.device import DeviceProfile
from rig.diagnosis import BenchFacts, DeviceFacts, JudgedDevice
from rig.diagnosis.corrections.supply_dimming import LedRating
from rig.errors import ConfigError
from rig.led import Calibration, load_catalogue
from rig.recording import Recording

HARDWARE, EMULATED = "hardware", "emulated"
LARGEST_FACT = 1e6


@dataclass(frozen=True)
class RecordedFacts:
    """What judges a recording, and the names of the bench and the device that it is of."""

    bench_name: str
    device_name: str
    bench: BenchFacts
    device: JudgedDevice


def about_bench(bench: Bench, began: datetime) -> dict[str, Any]:
    """What a recording says of an open bench, its device and this program; under `volatile` what no seed decides.

    `began` is when the recording did, with its time zone.
    """
    config, device = bench.config, bench.device
    return {
        "bench": {
            "name": config.name,
            "title": config.title,
            "stands_for": config.stands_for,
            "facts": bench.facts,
            "led": config.led.model_dump(mode="json", exclude={"calibration"}),
            "supply": {
                "kind": config.supply.kind,
                "series_ohm": bench.series_ohm,
                "calibration": config.supply.calibration.model_dump(mode="json"),
            },
        },
        "calibration": asdict(led_calibration_of(config)),
        "device": about_device(device),
        "rig": {"version": rig.__version__},
        "seed": _seed(bench),
        "volatile": {
            "recorded_at": began.isoformat(timespec="milliseconds"),
            "bench_file": str(config.file or ""),
            "bench_file_sha256": _file_sha256(config.file),
            **program(),
        },
    }


def merged_about(about: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """What both say; `more` counts where they differ, and under `volatile` key by key."""
    volatile = {**about.get("volatile", {}), **more.get("volatile", {})}
    return {**about, **more, **({"volatile": volatile} if volatile else {})}


def about_device(device: DeviceProfile) -> dict[str, Any]:
    """What a recording says of a device: its whole profile, and what a verdict takes from it."""
    profile = device.model_dump(mode="json")
    return {
        "name": device.name,
        "title": device.title,
        "profile_sha256": _sha256(profile),
        "profile": profile,
        "facts": asdict(facts_of(device)),
        "led_rating": asdict(rating_of(device)),
        "led_tags": list(device.led_tags),
    }


def recorded_facts(recording: Recording, where: Path) -> RecordedFacts | None:
    """What judged a recording when it was made; None for one of the first format, which does not hold it.

    Raises:
        ConfigError: it is there and not as documented; `where` is the recording's file.
    """
    about = recording.about
    if "calibration" not in about or "device" not in about:
        return None
    device = _part(where, about, "device")
    calibration = _checked(where, "calibration", Calibration, about["calibration"])
    _check_numbers(where, "calibration", asdict(calibration))
    facts = _checked(where, "device.facts", DeviceFacts, device.get("facts"))
    _check_numbers(where, "device.facts", asdict(facts))
    rating = _checked(where, "device.led_rating", LedRating, device.get("led_rating"))
    _check_numbers(where, "device.led_rating", asdict(rating))
    tags = _checked(where, "device.led_tags", tuple[str, ...], device.get("led_tags"))
    try:
        codes = load_catalogue().for_device(*tags)
    except ValueError as error:
        raise ConfigError(f"{where}: about.device.led_tags: {error}") from None
    bench_name, device_name = (str(part.get("name", "?")) for part in (_part(where, about, "bench"), device))
    return RecordedFacts(bench_name, device_name, BenchFacts(calibration), JudgedDevice(facts, rating, codes))


def facts_today(config: BenchConfig, device: DeviceProfile) -> RecordedFacts:
    """What would judge a recording by the files of bench and device as they are now."""
    codes = load_catalogue().for_device(*device.led_tags)
    judged = JudgedDevice(facts_of(device), rating_of(device), codes)
    return RecordedFacts(config.name, device.name, BenchFacts(led_calibration_of(config)), judged)


def differences(then: RecordedFacts, now: RecordedFacts) -> list[str]:
    """What the files of now say otherwise than the recording, one line each; empty if nothing."""
    parts = (
        ("LED calibration", then.bench.calibration, now.bench.calibration),
        ("device", then.device.facts, now.device.facts),
        ("status LED", then.device.led, now.device.led),
    )
    lines = []
    for what, before, after in parts:
        old, new = asdict(before), asdict(after)
        lines += [f"{what}: {key} was {old[key]!r}, is {new[key]!r}" for key in old if old[key] != new[key]]
    shown = {code.id for code in then.device.codes.codes} ^ {code.id for code in now.device.codes.codes}
    return lines + ([f"LED codes that only one of both can show: {', '.join(sorted(shown))}"] if shown else [])


def _seed(bench: Bench) -> int | str:
    if bench.config.emulated:
        return EMULATED
    return HARDWARE if bench.seed is None else bench.seed


def _part(where: Path, about: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = about.get(key, {})
    if not isinstance(part, dict):
        raise ConfigError(f"{where}: about.{key} is {ascii(part)[:60]}; expected an object")
    return part


def _checked(where: Path, key: str, kind: Any, value: object) -> Any:
    """`value` as a `kind`, nothing converted.

    Raises:
        ConfigError: it is none.
    """
    try:
        return TypeAdapter(kind).validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join([f"about.{key}", *(str(part) for part in first["loc"])])
        raise ConfigError(f"{where}: {place} is {ascii(first['input'])[:60]}: {first['msg']}") from None
    except ValueError as error:
        raise ConfigError(f"{where}: about.{key}: {error}") from None


def _check_numbers(where: Path, key: str, values: Mapping[str, Any]) -> None:
    """
    Raises:
        ConfigError: a number that no bench or device could have, which would break the sums.
    """
    for name, value in values.items():
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, int | float) and not (math.isfinite(number) and 0 <= number <= LARGEST_FACT):
                raise ConfigError(f"{where}: about.{key}.{name} is {number}; expected 0 to {LARGEST_FACT:g}")


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _file_sha256(path: Path | None) -> str | None:
    try:
        return None if path is None else hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
