"""`rig device`: the types of devices that the rig knows."""

from __future__ import annotations

from typing import Annotated

import typer

from rig.cli.output import plain, table
from rig.cli.settings import names, show
from rig.errors import ConfigError
from rig.profiles.device import load_device

app = typer.Typer(help="Device types: supply limits, LED codes, simulated twin.", no_args_is_help=True)


@app.command("list")
def list_devices() -> None:
    """List the devices of fixtures/devices."""
    rows = []
    for name in names("devices"):
        try:
            d = load_device(name)
        except ConfigError as error:
            rows.append([name, "UNUSABLE", "", plain(str(error).splitlines()[0])])
            continue
        supply = d.supply
        volts = f"{supply.min_v:g} to {supply.max_v:g} (Wi-Fi from {supply.wifi_min_v:g})"
        rows.append([name, volts, f"{supply.max_current_a:g}", plain(d.title)])
    table(("device", "supply V", "max A", "title"), rows)


@app.command("show", epilog="Example: rig device show imp003")
def show_device(
    name: Annotated[str, typer.Argument(metavar="NAME|PATH", help="Name in fixtures/devices, or a .toml file.")],
) -> None:
    """Show every setting of a device: volts, amperes, seconds, as the key's ending says."""
    show(load_device(name))
