"""Which Wi-Fi security a simulated imp can do: WPA3, as the maker's help page on it (wpa-3-support) says.

Transition mode (WPA2 and WPA3 beside each other) is joined by impOS 40.x and from 42.6 on, and not by 42.0 to 42.5. SAE
alone is joined by the imp005 and the imp006 with both bands, from 42.6 on.
"""

from __future__ import annotations

from rig.config.network import NetworkProfile
from rig.sim.imp.chip import ImpChip

WPA3_MENDED = (42, 6)


def can_join(network: NetworkProfile, chip: ImpChip) -> bool:
    """Whether the device can join by this network's security. That a refusal shows as 'joining' is inferred."""
    if network.security == "wpa3":
        return _knows_sae(chip)
    if network.security != "wpa3-transition":
        return True
    release = _release(chip)
    if release[0] == 40 or release >= WPA3_MENDED:
        return True
    if release[0] == 42:
        return False
    return chip.individual["old_joins_transition"] < 0.5  # the page doesn't speak of other releases


def seen_in_scan(network: NetworkProfile, chip: ImpChip) -> bool:
    """Whether a scan counts this network; whether it counts one whose security the device can't do is not known."""
    return network.security != "wpa3" or _knows_sae(chip) or chip.individual["sae_unseen"] >= 0.5


def _knows_sae(chip: ImpChip) -> bool:
    able = chip.individual.imp == "imp005" or (chip.individual.imp == "imp006" and "5" in chip.individual.bands_ghz)
    return able and _release(chip) >= WPA3_MENDED


def _release(chip: ImpChip) -> tuple[int, int]:
    """The device's impOS, as (42, 5)."""
    individual = chip.individual
    return chip.defects.impos_release or (individual.impos, int(individual["impos_minor"]))
