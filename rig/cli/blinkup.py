"""`rig blinkup`: send, see what a configuration is as light, what frames a capture holds, how good a signal is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rig.blinkup import (
    LineCode,
    ReceivedFrame,
    Reception,
    encode,
    frame_duration_s,
    preamble_bytes_for,
    rate_named,
    receive,
    split_packet,
    symbols,
)
from rig.cli import blinkup_send
from rig.cli.blinkup_text import entry_rows
from rig.cli.capture_options import CaptureFile, CaptureOptions
from rig.cli.configuring import ConfigurationOptions, configuration
from rig.cli.options import with_groups
from rig.cli.output import printable, say, table, write_picture
from rig.cli.secrets import SecretlessCommand
from rig.errors import ConfigError

app = typer.Typer(
    help="BlinkUp: send, try a receiver's margins, show what is sent, decode captures, tune a signal.",
    no_args_is_help=True,
)
app.command("send", cls=SecretlessCommand, epilog=blinkup_send.SEND_EPILOG)(blinkup_send.send_command)
app.command("sweep", cls=SecretlessCommand, epilog=blinkup_send.SWEEP_EPILOG)(blinkup_send.sweep_command)

Reveal = Annotated[bool, typer.Option("--reveal", help="Show passwords, tokens and PINs.")]
NO_GOOD_FRAME = 1


@app.command("show", cls=SecretlessCommand, epilog="Example: rig blinkup show --ssid Home --code trilevel --rate 30")
@with_groups
def show_command(
    options: ConfigurationOptions,
    rate: Annotated[str, typer.Option("--rate", metavar="HZ|NAME", help="Symbols a second, or a rate's name.")] = "60",
    code: Annotated[str, typer.Option("--code", metavar="bilevel|trilevel", help="Line code.")] = "bilevel",
    reveal: Reveal = False,
) -> None:
    """Show what would be sent: entries, length and duration. Sends nothing; secrets come from prompt or environment."""
    config = configuration(options)
    packet = encode(config)
    line = _line_code(code)
    rate_hz = rate_named(rate)
    preamble = preamble_bytes_for(rate_hz) if line == "bilevel" else None
    count = len(symbols(packet, line, preamble_bytes=preamble))
    table(("entry", "bytes", "says"), entry_rows(split_packet(packet), reveal=reveal), right=("bytes",))
    say()
    say(f"packet    {len(packet)} bytes: length, entries, CRC")
    if reveal:
        say(f"          {packet.hex()}")
    seconds = frame_duration_s(len(packet), rate_hz, line, preamble_bytes=preamble)
    say(f"light     {count} symbols, {line} at {rate_hz:g} Hz: {seconds:.2f} s")


@app.command("decode", epilog="Example: rig blinkup decode phone.csv. Ends with 1 if there is no good frame.")
@with_groups
def decode_command(file: CaptureFile, options: CaptureOptions, reveal: Reveal = False) -> None:
    """List the BlinkUp frames in a capture: when, how, what they say, and why a frame failed."""
    trace = options.trace(file)
    reception = receive(trace.times_s, trace.values)
    say(f"{file}: {trace.name}, {reception.samples} samples, {reception.sample_hz:.4g} a second")
    if reception.lamp_hz is not None:
        say(f"lamps flicker at {reception.lamp_hz:.0f} Hz")
    if not reception.frames:
        say(f"no frame: {reception.reason}: {reception.why}")
    else:
        _print_frames(reception)
        for number, frame in enumerate(reception.frames, 1):
            _print_frame(number, frame, reveal)
    if not reception.good:
        raise typer.Exit(NO_GOOD_FRAME)


@app.command("tune", epilog="Example: rig blinkup tune lightlevel.csv --full-scale 65535 --png tuning.png")
@with_groups
def tune_command(
    file: CaptureFile,
    options: CaptureOptions,
    full_scale: Annotated[
        float,
        typer.Option(
            "--full-scale", metavar="X", help="Highest reading: 65535 for lightlevel(), or the supply's volts."
        ),
    ],
    png: Annotated[Path | None, typer.Option("--png", metavar="OUT.png", help="Also draw it.")] = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Draw the light of the data too: it is the password.")
    ] = False,
) -> None:
    """Judge the signal at a BlinkUp sensor: swing, saturation, margins, speed; and say what to change."""
    from rig.blinkup.tuning import assess

    trace = options.trace(file)
    reception = receive(trace.times_s, trace.values)
    tuning = assess(reception, trace.times_s, trace.values, full_scale)
    rows = [[q.title, q.shown, q.limits, q.verdict, q.certainty] for q in tuning.quantities]
    table(("quantity", "measured", "good / at least usable", "verdict", "limits are"), rows)
    say()
    say(f"signal    {tuning.verdict}")
    for advice in tuning.advice:
        say(f"advice    {advice}")
    if png is not None:
        from rig.report.pictures.observation import png as picture_bytes  # matplotlib takes a second to import
        from rig.report.pictures.tuning import draw_tuning

        figure = draw_tuning(tuning, trace.times_s, trace.values, title=file.name, reveal=reveal)
        write_picture(png, picture_bytes(figure), "--png")
        say(f"picture   {png}")


def _line_code(text: str) -> LineCode:
    if text == "bilevel":
        return "bilevel"
    if text == "trilevel":
        return "trilevel"
    raise ConfigError(f"--code is {text!r}; expected bilevel or trilevel")


def _print_frames(reception: Reception) -> None:
    rows = [
        [
            str(number),
            f"{frame.start_s:.3f}",
            f"{frame.end_s:.3f}",
            frame.code,
            f"{frame.rate_hz:.2f}",
            frame.polarity,
            {True: "right", False: "wrong", None: "-"}[frame.crc_ok],
            f"{frame.worst_margin:.0%}" if frame.margins else "-",
            "good" if frame.good else f"failed: {frame.reason}",
        ]
        for number, frame in enumerate(reception.frames, 1)
    ]
    columns = ("frame", "from s", "to s", "code", "Hz", "polarity", "CRC", "worst margin", "verdict")
    table(columns, rows, right=("frame", "from s", "to s", "Hz", "worst margin"))


def _print_frame(number: int, frame: ReceivedFrame, reveal: bool) -> None:
    say()
    if not frame.good:
        say(f"frame {number} failed ({frame.reason}): {printable(frame.why)}")
        return
    say(f"frame {number}: {len(frame.packet)} bytes")
    table(("entry", "bytes", "says"), entry_rows(split_packet(frame.packet), reveal=reveal), right=("bytes",))
