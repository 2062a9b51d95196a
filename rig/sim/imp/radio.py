"""The radio as a load: a calibration burst at each power-up, then transmissions as pulses, not as an average.

Figures: imp-behaviour notes, electrical section (forum measurements and staff): five calibration pulses of
300-400 mA within about 15 ms; transmissions up to 4.8 ms long at 250 mA; about 80 mA average while joining.
"""

from __future__ import annotations

from rig.sim.imp.chip import ImpChip
from rig.sim.physics.process import Program
from rig.sim.physics.timeline import NS_PER_MS, NS_PER_S, to_ns

CALIBRATION_PULSES = 5
CALIBRATION_S = 0.015
LONGEST_PACKET_S = 0.0048
JOINING_AVERAGE_A = 0.080


class RadioFailed(Exception):
    """The rail was too low for the radio while it was in use."""


class RadioLoad:
    """Powered by `start`; `active` keeps it busy for a while. Both raise `RadioFailed` when the rail sags too far."""

    def __init__(self, chip: ImpChip, min_v: float) -> None:
        self._chip = chip
        self._min_v = min_v

    def start(self) -> Program:
        """Power up: the calibration burst.

        Raises:
            RadioFailed: the supply is, or sags, below the radio's minimum.
        """
        chip = self._chip
        self._check()
        base_a = chip.individual["radio_base_a"]
        chip.set_current("radio", base_a)
        slot_ns = to_ns(CALIBRATION_S / CALIBRATION_PULSES)
        for _ in range(CALIBRATION_PULSES):
            yield from self._pulse(chip.individual["calibration_a"] - base_a, slot_ns * 2 // 3)
            yield slot_ns // 3

    def active(self, duration_ns: int) -> Program:
        """Scanning, joining, talking for `duration_ns`."""
        chip = self._chip
        transmit_a = chip.individual["transmit_a"]
        base_a = chip.individual["radio_base_a"]
        chip.set_current("radio", base_a)
        duty = max(0.01, (JOINING_AVERAGE_A - base_a) / (transmit_a - base_a))
        left_ns = duration_ns
        while left_ns > 0:
            packet_ns = to_ns(LONGEST_PACKET_S * chip.rng.uniform(0.1, 1.0))
            gap_ns = round(packet_ns * (1.0 / duty - 1.0) * chip.rng.uniform(0.5, 1.5))
            yield min(gap_ns, left_ns)
            left_ns -= gap_ns
            if left_ns <= 0:
                break
            yield from self._pulse(transmit_a - base_a, packet_ns)
            left_ns -= packet_ns

    def idle(self, duration_ns: int) -> Program:
        """Connected, with a short transmission now and then."""
        chip = self._chip
        chip.set_current("radio", chip.individual["connected_a"])
        left_ns = duration_ns
        while left_ns > 0:
            gap_ns = min(left_ns, round(NS_PER_S * chip.rng.uniform(0.5, 1.5)))
            yield gap_ns
            left_ns -= gap_ns
            if left_ns > 0:
                yield from self._pulse(chip.individual["transmit_a"] - chip.individual["connected_a"], NS_PER_MS)
                left_ns -= NS_PER_MS

    def off(self) -> None:
        """Draw no current any more."""
        self._chip.set_current("radio", 0.0)
        self._chip.set_current("transmission", 0.0)

    def _pulse(self, amps: float, width_ns: int) -> Program:
        chip = self._chip
        chip.set_current("transmission", amps)
        yield width_ns
        sagged = self._sagged()
        chip.set_current("transmission", 0.0)
        if sagged:
            self.off()
            raise RadioFailed

    def _sagged(self) -> bool:
        return self._chip.rail.v_now < self._min_v

    def _check(self) -> None:
        if self._sagged():
            self.off()
            raise RadioFailed
