"""`rig judge`: decode a saved recording and say what it means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from rig.bench.conversions import judged_device
from rig.bench.recorded_facts import RecordedFacts, differences, facts_today, recorded_facts
from rig.cli.capture_options import TimeOptions
from rig.cli.judge_capture import LedLightOptions, judged_capture
from rig.cli.options import with_groups
from rig.cli.output import printable, say, table, write_picture
from rig.config.bench import load_bench
from rig.config.device import load_device
from rig.config.lookup import data_files
from rig.diagnosis import DeviceFacts, Observation, diagnose, explain
from rig.diagnosis.engine import deliberate, scene_of
from rig.diagnosis.text.deliberation import explain_deliberation
from rig.errors import ConfigError, InsufficientEvidence
from rig.led import Calibration, Decoded, Span
from rig.recording import Recording
from rig.recording.actions import ActionKind
from rig.recording.stored import read_recording

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
            metavar="NAME|PATH",
            help="Judge by this bench file as it is now; default: by what the recording says of its bench.",
        ),
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(
            "--dut",
            metavar="NAME|PATH",
            help="Judge by this device file as it is now; default: by what the recording says of its device.",
        ),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(metavar="OUT.png", help="Also draw supply, light and codes into this PNG file.")
    ] = None,
    explained: Annotated[
        bool, typer.Option("--explain", help="Also print what each rule proposed, what spoke against it, and the sums.")
    ] = False,
) -> None:
    """Decode a saved recording, list what the LED said, and explain the verdict. Touches no hardware.

    A recording holds the calibration and the device's facts that were in force when it was made, and is judged by them.
    A capture of another instrument is judged with --led CHANNEL and --dut NAME.
    """
    light.check()
    if light.asked:
        judged_light = judged_capture(recording, light, times, bench, _named(device))
        say(f"{recording}: device {device}, levels: {judged_light.levels}")
        _report(judged_light.observation, judged_device(load_device(_named(device))).facts, explained)
        _draw(judged_light.observation, recording, picture)
        return
    loaded = load_blanked(recording)
    by = facts_for(loaded, recording, bench, device)
    check_light(loaded, recording, by.bench_name, by.bench.calibration)
    seen = diagnose(loaded, by.bench, by.device)
    say(f"{recording}: bench {printable(by.bench_name)}, device {printable(by.device_name)}")
    for line in _provenance(loaded, recording, by, seen):
        say(line)
    _report(seen, by.device.facts, explained)
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


def load_blanked(path: Path) -> Recording:
    """The recording in a file, blanked: one kept raw still holds the light of a Wi-Fi password.

    Raises:
        ConfigError: no recording, a damaged one, or one longer than six hours.
    """
    loaded = read_recording(path).blanked()
    length_s = loaded.end_s - loaded.start_s
    if length_s > LONGEST_S:
        raise ConfigError(f"{path}: covers {length_s:.0f} s; expected at most {LONGEST_S:.0f} s")
    return loaded


def facts_for(recording: Recording, path: Path, bench: str | None = None, device: str | None = None) -> RecordedFacts:
    """What judges a recording: its own facts, or the files of bench and device that are named, as they are now.

    Raises:
        ConfigError: there is no such file, or the recording is of the first format and names no bench that is known.
    """
    own = recorded_facts(recording, path)
    if own is not None and bench is None and device is None:
        return own
    if own is None or bench is not None:
        config = load_bench(bench if bench is not None else _recorded_on(recording, path))
        now = facts_today(config, load_device(device or config.dut.device))
        return now if own is None or device is not None else replace(now, **_of_device(own))
    profile = load_device(device or own.device_name)
    return replace(own, device_name=profile.name, device=judged_device(profile))


def _of_device(facts: RecordedFacts) -> dict[str, Any]:
    return {"device_name": facts.device_name, "device": facts.device}


def _recorded_on(recording: Recording, path: Path) -> str:
    name = recording.notes.get("bench")
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{path}: does not say which bench recorded it; name the bench with --bench NAME")
    if name not in data_files("benches"):
        raise ConfigError(
            f"{path}: an earlier rig wrote it, and it holds no calibration, but the name of its bench, {name!r}, which "
            "is in no folder of fixtures; name the bench's file with --bench PATH"
        )
    return name


def _provenance(recording: Recording, path: Path, by: RecordedFacts, seen: Observation) -> list[str]:
    """What the recording says of itself, and in what today's judgement differs from the one of that day."""
    own = recorded_facts(recording, path)
    if own is None:
        return ["an earlier rig wrote it, without its calibration: judged by the files of bench and device as of now"]
    lines = [f"recorded {' '.join(summary(recording))}"]
    if by is not own and by != own:
        lines += [f"differs from the day of the recording: {printable(line)}" for line in differences(own, by)]
    then = recording.about.get("verdict")
    verdict = then.get("verdict") if isinstance(then, dict) else None
    if isinstance(verdict, str) and verdict != seen.outcome.verdict.value:
        lines.append(f"the verdict of that day was {printable(verdict)}, now it is {seen.outcome.verdict.value}")
    return lines


def summary(recording: Recording) -> list[str]:
    """When, by which rig and in which test a recording was made, as far as it says so."""
    about = recording.about
    parts = {key: part if isinstance(part := about.get(key), dict) else {} for key in ("volatile", "rig", "test")}
    said = [
        str(parts["volatile"].get("recorded_at", "at an unknown time")),
        f"by rig {parts['rig'].get('version', '?')}",
    ]
    git = parts["volatile"].get("rig_git")
    if isinstance(git, dict) and isinstance(git.get("commit"), str):
        said.append(f"({git['commit'][:12]}{', changed' if git.get('dirty') else ''})")
    if "id" in parts["test"]:
        said.append(f"in {parts['test']['id']}, attempt {parts['test'].get('attempt', '?')}")
    return [printable(word)[:300] for word in said]


def check_light(recording: Recording, path: Path, bench: str, calibration: Calibration) -> None:
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
