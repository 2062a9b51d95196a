"""`rig recording`: look into a recording, cut it, take it to other programs and back, rescue that of a killed run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from rig.cli.judge import check_light, facts_for, load_blanked, summary
from rig.cli.output import printable, say, table
from rig.diagnosis import diagnose
from rig.errors import ConfigError, RigError
from rig.recording import Recording
from rig.recording.export_csv import write_csv
from rig.recording.export_sigrok import write_sigrok
from rig.recording.export_vcd import write_vcd
from rig.recording.growing import ENDING
from rig.recording.marks import Marks, marks_of

app = typer.Typer(
    help="Recordings: look into one, cut it, take it to other programs and back. No hardware is touched.",
    no_args_is_help=True,
)

WRITERS: Final[dict[str, Callable[[Path, Recording, Sequence[Marks]], None]]] = {
    ".csv": write_csv,
    ".vcd": write_vcd,
    ".sr": write_sigrok,
}
UNDECIDED: Final = "undecided"

File = Annotated[Path, typer.Argument(metavar="RECORDING", help="A recording, whole, exported, or of a killed run.")]
Bench = Annotated[str | None, typer.Option(metavar="NAME|PATH", help="Decode by this bench file as it is now.")]
Device = Annotated[
    str | None, typer.Option("--dut", metavar="NAME|PATH", help="Decode by this device file as it is now.")
]


@app.command("show", epilog="Example: rig recording show reports/<run>/recordings/<test>.npz")
def show_recording(recording: File) -> None:
    """Say what a recording is of, and what is in it. Times are seconds on the bench's clock."""
    loaded = load_blanked(recording)
    about = loaded.about
    say(f"{recording}: {loaded.start_s:.2f} to {loaded.end_s:.2f} s on the bench's clock")
    say(f"recorded {' '.join(summary(loaded))}" if about else "written by an earlier rig: what it is of is not in it")
    for name, text in _facts(loaded):
        say(f"  {name:<12} {printable(text)}")
    say()
    rows = [
        [printable(name), printable(trace.unit), str(len(trace.times_s)), f"{_rate_hz(trace.times_s):.1f}"]
        for name, trace in loaded.traces.items()
    ]
    table(("trace", "unit", "samples", "per second"), rows, right=("samples", "per second"))
    say()
    for action in loaded.actions:
        details = ", ".join(f"{key} {value}" for key, value in action.details.items() if value not in (None, ""))
        say(f"  {action.start_s:8.2f} .. {action.end_s:8.2f} s  {printable(action.kind)}  {printable(details)}")
    for window in loaded.secret_windows:
        say(f"  {window.start_s:8.2f} .. {window.end_s:8.2f} s  light withheld: {printable(window.reason)}")


@app.command("cut", epilog="Example: rig recording cut run.npz part.npz --from 12 --to 20")
def cut_recording(
    recording: File,
    target: Annotated[Path, typer.Argument(metavar="OUT.npz", help="The new recording.")],
    from_s: Annotated[float | None, typer.Option("--from", help="Keep from this time (s) on.")] = None,
    to_s: Annotated[float | None, typer.Option("--to", help="Keep up to this time (s).")] = None,
) -> None:
    """Keep one stretch of a recording. What the rig did before it is kept too: a verdict needs to know of it."""
    loaded = load_blanked(recording)
    begin_s = loaded.start_s if from_s is None else from_s
    end_s = loaded.end_s if to_s is None else to_s
    if not loaded.start_s <= begin_s < end_s <= loaded.end_s:
        raise ConfigError(
            f"--from {begin_s:g} --to {end_s:g}: expected a stretch within {loaded.start_s:.3f} to {loaded.end_s:.3f} s"
        )
    part = loaded.cut(begin_s, end_s)
    _write(target, lambda: part.save(_npz(target)))
    say(f"{target}: {part.start_s:.2f} to {part.end_s:.2f} s")


@app.command(
    "export", epilog="Example: rig recording export run.npz run.vcd. CSV: .csv; GTKWave, Surfer: .vcd; PulseView: .sr"
)
def export_recording(
    recording: File,
    target: Annotated[Path, typer.Argument(metavar="OUT.csv|vcd|sr", help="The file; its ending says which format.")],
    bench: Bench = None,
    device: Device = None,
) -> None:
    """Write traces, decoded codes and actions for another program. Light that was withheld stays so."""
    loaded = load_blanked(recording)
    write = WRITERS.get(target.suffix.lower())
    if write is None:
        raise ConfigError(
            f"{target}: don't know {target.suffix or 'a file without ending'}; expected .csv, .vcd or .sr"
        )
    codes = _codes(loaded, recording, bench, device)
    _write(target, lambda: write(target, loaded, marks_of(loaded, codes)))
    say(f"{target}: {', '.join(printable(name) for name in loaded.traces)}, codes, actions, withheld light")


@app.command("import", epilog="Example: rig recording import run.vcd again.npz")
def import_recording(
    exported: Annotated[Path, typer.Argument(metavar="FILE", help="What `rig recording export` wrote.")],
    target: Annotated[Path, typer.Argument(metavar="OUT.npz", help="The recording.")],
) -> None:
    """Make a recording of an exported one."""
    loaded = load_blanked(exported)
    _write(target, lambda: loaded.save(_npz(target)))
    say(f"{target}: {loaded.start_s:.2f} to {loaded.end_s:.2f} s")


@app.command("recover", epilog=f"Example: rig recording recover reports/<run>/recordings/<test>.npz{ENDING}")
def recover_recording(
    growing: Annotated[Path, typer.Argument(metavar=f"FILE{ENDING}", help="What a killed run has left.")],
    target: Annotated[Path | None, typer.Option("--output", "-o", metavar="OUT.npz", help="The recording.")] = None,
) -> None:
    """Make a recording of what a killed run has left."""
    loaded = load_blanked(growing)
    to = target if target is not None else growing.with_name(growing.name.removesuffix(ENDING))
    if to == growing or (target is None and to.exists()):
        raise ConfigError(f"{to}: exists already; name another file with --output")
    _write(to, lambda: loaded.save(_npz(to)))
    say(f"{to}: {loaded.start_s:.2f} to {loaded.end_s:.2f} s")


def _facts(recording: Recording) -> list[tuple[str, str]]:
    """What a recording says of bench, device, calibration, verdict and program, as far as it does."""
    about = recording.about
    found = []
    for key in ("bench", "device"):
        part = _object(about, key)
        if part:
            found.append((key, f"{part.get('name', '?')} ({part.get('title', '')})"))
    calibration = _object(about, "calibration")
    if calibration:
        taken = f"{calibration.get('date') or 'no date'}, {calibration.get('conditions') or 'no conditions'}"
        levels = f"red {calibration.get('red_v')} V, green {calibration.get('green_v')} V"
        found.append(("calibration", f"{levels}, uncertainty {calibration.get('uncertainty')}; {taken}"))
    if "seed" in about:
        found.append(("seed", str(about["seed"])))
    verdict = _object(about, "verdict")
    if verdict:
        found.append(("verdict", f"{verdict.get('verdict')}: {verdict.get('summary')}"))
    profile = _object(about, "device").get("profile_sha256")
    if profile:
        found.append(("profile", f"sha256 {profile}"))
    return [(name, text[:500]) for name, text in found]


def _object(about: Any, key: str) -> dict[str, Any]:
    part = about.get(key)
    return part if isinstance(part, dict) else {}


def _rate_hz(times_s: Any) -> float:
    lasts_s = float(times_s[-1] - times_s[0]) if len(times_s) > 1 else 0.0
    return (len(times_s) - 1) / lasts_s if lasts_s > 0 else 0.0


def _codes(recording: Recording, path: Path, bench: str | None, device: str | None) -> list[tuple[float, float, str]]:
    """What the light of a recording says; nothing, with the reason, where it can't be decoded."""
    try:
        by = facts_for(recording, path, bench, device)
        check_light(recording, path, by.bench_name, by.bench.calibration)
        decoded = diagnose(recording, by.bench, by.device).decoded
    except RigError as error:
        if bench is not None or device is not None:
            raise
        say(f"no codes: {error}")
        return []
    return [(span.start_s, span.end_s, span.code or UNDECIDED) for span in decoded]


def _npz(target: Path) -> Path:
    if target.suffix.lower() != ".npz":
        raise ConfigError(f"{target}: expected a name that ends in .npz")
    return target


def _write(target: Path, do: Callable[[], None]) -> None:
    try:
        do()
    except OSError as error:
        raise ConfigError(f"{target}: can't be written: {error.strerror or error}") from error
