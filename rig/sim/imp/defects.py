"""What is wrong or special with a simulated device (see `rig.sim.faults.device`); a healthy one has the defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FlashFault = Literal["", "missing", "error", "blank", "unsupported"]
Application = Literal["runs", "crashes", "leaves"]


@dataclass
class DeviceDefects:
    """What a defect changes. Factors are 1 and shares 0 in a healthy device; times are in seconds, None: never."""

    # the LED
    red_brightness: float = 1.0
    green_brightness: float = 1.0
    led_swapped: bool = False
    led_inverted: bool = False
    # start
    dead: bool = False
    boot_factor: float = 1.0
    early_crash_s: float | None = None
    flash_fault: FlashFault = ""
    flash_gone_by_blinkup: bool = False
    flash_bus_taken: float = 0.0
    radio_unpowered: bool = False
    flash_fresh: bool = False
    radio_firmware_lost: bool = False
    # BlinkUp
    sensor_gain: float = 1.0
    missed_share: float = 0.0
    settings_stuck: bool = False
    # network
    bands_ghz: tuple[str, ...] | None = None
    modem_silent: bool = False
    # code
    impos_release: tuple[int, int] | None = None
    outdated: bool = False
    bricked_by_update: bool = False
    application: Application = "runs"
    code_switches_blinkup_off: bool = False

    def lights(self, red: bool, green: bool) -> tuple[bool, bool]:
        """What the dies do when the firmware wants red, green. A misdetected polarity lights what should be dark."""
        if self.led_inverted:
            red, green = not red, not green
        return (green, red) if self.led_swapped else (red, green)
