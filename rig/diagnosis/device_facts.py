"""What the rules take for granted about the device under test: named values that a caller may change, with sources."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DeviceFacts:
    """Facts about the device under test; where each default comes from stands in `FACT_SOURCES`."""

    model: str = ""
    impos: int | None = None
    min_wifi_v: float = 2.5
    min_v: float = 1.8
    max_v: float = 3.6
    led_window_s: float = 60.0
    dead_current_a: float = 0.001
    burst_a: float = 0.15
    radio_on_a: float = 0.05
    blink_a: float = 0.0015
    radio_start_a: float = 0.28
    overload_a: float = 0.5
    notch_v: float = 0.04
    healthy_connect_s: float = 2.8
    stuck_s: float = 10.0
    min_dark_s: float = 5.0
    after_blinkup_s: float = 5.0
    rise_s: float = 0.5
    dip_interval_s: float = 0.010
    min_span_confidence: float = 0.5
    min_confidence: float = 0.5


FACT_SOURCES: dict[str, str] = {
    "model": "none: the caller names the module, for instance imp003",
    "impos": "none: the caller names the generation of impOS",
    "min_wifi_v": "troubleshooting guide, Power: Wi-Fi requires at least 2.5 V",
    "min_v": "troubleshooting guide, Power: code runs down to 1.8 V",
    "max_v": "troubleshooting guide, Power: operational range 1.8 to 3.6 V",
    "led_window_s": "developer troubleshooting page: LED and BlinkUp live for 60 s after a cold start (impOS 42: less)",
    "dead_current_a": "assumed: between deep sleep (4 to 6 uA) and idle with the radio off (4.5 mA), forum 3975",
    "burst_a": "assumed: between average (80 mA) and peaks (250 to 400 mA) of connecting, forum 3975, 2159, 3080",
    "radio_on_a": "assumed: between waiting for a BlinkUp (25 mA) and being connected (65 mA), forum 3975",
    "blink_a": "assumed: below the 2 mA of one lit colour of the LED, above the noise of a current monitor",
    "radio_start_a": "assumed: just below the 300 to 400 mA of a radio's calibration, forum 3080",
    "overload_a": "assumed: above the 400 mA that supplies are to be designed for, forum 2159",
    "notch_v": "assumed: above the 2 mA of an LED on a weak supply, below the averaged trace of a collapse",
    "healthy_connect_s": "forum 3626: a healthy connection takes 1.1 to 2.8 s",
    "stuck_s": "boot procedure page: code starts after 10 s without a connection; its use as 'stuck' is assumed",
    "min_dark_s": "assumed: the LED lights at boot, so this long a darkness after power-on is not a boot",
    "after_blinkup_s": "assumed: longer than the green of 3 s that answers a good BlinkUp",
    "rise_s": "assumed: time a supply may take to come up after it was switched on",
    "dip_interval_s": "assumed: the dip of a calibration burst (about 15 ms, forum 3080) is still met by a sample",
    "min_span_confidence": "assumed: a pattern less sure than this counts as undecided",
    "min_confidence": "assumed: a verdict less sure than this is given as undecided",
}
