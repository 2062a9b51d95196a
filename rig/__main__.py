"""`python -m rig`: the command line, as `rig` where that is not on the path."""

from __future__ import annotations

from rig.cli.main import app

if __name__ == "__main__":
    app(prog_name="rig")
