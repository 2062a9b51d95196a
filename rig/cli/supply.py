"""`rig supply`: the supply profiles that the rig knows, and playing one."""

from __future__ import annotations

from typing import Annotated

import typer

from rig.bench.bench import open_bench
from rig.bench.dut import DeviceUnderTest
from rig.cli.output import printable, say, table
from rig.cli.settings import print_settings
from rig.errors import ConfigError
from rig.supply.plan import plan_of
from rig.supply.profile import load_profile, profile_names
from rig.supply.recorded import RecordedSupply

app = typer.Typer(help="Supply profiles: the voltage of a device over time.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME|PATH", help="Name in fixtures/supplies, or a .toml file.")]
NOMINAL_V = 3.3


@app.command("list")
def list_supply_profiles() -> None:
    """List the profiles of fixtures/supplies."""
    rows = []
    for name in profile_names():
        try:
            profile = load_profile(name)
        except ConfigError as error:
            rows.append([name, "UNUSABLE", printable(str(error).splitlines()[0])])
            continue
        seconds = profile.weak.for_s if profile.weak is not None else plan_of(profile, NOMINAL_V).end_s
        rows.append([name, f"{seconds:.2f}", printable(profile.title)])
    table(("profile", "seconds", "title"), rows, right=("seconds",))


@app.command("show", epilog="Example: rig supply show dip-20ms. The format is explained in docs/supply.md.")
def show_supply_profile(name: Name) -> None:
    """Show a profile: volts, amperes, seconds, as the key's ending says."""
    profile = load_profile(name)
    print_settings(profile)
    if profile.weak is None:
        plan = plan_of(profile, NOMINAL_V)
        needs = ", ".join(sorted(plan.needs)) or "nothing special"
        say(f"{plan.lowest_v:.3f} to {plan.highest_v:.3f} V, {plan.end_s:.3f} s, needs {needs}")
        if profile.recorded is not None:
            _say_recorded(profile.recorded, len(plan.points))


def _say_recorded(recorded: RecordedSupply, points: int) -> None:
    """What of a record will be played."""
    say(
        f"{recorded.rows} samples of {recorded.lowest_v:.3f} to {recorded.highest_v:.3f} V are played as {points} set "
        "points, with the lowest and highest voltage wherever they lie"
    )
    for remark in recorded.remarks:
        say(f"note: {printable(remark)}")


@app.command("play", epilog="Example: rig supply play weak-then-firm --bench simulated. The device is off afterwards.")
def play(
    name: Name,
    bench: Annotated[str, typer.Option(metavar="NAME|PATH", help="Bench to play it on.")] = "simulated",
) -> None:
    """Power the device, play a profile from then on, and say what came of it."""
    profile = load_profile(name)
    with open_bench(bench) as opened:
        say(f"bench {opened.config.name}: {printable(opened.config.stands_for)}")
        dut = DeviceUnderTest(opened)
        dut.power_on()
        played = dut.run_supply(profile)
        lasted_s = played.end_s - played.start_s
        say(f"played {played.name}: {lasted_s:.3f} s, lowest set point {played.lowest_asked_v:.3f} V")
        if played.limited is not None:
            limited = played.limited
            say(
                f"limited at {limited.set_points} set points: the source gave {limited.lowest_v:.3f} to "
                f"{limited.highest_v:.3f} V there, which bench and device don't allow (weak.limited)"
            )
        if played.checks:
            say(f"{played.checks} levels measured, at worst {played.worst_v * 1000:.0f} mV from what was asked for")
        say(dut.observation().outcome.summary)
