"""What may have happened: rules, each of which proposes verdicts and knows nothing of the others.

Importing this package registers them all.
"""

from rig.diagnosis.rules import (
    blinkup,
    blinkup_silence,
    brownout,
    connection,
    losses,
    no_power,
    no_sign_of_life,
    restarts,
    steady_colours,
    supply_too_low,
)

__all__ = [
    "blinkup",
    "blinkup_silence",
    "brownout",
    "connection",
    "losses",
    "no_power",
    "no_sign_of_life",
    "restarts",
    "steady_colours",
    "supply_too_low",
]
