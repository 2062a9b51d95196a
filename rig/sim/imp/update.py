"""An impOS update: fetched by plain HTTP, so whatever captures port 80 breaks it; then a restart."""

from __future__ import annotations

from collections.abc import Callable

from rig.config.network import Uplink
from rig.sim.imp.chip import ImpChip
from rig.sim.imp.radio import RadioLoad
from rig.sim.physics.process import Program
from rig.sim.physics.timeline import NS_PER_S

# What part of an old impOS's update is the download (assumed).
DOWNLOAD_SHARE = 0.7


def update(chip: ImpChip, radio: RadioLoad, network: Uplink, show: Callable[[str], None]) -> Program:
    """Ends with a restart whether it worked or not. A reset or radio failure on the way leaves the old impOS."""
    chip.log("update begins")
    show("legacy_download" if chip.legacy else "update")
    if network.portal != "none":
        yield from radio.active(chip.individual.ns("download_gives_up_s"))
        chip.restart("update not fetched")
        yield NS_PER_S
    whole_ns = chip.individual.ns("update_s")
    yield from radio.active(round(DOWNLOAD_SHARE * whole_ns))
    if chip.legacy:
        show("legacy_install")
    yield from radio.active(whole_ns - round(DOWNLOAD_SHARE * whole_ns))
    chip.defects.outdated = False
    chip.truth.updates += 1
    if chip.defects.bricked_by_update:
        chip.defects.radio_firmware_lost = True
    chip.restart("update installed")
    yield NS_PER_S
