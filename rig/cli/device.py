"""`rig device`: the types of devices that the rig knows."""

from __future__ import annotations

from typing import Annotated

import typer

from rig.cli.output import plain, say, table
from rig.cli.settings import names, settings
from rig.errors import ConfigError
from rig.led import load_catalogue
from rig.profiles.device import DeviceProfile, load_device

# Keys whose values judge a device or are facts about it; those of the simulation carry their own marks.
JUDGING = ("impos", "startup_checks", "supply.", "radio.", "blinkup.", "led_", "connect_", "expected.")

app = typer.Typer(help="Device types: supply limits, LED codes, simulated twin.", no_args_is_help=True)


@app.command("list")
def list_devices() -> None:
    """List the devices of fixtures/devices."""
    rows = []
    for name in names("devices"):
        try:
            d = load_device(name)
        except ConfigError as error:
            rows.append([name, "UNUSABLE", "", "", "", plain(str(error).splitlines()[0])])
            continue
        supply = d.supply
        volts = f"{supply.min_v:g} to {supply.max_v:g} (Wi-Fi from {supply.wifi_min_v:g})"
        rows.append([name, d.imp, volts, f"{supply.max_current_a:g}", ways(d), plain(d.title)])
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
    device = load_device(name)
    load_catalogue().for_device(*device.led_tags)  # says which of them no row of the catalogue knows
    marks = {
        key: f"{mark.mark}{': ' + plain(mark.source) if mark.source else ''}" for key, mark in device.certainty.items()
    }
    rows = [
        [s.key, s.text, marks.get(s.key, "assumed" if s.key.startswith(JUDGING) else ""), "" if s.given else "default"]
        for s in settings(device)
        if not s.key.startswith("certainty.")
    ]
    table(("key", "value", "certainty", ""), rows)
    say(f"\ntests may require: {', '.join(sorted(device.capabilities))}")
