"""`rig bench`: the benches that the rig knows, and whether their files are sound."""

from __future__ import annotations

from typing import Annotated

import typer

from rig.cli.checking import check_bench, supply_range_v
from rig.cli.output import printable, say, table
from rig.cli.settings import fixture_names, print_settings
from rig.config.bench import BenchConfig, load_bench
from rig.errors import ConfigError

app = typer.Typer(help="Bench files: what stands on the table. No hardware is touched.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME|PATH", help="Name in fixtures/benches, or a .toml file.")]


@app.command("list")
def list_benches() -> None:
    """List the benches of fixtures/benches."""
    rows = []
    for name in fixture_names("benches"):
        try:
            config = load_bench(name)
        except ConfigError as error:
            rows.append([name, "UNUSABLE", "", printable(str(error).splitlines()[0])])
            continue
        rows.append([name, config.kind, printable(config.dut.device), printable(config.title)])
    table(("bench", "kind", "device", "title"), rows)


@app.command("show", epilog="Example: rig bench show simulated. Every key is explained in docs/bench-file.md.")
def show_bench(name: Name) -> None:
    """Show every setting of a bench: volts, amperes, seconds, ohms, as the key's ending says. Secrets stay hidden."""
    config = load_bench(name)
    print_settings(config)
    low_v, high_v = supply_range_v(config)
    kind = {"regulated": "regulator range with exact resistors"}.get(config.supply.kind, "supply range")
    say(f"{kind}: {low_v:.2f} to {high_v:.2f} V")


@app.command("check", epilog="Example: rig bench check my-bench.toml. Exit code 12 if there is a mistake.")
def check_command(name: Name) -> None:
    """Check a bench file, its device and its networks, without touching hardware."""
    checked = check_bench(load_bench(name), name)
    config = checked.config
    say(f"bench {config.name}: the file can be used; nothing was connected")
    say(f"  kind      {config.kind}")
    say(f"  device    {checked.device.name} ({printable(checked.device.title)})")
    say(f"  networks  {', '.join(printable(name) for name in checked.networks) or 'none'}")
    say(f"  GPIO      {_pins(config)}")
    for doubt in checked.doubts:
        say(f"warning: {doubt}")


def _pins(config: BenchConfig) -> str:
    series = config.supply.series
    pins = (
        (f"BlinkUp LED (by {config.blinkup.via})", config.blinkup.gpio),
        ("grey leg", config.blinkup.grey_gpio),
        ("supply switch", config.supply.switch_gpio),
        ("series relay", series.gpio if series else None),
    )
    return ", ".join(f"{name} {gpio}" for name, gpio in pins if gpio is not None)
