"""Calibration of the LED sensor: bring the device into states whose colour is documented, and measure each level.

Nothing of the stored calibration is used. Unconfigured, an imp blinks amber; a clear-configuration BlinkUp is answered
in green; settings for a network that does not exist make it search, in red (troubleshooting guide).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from rig.bench.dut import DeviceUnderTest
from rig.blinkup import ClearConfig, WifiConfig
from rig.errors import DeviceNotReady, InsufficientEvidence
from rig.led import Calibration
from rig.led.levels.plateaus import Level, bins, dark_and_lit, other_than
from rig.recording import Floats

BLINKS_S: Final = 6.0  # three periods of the slowest pattern in use
BOOT_S: Final = 2.0
ANSWER_S: Final = 3.5  # green lasts up to 3 s
SEARCHES_S: Final = 6.0  # until the answer's green is over and searching shows
NO_NETWORK: Final = "imp-bench-rig-no-such-net"
# Day to day: temperature, supply, and how the device lies in the fixture. Assumed; repeat the calibration to learn it.
LEAST_UNCERTAINTY: Final = 0.03
ADDS_UP: Final = (-0.10, 0.25)  # plausible range of the share by which amber falls short of red plus green


@dataclass(frozen=True)
class ColourLevels:
    """Steps above dark of each colour in V, and the dark level of each stretch of light that was measured, in V."""

    red: Level
    green: Level
    amber: Level
    dark: tuple[float, ...]

    @property
    def saturation(self) -> float:
        """The share by which amber falls short of red plus green."""
        return 1.0 - self.amber.value / (self.red.value + self.green.value)

    def check(self) -> None:
        """Check that amber is about the sum of red and green.

        Raises:
            InsufficientEvidence: the levels can't be those of one LED.
        """
        low, high = ADDS_UP
        if not low <= self.saturation <= high:
            raise InsufficientEvidence(
                f"red {self.red.value:.3f}, green {self.green.value:.3f} and amber {self.amber.value:.3f} V do not add "
                f"up: amber is {1 - self.saturation:.0%} of red plus green, expected {1 - high:.0%} to {1 - low:.0%}. "
                "Did the device show another colour, did the room's light change, or does the sensor saturate?"
            )


def measured_by_blinkup(dut: DeviceUnderTest, say: Callable[[str], None]) -> ColourLevels:
    """Configure the device by light and measure what it shows. Leaves it without settings.

    Raises:
        DeviceNotReady: it does not blink or does not answer.
        InsufficientEvidence: the light has not the levels it should have.
    """
    say("amber: clearing the device, which then asks for settings")
    dut.power_on()
    dut.watch_for(BOOT_S)
    cleared_s = _sent(dut, ClearConfig())
    dut.watch_for(ANSWER_S)
    dark, amber = _two(_look(dut, BLINKS_S), "amber", "no settings")
    say("green: clearing it again, for the green that answers a BlinkUp")
    again_s = _sent(dut, ClearConfig())
    dut.watch_for(ANSWER_S)
    answers = [_light(dut, at_s, at_s + ANSWER_S) for at_s in (cleared_s, again_s)]
    green = _green(answers, dark, amber)
    say("red: sending it to a network that does not exist, which it then searches")
    token, plan = dut.bench.enrolment()
    _sent(dut, WifiConfig(NO_NETWORK, "", token, plan))
    dut.watch_for(SEARCHES_S)
    red_dark, red = _two(_look(dut, BLINKS_S), "red", "searching for a network")
    say("clearing it, so that it is left without settings")
    dut.power_cycle()
    dut.watch_for(BOOT_S)
    _sent(dut, ClearConfig())
    dut.watch_for(ANSWER_S)
    found = ColourLevels(_above(red, red_dark), _above(green, dark), _above(amber, dark), (dark.value, red_dark.value))
    found.check()
    return found


def measured_by_hand(dut: DeviceUnderTest, ask: Callable[[str], None]) -> ColourLevels:
    """Measure each colour while the device shows it, steady or blinking; `ask` returns when a person says so.

    Raises:
        InsufficientEvidence: the light has not the levels it should have.
    """
    dut.power_on()
    ask("Let the LED be dark")
    dark_light = _look(dut, BLINKS_S / 2)
    dark = Level(float(dark_light.mean()), float(dark_light.std()), len(dark_light))
    found = {}
    for colour in ("red", "green", "amber"):
        ask(f"Let the LED show {colour}, steady or blinking, and nothing else")
        light = _look(dut, BLINKS_S / 2)
        found[colour] = _above(_brightest(light, dark, colour), dark)
    levels = ColourLevels(found["red"], found["green"], found["amber"], (dark.value,))
    levels.check()
    return levels


def calibration_from(
    levels: ColourLevels, conditions: str, *, rail_v: float | None, on: date | None = None
) -> Calibration:
    """The calibration from measured levels; `rail_v` is the sensor's supply in V, `on` the day (None: today, UTC)."""
    relative = [3 * level.standard_error / level.value for level in (levels.red, levels.green, levels.amber)]
    drift = (max(levels.dark) - min(levels.dark)) / levels.amber.value / 10  # moving dark casts doubt on steps
    return Calibration(
        red_v=(round(levels.red.value, 4),),
        green_v=(round(levels.green.value, 4),),
        saturation=round(min(0.5, max(0.0, levels.saturation)), 3),
        uncertainty=round(min(0.5, LEAST_UNCERTAINTY + max(relative) + drift), 3),
        rail_v=rail_v,
        date=(on or datetime.now(UTC).date()).isoformat(),
        conditions=conditions,
    )


def _sent(dut: DeviceUnderTest, config: ClearConfig | WifiConfig) -> float:
    __tracebackhide__ = True
    return dut.send(config).end_s


def _look(dut: DeviceUnderTest, duration_s: float) -> Floats:
    start_s = dut.bench.clock.now_s()
    dut.watch_for(duration_s)
    return _light(dut, start_s, start_s + duration_s)


def _light(dut: DeviceUnderTest, start_s: float, end_s: float) -> Floats:
    led = dut.acquisition.light(start_s, end_s)
    return bins(led.times_s, led.values)


def _two(light: Floats, colour: str, state: str) -> tuple[Level, Level]:
    try:
        return dark_and_lit(light)
    except InsufficientEvidence as error:
        raise DeviceNotReady(
            f"{colour} is not seen while the device should be in {state!r}: {error}. Is it powered and in the fixture, "
            "does it take BlinkUps? Otherwise use --by-hand"
        ) from error


def _green(answers: list[Floats], dark: Level, amber: Level) -> Level:
    """The green of whichever answer shows it better."""
    found, trouble = [], None
    for light in answers:
        try:
            found.append(other_than(light, dark, amber))
        except InsufficientEvidence as error:
            trouble = error
    if not found:
        raise DeviceNotReady(
            f"no green after the BlinkUp: {trouble}. The device does not receive: see docs/blinkup-sending.md, or use "
            "--by-hand"
        ) from trouble
    return max(found, key=lambda level: level.bins)


def _brightest(light: Floats, dark: Level, colour: str) -> Level:
    """The lit level of a stretch of steady or blinking light."""
    try:
        return dark_and_lit(light)[1]
    except InsufficientEvidence:
        steady = Level(float(light.mean()), float(light.std()), len(light))
        if steady.value - dark.value <= 6 * max(dark.sigma, steady.sigma):
            raise InsufficientEvidence(
                f"{colour}: {steady.value:.3f} V, dark is {dark.value:.3f} V: the LED is not lit, or the sensor does "
                "not see it"
            ) from None
        return steady


def _above(level: Level, dark: Level) -> Level:
    sigma = (level.sigma**2 + dark.sigma**2 * level.bins / max(1, dark.bins)) ** 0.5
    return Level(level.value - dark.value, sigma, level.bins)
