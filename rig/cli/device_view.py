"""A device profile on a terminal: its facts, its limits, the ranges of its simulated twin, one line for each."""

from __future__ import annotations

from rig.cli.output import lines, printable, say
from rig.cli.settings import Setting, settings, span_text
from rig.config.certainty import Mark
from rig.config.device import DeviceProfile
from rig.config.limits import Limit
from rig.config.spread import Spread

NAMES = ("name", "title", "extends")  # in the heading
UNMARKED = (*NAMES, "model")  # facts about the file, not about the device
SIMULATED, OWN_VIEW = "simulation.", ("certainty.", "limits.")


def print_device(device: DeviceProfile) -> None:
    """Print every setting with its certainty; a long source is cut at the end of the line on a terminal."""
    say(
        f"{device.name}: {printable(device.title)}"
        + (f" (extends {printable(device.extends)})" if device.extends else "")
    )
    shown = [s for s in settings(device) if s.key not in NAMES and not s.key.startswith(OWN_VIEW)]
    facts = [_row(device, s) for s in shown if not s.key.startswith(SIMULATED)]
    limits = [_limit_row(name, limit) for name, limit in device.limits.items()]
    ranges = [_row(device, s) for s in shown if s.key.startswith(SIMULATED)]
    cut = False
    for columns, rows in (
        (("key", "value", "certainty"), facts),
        (("limit", "allowed", "unit", "marginal", "certainty"), limits),
        (("simulated device", "range", "certainty"), ranges),
    ):
        if rows:
            say()
            cut |= lines(columns, rows)
    say(f"\ntests may require: {', '.join(sorted(device.capabilities))}")
    if cut:
        say("What ends in ~ is cut to the width of the terminal; in full: rig device show NAME | cat")


def _row(device: DeviceProfile, setting: Setting) -> list[str]:
    value = setting.value
    text = span_text(value) if isinstance(value, Spread) else setting.text
    mark = device.mark_of(setting.key)
    if isinstance(value, Spread) and setting.key not in device.certainty:
        mark = Mark(mark=value.certainty, source=value.source)
    return [setting.key, text, "" if setting.key in UNMARKED else mark_text(mark, given=setting.given)]


def _limit_row(name: str, limit: Limit) -> list[str]:
    unit = "" if limit.unit == "1" else limit.unit
    sure = mark_text(Mark(mark=limit.certainty, source=limit.source))
    return [printable(name), limit.allowed, printable(unit), f"{limit.band:g}", sure]


def mark_text(mark: Mark, *, given: bool = True) -> str:
    """How sure a value is, whether the file says it, and the source."""
    word = mark.mark if given else f"{mark.mark} (default)"
    return f"{word}: {printable(mark.source)}" if mark.source else word
