"""The self-test of a bench, before anything else is trusted: its transmitter, its converters, its load switch."""

from __future__ import annotations

from rig.drivers.adc import ContinuousInput
from rig.drivers.optical.transmitter import OpticalTx
from rig.drivers.supply.guarded import GuardedSupply


def self_test(optical: OpticalTx, led: ContinuousInput, supply: GuardedSupply) -> dict[str, str]:
    """Prove the bench, in about 0.7 s; returns facts for the report. The device stays off.

    Raises:
        BenchConnectionError: what switches the pins went away.
        BenchFault: a part is not as it should be.
    """
    volts = supply.check_off()
    sensor = led.self_test()
    read_back = supply.read_back.self_test() if supply.read_back is not None else None
    armed = supply.arm()  # before the transmitter: the dead-man's rehearsal stops whatever is being sent
    sender = optical.self_test()
    left = "not measured" if volts is None else f"{volts * 1000:.0f} mV"
    return {
        **sender,
        "LED sensor": str(sensor),
        "Device voltage": f"{read_back or 'no read-back'}, {left} with the switch off",
        **armed,
    }
