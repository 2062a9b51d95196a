"""`rig blinkup`: what can be done with BlinkUps from the shell."""

from __future__ import annotations

import typer

from rig.cli import blinkup_send

app = typer.Typer(help="BlinkUps: send them, and try a receiver's margins.", no_args_is_help=True)
app.command("send", epilog=blinkup_send.SEND_EPILOG)(blinkup_send.send)
app.command("sweep", epilog=blinkup_send.SWEEP_EPILOG)(blinkup_send.sweep)
