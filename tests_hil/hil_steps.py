"""What several tests of this suite do: get the device online, and read times off what was seen."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rig import FAST_HZ, DeviceUnderTest, Observation, WifiConfig
from rig.testing import Network, colours_between

ONLINE_TIMEOUT_S = 20.0

# The easiest and the hardest of the standard surroundings; what lies between them is judged by fewer tests.
EXTREMES = pytest.mark.parametrize("surroundings", ["quiet-dark", "noisy-lit"], indirect=True)


def enrolment_of(dut: DeviceUnderTest) -> WifiConfig:
    """Enrolment alone: the device goes online without Wi-Fi."""
    token, plan = dut.bench.enrolment()
    return WifiConfig("", "", token, plan)


def settings_for(dut: DeviceUnderTest, network: Network) -> WifiConfig:
    """Settings that bring this device online: `home`, or over the air of a mobile network. Skips if it has neither."""
    if "radio.cellular" in dut.bench.device.capabilities:
        network("mobile")
        return enrolment_of(dut)
    return dut.wifi(network("home"))


def online_timeout_s(dut: DeviceUnderTest) -> float:
    """How long to wait for a healthy device; a slow connection is a measurement out of its limits, not a time-out."""
    return ONLINE_TIMEOUT_S + dut.bench.device.expected.connect_s


def get_online(dut: DeviceUnderTest, network: Network) -> None:
    """Give the device settings by light, and see it online."""
    dut.make_unconfigured()
    dut.send(settings_for(dut, network), rate_hz=FAST_HZ)
    wait_online(dut)


def wait_online(dut: DeviceUnderTest) -> None:
    if not dut.wait_for("connected", timeout_s=online_timeout_s(dut)):
        outcome = dut.observation().outcome
        raise AssertionError(f"not online: {outcome.verdict.value}: {outcome.summary}")


def powered_s(seen: Observation) -> float:
    """When the device was last switched on."""
    return max(action.end_s for action in seen.recording.actions if action.kind == "power_on")


def switching_s(seen: Observation) -> float:
    """How long the last switching on took; the light is not looked at meanwhile."""
    return max((a.end_s, a.end_s - a.start_s) for a in seen.recording.actions if a.kind == "power_on")[1]


def shown(seen: Observation, start_s: float, end_s: float) -> str:
    """The colours that were lit between two times, as a failure tells them."""
    return words(colours_between(seen.decoded.segments, start_s, end_s))


def words(colours: Sequence[str]) -> str:
    return ", ".join(colours) or "nothing but darkness"
