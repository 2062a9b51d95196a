"""`rig network`: the networks that benches can have."""

from __future__ import annotations

from typing import Annotated

import typer

from rig.cli.output import printable, table
from rig.cli.settings import fixture_names, print_settings
from rig.config.network import NetworkProfile, load_any_network
from rig.errors import ConfigError

app = typer.Typer(help="Networks: access points and what lies behind them.", no_args_is_help=True)


@app.command("list")
def list_networks() -> None:
    """List the networks of fixtures/networks. Passwords are not shown."""
    rows = []
    for name in fixture_names("networks"):
        try:
            n = load_any_network(name)
        except ConfigError as error:
            rows.append([name, "UNUSABLE", "", "", "", printable(str(error).splitlines()[0])])
            continue
        wifi = [printable(n.ssid), n.security, n.band_ghz] if isinstance(n, NetworkProfile) else ["", "", ""]
        rows.append([name, n.link, *wifi, printable(n.title)])
    table(("network", "link", "ssid", "security", "GHz", "title"), rows)


@app.command("show", epilog="Example: rig network show home")
def show_network(
    name: Annotated[str, typer.Argument(metavar="NAME|PATH", help="Name in fixtures/networks, or a .toml file.")],
) -> None:
    """Show every setting of a network. The password is only said to be there ('hidden')."""
    print_settings(load_any_network(name))
