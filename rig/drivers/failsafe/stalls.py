"""Whether this machine stands still now and then: then nothing that was timed on it proves a fault of the bench."""

from __future__ import annotations

from typing import Final

from rig.clock import RealClock
from rig.errors import BenchFault, HostStalled

SLEEPS: Final = 60
SLEEP_S: Final = 0.001
STALL_S: Final = 0.015  # an idle machine wakes within 1 or 2 ms; one with a queue for its CPUs, after 10 and more


def worst_oversleep_s() -> float:
    """By how much the longest of some short sleeps was too long, in s. Takes about 0.1 s on an idle machine."""
    clock, worst_s = RealClock(), 0.0
    for _ in range(SLEEPS):
        start_s = clock.now_s()
        clock.sleep(SLEEP_S)
        worst_s = max(worst_s, clock.now_s() - start_s - SLEEP_S)
    return worst_s


def or_stall(fault: BenchFault) -> BenchFault:
    """`fault`, or a stall where this machine is too busy to have timed anything."""
    if isinstance(fault, HostStalled):
        return fault
    stall_s = worst_oversleep_s()
    if stall_s < STALL_S:
        return fault
    return HostStalled(
        f"this machine is too busy to time anything: it stands still for up to {stall_s * 1000:.0f} ms, measured just "
        f"now. End other programs. What was seen meanwhile proves no fault of the bench: {fault}"
    )
