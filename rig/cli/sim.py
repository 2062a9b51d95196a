"""`rig sim`: the simulated daemon as a program of its own, for clients that know only pigpio."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from rig.cli.options import with_groups
from rig.cli.output import say
from rig.config.bench import load_bench
from rig.config.device import load_device
from rig.errors import ConfigError

app = typer.Typer(
    help="A simulated Pi for other programs: pigpio's clients connect to it as to a real one.", no_args_is_help=True
)

DEFAULT_PORT = 8888  # pigpio's own
DEFAULT_CONTROL_PORT = 8889
POLL_S = 0.2  # how often a server checks that its world still runs

Control = Annotated[
    int, typer.Option("--control", envvar="RIG_SIM_CONTROL", help="Port of the server's control channel.")
]


@dataclass(frozen=True)
class DaemonSettings:
    """The simulated daemon: its ports, its time, and the pins that are joined."""

    port: Annotated[int, typer.Option(help="TCP port of the daemon; 0 picks a free one.")] = DEFAULT_PORT
    control: Annotated[int, typer.Option(help="TCP port of the control channel; 0 picks one.")] = DEFAULT_CONTROL_PORT
    host: Annotated[str, typer.Option(help="Address that the daemon listens on.")] = "127.0.0.1"
    realtime: Annotated[
        bool, typer.Option("--realtime/--virtual", help="Time follows the wall, or waits for `rig sim advance`.")
    ] = True
    wire: Annotated[list[str] | None, typer.Option(metavar="A:B", help="Join two GPIOs; may be repeated.")] = None
    tick_start: Annotated[int, typer.Option(metavar="US", help="The tick at the start, in us (0 to 2^32-1).")] = 0
    sample: Annotated[int, typer.Option(metavar="US", help="Sampling period: 1, 2, 4, 5, 8 or 10 us.")] = 5
    fifo_folder: Annotated[
        Path, typer.Option(help="Where notifications by named pipe go; the real daemon's is /dev.")
    ] = Path("/dev")
    peer_parts: Annotated[bool, typer.Option("--peer-parts", help="Add the parts that pigpio's own tests ask for.")] = (
        False
    )


@app.command(
    "serve",
    epilog="Example: rig sim serve --wire 22:27, then in another terminal: pigs w 22 1 r 27",
)
@with_groups
def serve(
    daemon: DaemonSettings,
    bench: Annotated[
        str | None, typer.Option(metavar="NAME|PATH", help="Serve a simulated bench with its device, not bare pins.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Which individuals of that bench; default: the file's.")] = None,
    network: Annotated[
        list[str] | None, typer.Option(metavar="NAME|PATH", help="Put this network on the bench's air; repeatable.")
    ] = None,
) -> None:
    """Serve a simulated Pi until Ctrl-C (or SIGTERM). Prints one line per port when it is ready."""
    from rig.sim.server.serve import ServeOptions, SimServer

    if daemon.sample not in (1, 2, 4, 5, 8, 10):
        raise ConfigError(f"--sample is {daemon.sample}; expected 1, 2, 4, 5, 8 or 10 us")
    options = ServeOptions(
        host=daemon.host,
        port=daemon.port,
        control_port=daemon.control,
        realtime=daemon.realtime,
        wires=tuple(_wire(text) for text in daemon.wire or ()),
        tick_start_us=daemon.tick_start,
        sample_us=daemon.sample,
        fifo_folder=daemon.fifo_folder,
        peer_parts=daemon.peer_parts,
        networks=tuple(network or ()),
    )
    loaded = None
    if bench is not None:
        config = load_bench(bench)
        if config.simulation is None:
            raise ConfigError(f"bench {config.name!r} is no simulated bench: it has no [simulation] section")
        loaded = (config, load_device(config.dut.device), config.simulation.seed if seed is None else seed)
    server = SimServer(options, loaded)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server.start()
    try:
        time = "real time" if daemon.realtime else "virtual time"
        say(f"simulated pigpiod on {daemon.host}:{server.port} ({time}, {'bare pins' if bench is None else bench})")
        say(f"control channel on 127.0.0.1:{server.control.port}")
        while not ended.wait(POLL_S):
            if server.failed:
                break
    finally:
        server.stop()


@app.command("advance", epilog="Example: rig sim advance 1.5")
def advance(
    seconds: Annotated[float, typer.Argument(help="How much world time passes.", min=0.0)],
    control: Control = DEFAULT_CONTROL_PORT,
) -> None:
    """Let time pass on a server that was started with --virtual. Done when everything up to then has happened."""
    from rig.sim.server.control import ask

    say(f"{ask(control, 'advance', seconds=seconds)['now_s']:.9f}")


def _wire(text: str) -> tuple[int, int]:
    a, _, b = text.partition(":")
    if not (a.isdecimal() and b.isdecimal()):
        raise ConfigError(f"--wire {text!r}; expected two GPIOs, as in 22:27")
    return int(a), int(b)
