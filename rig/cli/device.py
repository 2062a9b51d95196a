"""`rig device`: the types of devices that the rig knows."""

from __future__ import annotations

from typing import Annotated

import typer

from rig.cli.device_view import print_device
from rig.cli.output import printable, table
from rig.cli.settings import fixture_names
from rig.config.device import DeviceProfile, load_device
from rig.errors import ConfigError

app = typer.Typer(help="Device types: supply limits, LED codes, simulated twin.", no_args_is_help=True)


@app.command("list")
def list_devices() -> None:
    """List the devices of fixtures/devices."""
    rows = []
    for name in fixture_names("devices"):
        try:
            d = load_device(name)
        except ConfigError as error:
            rows.append([name, "UNUSABLE", "", "", "", printable(str(error).splitlines()[0])])
            continue
        supply = d.supply
        volts = f"{supply.min_v:g} to {supply.max_v:g} (Wi-Fi from {supply.wifi_min_v:g})"
        rows.append([name, d.imp, volts, f"{supply.max_current_a:g}", ways(d), printable(d.title)])
    table(("device", "imp", "supply V", "max A", "ways", "title"), rows)


def ways(device: DeviceProfile) -> str:
    """How a device gets online, in a few words."""
    radio = device.radio
    parts = [f"Wi-Fi {' and '.join(radio.bands_ghz)} GHz"] if radio.bands_ghz else []
    parts += [word for word, there in (("Ethernet", radio.ethernet), ("cellular", radio.cellular)) if there]
    return ", ".join(parts)


@app.command("show", epilog="Example: rig device show imp003")
def show_device(
    name: Annotated[str, typer.Argument(metavar="NAME|PATH", help="Name in fixtures/devices, or a .toml file.")],
) -> None:
    """Show every setting of a device with its certainty: volts, amperes, seconds, as the key's ending says.

    doc: the maker's text; prod: a product's page; forum: its staff or users; inferred, assumed: by the rig.
    """
    print_device(load_device(name))
