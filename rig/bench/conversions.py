"""What decoding and judging take from bench and device files, live as for a stored recording."""

from __future__ import annotations

from rig.config.bench import BenchConfig
from rig.config.device import DeviceProfile
from rig.diagnosis import DeviceFacts, JudgedDevice
from rig.diagnosis.corrections.supply_dimming import LedRating
from rig.errors import ConfigError
from rig.led import Calibration, CalibrationError, load_catalogue


def led_calibration_of(config: BenchConfig) -> Calibration:
    """The bench's stored calibration.

    Raises:
        ConfigError: the decoder can't use it.
    """
    stored = config.led.calibration
    try:
        return Calibration(
            red_v=stored.red_v,
            green_v=stored.green_v,
            saturation=stored.saturation,
            uncertainty=stored.uncertainty,
            rail_v=stored.rail_v,
            date=stored.taken_on.isoformat() if stored.taken_on else None,
            conditions=stored.conditions,
        )
    except CalibrationError as error:
        raise ConfigError(f"bench {config.name!r}: led.calibration: {error}") from error


def rating_of(device: DeviceProfile) -> LedRating:
    """The nominal supply and the LED's forward voltages (V) of a device file."""
    return LedRating(device.supply.nominal_v, device.led.red_forward_v, device.led.green_forward_v)


def facts_of(device: DeviceProfile) -> DeviceFacts:
    """The facts of a device file that the rules of diagnosis use."""
    return DeviceFacts(
        model=device.imp,
        impos=device.impos,
        min_v=device.supply.min_v,
        min_wifi_v=device.supply.wifi_min_v,
        max_v=device.supply.max_v,
        led_window_s=device.led_window_s,
        healthy_connect_s=device.expected.connect_s,
        stuck_s=device.expected.stuck_s,
    )


def judged_device(device: DeviceProfile) -> JudgedDevice:
    """What a verdict takes from a device file."""
    return JudgedDevice(facts_of(device), rating_of(device), load_catalogue().for_device(*device.led_tags))
