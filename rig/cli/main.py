"""The command `rig`: puts the groups of commands together."""

from __future__ import annotations

import os
from typing import Annotated

import typer

import rig
from rig.bench.bench import WAIT_VARIABLE
from rig.cli import bench, blinkup, brownout, codes, device, judge, led, network, recording, sim_world, suite, supply
from rig.cli.failing import RigGroup
from rig.cli.renamed import RenamedOptionsCommand
from rig.drivers.failsafe.bench_lock import parse_wait
from rig.errors import ConfigError

EPILOG = (
    "Exit codes: 0 done, 1 other error of the rig, 2 wrong usage, 10 bench fault, 11 bench in use, "
    "12 configuration mistake, 13 safety trip."
)

app = typer.Typer(
    name="rig",
    cls=RigGroup,
    help="Bench for Electric Imp products: BlinkUp out, status LED back, supply measured, verdict given.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(bench.app, name="bench")
app.add_typer(blinkup.app, name="blinkup")
app.add_typer(device.app, name="device")
app.add_typer(network.app, name="network")
app.add_typer(codes.app, name="codes")
app.add_typer(led.app, name="led")
app.add_typer(supply.app, name="supply")
app.add_typer(recording.app, name="recording")
app.add_typer(sim_world.app, name="sim")
app.add_typer(brownout.app, name="brownout")
app.command("test", epilog=suite.EPILOG, context_settings=suite.CONTEXT)(suite.run_suite)
app.command("judge", cls=RenamedOptionsCommand, epilog=judge.EPILOG)(judge.judge_recording)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rig {rig.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    bench_wait: Annotated[
        str | None,
        typer.Option(
            "--bench-wait",
            envvar=WAIT_VARIABLE,
            metavar="TIME",
            help="Wait so long for a bench that another program uses, as in 10m.",
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="On an error show the traceback too.")] = False,
) -> None:
    """Options that come before the command: `rig --debug judge run.npz`."""
    if bench_wait is not None:
        try:
            parse_wait(bench_wait)
        except ConfigError as error:
            raise ConfigError(f"--bench-wait or {WAIT_VARIABLE}: {error}") from None
        os.environ[WAIT_VARIABLE] = bench_wait  # whatever the command opens reads it there


if __name__ == "__main__":
    app(prog_name="rig")
