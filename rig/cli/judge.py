"""`rig judge`: decode a saved recording and say what it means."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from rig.bench.conversions import judged_device, led_calibration_of
from rig.cli.capture_options import TimeOptions
from rig.cli.judge_capture import LedLightOptions, judged_capture
from rig.cli.options import with_groups
from rig.cli.output import printable, say, table, write_picture
from rig.config.bench import load_bench
from rig.config.device import load_device
from rig.diagnosis import BenchFacts, DeviceFacts, Observation, diagnose, explain
from rig.diagnosis.engine import deliberate, scene_of
from rig.diagnosis.text.deliberation import explain_deliberation
from rig.errors import ConfigError, InsufficientEvidence
from rig.led import Calibration, Decoded, Span
from rig.recording import Recording
from rig.recording.actions import ActionKind

DARK = "normal_operation"
LONGEST_S = 6 * 3600.0  # the decoder keeps 100 bins a second
EPILOG = (
    "Example: rig judge reports/<run>/recordings/<test>.npz --picture what-happened.png. "
    "Times are seconds on the bench's clock. The exit code is 0 whatever the verdict is."
)


@with_groups
def judge_recording(
    recording: Annotated[
        Path, typer.Argument(metavar="RECORDING.npz|CAPTURE", help="A recording of a run; with --led any capture.")
    ],
    light: LedLightOptions,
    times: TimeOptions,
    bench: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PATH", help="Bench whose LED calibration (volts) is used; default: the one that recorded it."
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            "--dut",
            metavar="NAME|PATH",
            help="Device under test; default: the one that the bench file names.",
        ),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="OUT.png", help="Also draw supply, light and codes into this PNG file.")
    ] = None,
    explained: Annotated[
        bool, typer.Option("--explain", help="Also print what each rule proposed, what spoke against it, and the sums.")
    ] = False,
) -> None:
    """Decode a saved recording, list what the LED said, and explain the verdict. Touches no hardware."""
    light.check()
    if light.asked:
        judged_light = judged_capture(recording, light, times, bench, _named(device))
        say(f"{recording}: device {device}, levels: {judged_light.levels}")
        _report(judged_light.observation, judged_device(load_device(_named(device))).facts, explained)
        _draw(judged_light.observation, recording, picture)
        return
    loaded = _load(recording)
    config = load_bench(bench if bench is not None else _recorded_on(loaded, recording))
    profile = load_device(device or config.dut.device)
    calibration = led_calibration_of(config)
    _check_light(loaded, recording, config.name, calibration)
    judged = judged_device(profile)
    seen = diagnose(loaded, BenchFacts(calibration), judged)
    say(f"{recording}: bench {config.name}, device {profile.name}")
    _report(seen, judged.facts, explained)
    _draw(seen, recording, picture)


def _named(device: str | None) -> str:
    if device is None:
        raise ConfigError("a capture does not say which device it shows; name it with --dut, such as --dut imp003")
    return device


def _report(seen: Observation, facts: DeviceFacts, explained: bool) -> None:
    """Print what was seen and what it means."""
    loaded, decoded = seen.recording, seen.decoded
    led = loaded.traces["led"]
    say(f"{len(led.times_s)} light samples, {loaded.start_s:.2f} to {loaded.end_s:.2f} s on the bench's clock")
    for action in loaded.actions:
        say(f"  {action.start_s:8.2f} .. {action.end_s:8.2f} s  {printable(action.kind)}")
    say()
    _print_spans(decoded, loaded)
    for problem in decoded.problems:
        say(f"problem ({problem.kind}): {problem.text}")
    say()
    say(explain(seen.outcome))
    if explained:
        say()
        say(_deliberation(seen, facts))


def _draw(seen: Observation, recording: Path, picture: Path | None) -> None:
    if picture is None:
        return
    from rig.report.pictures.observation import draw, png  # matplotlib takes a second to import

    write_picture(picture, png(draw(seen.recording, seen.decoded, title=recording.stem)))
    say(f"picture: {picture}")


def _deliberation(seen: Observation, facts: DeviceFacts) -> str:
    """What the rules said, and the arithmetic."""
    scene = scene_of(seen.recording, seen.decoded, facts)
    return explain_deliberation(deliberate(scene) if scene is not None else [], facts.min_confidence)


def _load(path: Path) -> Recording:
    """The recording, blanked: one kept raw still holds the light of a Wi-Fi password."""
    if not path.is_file():
        what = "is not a file" if path.exists() else "does not exist"
        raise ConfigError(f"{path}: {what}; expected a recording (.npz) of this rig")
    loaded = Recording.load(path).blanked()
    length_s = loaded.end_s - loaded.start_s
    if length_s > LONGEST_S:
        raise ConfigError(f"{path}: covers {length_s:.0f} s; expected at most {LONGEST_S:.0f} s")
    return loaded


def _recorded_on(recording: Recording, path: Path) -> str:
    name = recording.notes.get("bench")
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{path}: does not say which bench recorded it; name the bench with --bench NAME")
    return name


def _check_light(recording: Recording, path: Path, bench: str, calibration: Calibration) -> None:
    """
    Raises:
        InsufficientEvidence: no light was recorded.
        ConfigError: the light has other channels than the bench's calibration.
    """
    led = recording.traces.get("led")
    if led is None or not np.isfinite(led.values).any():
        there = ", ".join(sorted(recording.traces)) or "none"
        raise InsufficientEvidence(
            f"{path}: no light of the LED in it (traces: {there}); record with the sensor connected"
        )
    channels = 1 if led.values.ndim == 1 else led.values.shape[1]
    if channels != calibration.channels:
        raise ConfigError(
            f"{path}: has {channels} light channels, the calibration of bench {bench!r} has "
            f"{calibration.channels}; choose the bench that recorded it with --bench"
        )


def _unpowered(span: Span, recording: Recording) -> list[str]:
    """A remark on darkness of a device that had no power: it is no sign of normal operation."""
    switches = [a for a in recording.actions if a.kind in (ActionKind.POWER_ON, ActionKind.POWER_OFF)]
    before = [a.kind for a in switches if a.start_s <= span.start_s]
    after = [a for a in switches if a.start_s > span.start_s]
    off = before[-1] == ActionKind.POWER_OFF if before else bool(after) and after[0].kind == ActionKind.POWER_ON
    if not off or span.code not in (None, DARK):
        return []
    return [f"no power until {after[0].start_s:.2f} s" if after and after[0].start_s < span.end_s else "no power"]


def _print_spans(decoded: Decoded, recording: Recording) -> None:
    rows = [
        [
            f"{span.start_s:.2f}",
            f"{span.end_s:.2f}",
            f"{span.duration_s:.2f}",
            span.code or "undecided",
            f"{span.confidence:.0%}",
            ", ".join(span.alternatives),
            "; ".join(
                [
                    *_unpowered(span, recording),
                    *([span.reason] if span.reason else []),
                    *(f"{k} {v:.3g}" for k, v in span.details.items()),
                ]
            ),
        ]
        for span in decoded
    ]
    columns = ("from s", "to s", "length s", "code", "confidence", "could also be", "remarks")
    table(columns, rows, right=("from s", "to s", "length s", "confidence"))
