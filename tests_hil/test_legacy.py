"""Devices that were never updated (to impOS 30) answer a BlinkUp in their own way."""

from __future__ import annotations

import pytest
from hil_steps import settings_for

from rig import FAST_HZ, DeviceUnderTest, Verdict
from rig.testing import Network, first_run

pytestmark = pytest.mark.hil

FLASH_S = (0.15, 0.35)  # 250 ms in the guide's table; the device's clock and the edges of the light around it


@pytest.mark.requires("impos.legacy", "blinkup.optical")
def test_refusal_is_fast_red(dut: DeviceUnderTest, network: Network) -> None:
    dut.make_unconfigured()
    sent = dut.send(settings_for(dut, network), rate_hz=FAST_HZ, damage="wrong_crc")
    dut.watch_for(8.0)
    seen = dut.observation()
    assert seen.outcome.verdict is Verdict.BLINKUP_REFUSED, seen.outcome.summary
    flash = first_run(seen.decoded.segments, "red", since_s=sent.start_s)
    assert flash is not None
    assert FLASH_S[0] <= flash.duration_s <= FLASH_S[1], f"red for {flash.duration_s:.2f} s"


@pytest.mark.requires("impos.legacy", "network:home")
def test_old_device_gets_online(dut: DeviceUnderTest, network: Network) -> None:
    """Its green answer may be one quick flash only; what counts is where it gets."""
    dut.make_unconfigured()
    dut.send(dut.wifi(network("home")), rate_hz=FAST_HZ)
    assert dut.wait_for("connected", timeout_s=20.0), dut.observation().outcome.summary
    assert dut.observation().outcome.verdict is Verdict.CONNECTED
