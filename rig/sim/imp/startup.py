"""What an imp looks at when it starts, and what its LED says if that is not as it should be."""

from __future__ import annotations

from rig.sim.imp.chip import ImpChip
from rig.sim.physics.process import Program
from rig.sim.physics.timeline import NS_PER_S

# LED state by fault of the SPI flash. `blank` and `unsupported` are known of one module each (forum).
FLASH_STATES = {
    "missing": "spi_not_found",
    "error": "spi_error",
    "blank": "imp004m_flash_blank",
    "unsupported": "imp003_flash_unsupported",
}
# With these states the microcontroller still takes BlinkUp (forum 3566, 4076); with all others it doesn't, or that is
# not known.
LISTENING = (None, "spi_not_found", "spi_error")


def fault(chip: ImpChip) -> str | None:
    """The LED state of what the self-checks find; None if all is well."""
    if chip.defects.radio_unpowered:
        return "imp003_no_wlan"
    if "spi-flash" not in chip.individual.startup_checks:
        return None
    return FLASH_STATES.get(_flash_fault(chip))


def _flash_fault(chip: ImpChip) -> str:
    """What is wrong with the external flash at this start."""
    defects = chip.defects
    if defects.flash_gone_by_blinkup:
        # Whether the flash that went missing with a BlinkUp is back after a power cycle is not known.
        chip.flash.external_gone &= chip.individual["flash_gone_stays"] < 0.5
        return "missing" if chip.flash.external_gone else "error"
    if defects.flash_bus_taken and chip.rng.random() < defects.flash_bus_taken:
        return "error"
    return defects.flash_fault


def after_blinkup(chip: ImpChip, found: str | None) -> tuple[str | None, bool]:
    """What the flash looks like once a BlinkUp was taken, and whether green answers it (forum 3566, 4076)."""
    if not chip.defects.flash_gone_by_blinkup:
        return found, True
    chip.flash.external_gone = True
    chip.log("its flash is gone")
    return FLASH_STATES["missing"], chip.individual["flash_gone_answers"] < 0.5


def listens(found: str | None) -> bool:
    """Whether the device takes BlinkUp with the fault that its start has found."""
    return found in LISTENING


def fastrom(chip: ImpChip) -> Program:
    """An imp006 without a good image: two seconds of red, then the microcontroller starts anew (setup guide)."""
    if "fastrom" in chip.individual.startup_checks and _flash_fault(chip):
        yield chip.individual.ns("fastrom_red_s")
        chip.restart("fastROM found no image")
        yield NS_PER_S


def radio_firmware(chip: ImpChip) -> Program:
    """RadioLoad firmware that can't be read leaves the LED at the red of the start (forum 2825, 3457)."""
    while chip.defects.radio_firmware_lost:
        yield NS_PER_S


def first_boot(chip: ImpChip) -> Program:
    """The first start with a pre-programmed flash: green while it is taken in, then a restart (maker's page)."""
    if chip.defects.flash_fresh and chip.individual.startup_checks:
        chip.log("takes in its flash")
        chip.led.hold(False, True)
        yield chip.individual.ns("flash_ingest_s")
        chip.defects.flash_fresh = False
        chip.restart("flash taken in")
        yield NS_PER_S
