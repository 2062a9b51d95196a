"""`rig sim state`, `press-reset`, `network`, `lid`, `light`: look at the world of a served bench and drive it."""

from __future__ import annotations

import json
import threading
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from rig.cli.output import printable, say
from rig.cli.sim import DEFAULT_CONTROL_PORT, Control, app

__all__ = ["app"]

LOOK_EVERY_S = 0.05


class Lid(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


@app.command("state", epilog="Example: rig sim state --json | jq .supply.device_v")
def state_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one line of JSON.")] = False,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Go on until Ctrl-C: a line whenever something was switched or shown."),
    ] = False,
    control: Control = DEFAULT_CONTROL_PORT,
) -> None:
    """Show a served bench's world: supply, device, light, networks. `--watch` looks 20 times a second."""
    from rig.sim.server.control import ask

    found = ask(control, "state")
    if not watch:
        say(json.dumps(found) if as_json else world_summary(found))
        return
    never, shown = threading.Event(), None
    try:
        while True:
            if (seen := switches_summary(found)) != shown:
                say(json.dumps(found) if as_json else f"{found['now_s']:9.2f} s  {seen}")
                shown = seen
            never.wait(LOOK_EVERY_S)
            found = ask(control, "state")
    except KeyboardInterrupt:
        return


@app.command("press-reset")
def press_reset_command(control: Control = DEFAULT_CONTROL_PORT) -> None:
    """Press the device's reset button for a moment. Its settings stay."""
    _do(control, "press-reset")


@app.command("network", epilog="Example: rig sim network no-dhcp; rig sim network none")
def network_command(
    names: Annotated[
        list[str], typer.Argument(metavar="NAME|PATH|none", help="The networks that are on the air from now on.")
    ],
    control: Control = DEFAULT_CONTROL_PORT,
) -> None:
    """Change what the device's radio can find. Connections that stand already are not cut."""
    _do(control, "network", name=[str(Path(n).resolve()) if n.endswith(".toml") else n for n in names])


@app.command("lid")
def lid_command(
    position: Annotated[Lid, typer.Argument(help="An open lid lets the light of a lit room in.")],
    control: Control = DEFAULT_CONTROL_PORT,
) -> None:
    """Open or close the fixture's lid."""
    _do(control, "lid", open=position is Lid.OPEN)


@app.command("light", epilog="Example: rig sim light --level 0.5 --flicker 0.1")
def light_command(
    level: Annotated[float | None, typer.Option(help="Ambient light; 1 is the LED's largest step.")] = None,
    flicker: Annotated[float | None, typer.Option(help="Its amplitude at twice the mains frequency.")] = None,
    mains_hz: Annotated[float | None, typer.Option(help="The lamps' mains frequency.")] = None,
    snr: Annotated[float | None, typer.Option(help="Largest LED step over one raw sample's noise.")] = None,
    control: Control = DEFAULT_CONTROL_PORT,
) -> None:
    """Change the light around the device and the noise of the rig's sensor; what isn't named stays."""
    wanted = {"level": level, "flicker": flicker, "mains_hz": mains_hz}
    changes = {name: value for name, value in wanted.items() if value is not None}
    if snr is not None:
        _ask(control, "noise", snr=snr)
    _do(control, "light", **changes)


def _ask(control: int, command: str, **arguments: Any) -> dict[str, Any]:
    from rig.sim.server.control import ask

    return ask(control, command, **arguments)


def _do(control: int, command: str, **arguments: Any) -> None:
    """Ask for it, and say what the world is like then."""
    found = _ask(control, command, **arguments)
    say(f"{found['now_s']:9.2f} s  {switches_summary(found)}")


def world_summary(found: dict[str, Any]) -> str:
    """All of the world's state in a few lines."""
    supply, imp, light = found["supply"], found["imp"], found["light"]
    last = imp["last"]
    happened = "nothing yet" if last is None else f"{printable(last['what'])} at {last['at_s']:.2f} s"
    return "\n".join(
        (
            f"time      {found['now_s']:.3f} s",
            f"supply    {_switch(supply)}; set {supply['set_v']:.3f} V, regulator {supply['regulator_v']:.3f} V, "
            f"device {supply['device_v']:.3f} V, {supply['source_a'] * 1000:.1f} mA from the source",
            f"imp       {_imp(imp)}; {imp['boots']} boots, {imp['resets']} resets; last: {happened}",
            f"LED       {_led(light)}",
            f"BlinkUp   {light['blinkup']:.0%} lit",
            f"light     ambient {light['ambient']:g}, flicker {light['flicker']:g} of {light['mains_hz']:g} Hz mains, "
            f"SNR {light['snr']:g}",
            f"networks  {_networks(found)}",
        )
    )


def switches_summary(found: dict[str, Any]) -> str:
    """What is switched, shown or set, without what moves all the time."""
    supply, imp, light = found["supply"], found["imp"], found["light"]
    return (
        f"supply {_switch(supply)} | imp {_imp(imp)} | LED {_led(light)} | BlinkUp {light['blinkup']:.0%} | "
        f"ambient {light['ambient']:g} | networks {_networks(found)}"
    )


def _switch(supply: dict[str, Any]) -> str:
    return ("on" if supply["on"] else "off") + (", series resistor in" if supply["series_in"] else "")


def _imp(imp: dict[str, Any]) -> str:
    if not imp["running"]:
        return "dead"
    words = ["online" if imp["online"] else "offline", "configured" if imp["configured"] else "unconfigured"]
    return ", ".join(words + ([f"shows {printable(imp['led_pattern'])}"] if imp["led_pattern"] else []))


def _led(light: dict[str, Any]) -> str:
    return {(0, 0): "dark", (1, 0): "red", (0, 1): "green", (1, 1): "amber"}[light["red"], light["green"]]


def _networks(found: dict[str, Any]) -> str:
    return ", ".join(printable(name) for name in found["networks"]) or "none"
