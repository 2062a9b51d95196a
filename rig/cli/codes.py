"""`rig codes`: the catalogue of the status LED's light codes."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from rig.cli.bar import LETTERS, bar, cell_text, short, slice_ms
from rig.cli.output import say, table
from rig.cli.renamed import RenamedOptionsCommand
from rig.config.device import load_device
from rig.led import Code, load_catalogue

app = typer.Typer(help="Light codes of the status LED: what they look like and what they mean.", no_args_is_help=True)

LEGEND = "D or . dark, R red, A amber, G green, ? lit in a colour that no source tells; numbers are milliseconds"
CERTAINTY = {
    "DOC": "official text",
    "PROD": "a product's support page",
    "FORUM": "the maker's forum",
    "INF": "inferred",
    "unknown": "no source tells the colours",
}


@app.command("list", cls=RenamedOptionsCommand, epilog="Example: rig codes list --dut imp003")
def list_codes(
    device: Annotated[
        str | None,
        typer.Option("--dut", metavar="NAME|PATH", help="Only the codes that this device can show."),
    ] = None,
) -> None:
    """List the light codes. Durations are in milliseconds; the bar shows one period."""
    catalogue = load_catalogue()
    if device is not None:
        catalogue = catalogue.for_device(*load_device(device).led_tags)
    rows: list[list[str | Text]] = [
        [c.id, short(c), bar(c.readings[0], 24) if c.readings else Text(), c.certainty, c.meaning] for c in catalogue
    ]
    table(("code", "light", "one period", "certainty", "meaning"), rows)
    say(LEGEND)


@app.command("show", epilog="Example: rig codes show getting_ip")
def show_code(
    code_id: Annotated[str, typer.Argument(metavar="ID", help="Id of a code, see `rig codes list`.")],
) -> None:
    """Show one light code: cells, durations in milliseconds, meaning, sources and how certain it is."""
    code = load_catalogue()[code_id]
    say(f"{code.id}: {code.meaning}")
    say(f"  kind       {_kind(code)}")
    say(f"  shown by   {code.who}")
    words = "; ".join(CERTAINTY[part] for part in code.certainty.split("+") if part in CERTAINTY)
    say(f"  certainty  {code.certainty}{f' ({words})' if words else ''}")
    if not code.colours_known:
        say("  colours    unknown: the sources give the rhythm only, no colour is made up for it")
    if code.constraint:
        say(f"  constraint {code.constraint}")
    if code.assumed:
        say("  durations  assumed, no source states them")
    say(f"  sources    {'; '.join(code.sources) or 'none'}")
    for number, reading in enumerate(code.readings, 1):
        say(f"  light{f' {number} of {len(code.readings)}' if len(code.readings) > 1 else ''} ({reading.kind})")
        for cell in reading.cells:
            say(f"    {LETTERS[cell.colour]} {cell_text(cell)}")
        line = Text("    ").append_text(bar(reading))
        if reading.kind != "solid":
            line.append(f"  one letter is {slice_ms(reading, 60)} ms")
        say(line)


def _kind(code: Code) -> str:
    if code.sequence:
        return "sequence of " + ", then ".join(code.sequence)
    period_ms = code.period_ms
    return code.kind if period_ms is None else f"{code.kind}, period {period_ms} ms"
