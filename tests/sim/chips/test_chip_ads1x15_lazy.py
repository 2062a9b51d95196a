"""The ADC computes only what somebody reads, and nobody may notice."""

import random

import pytest

from rig.sim.physics.timeline import NS_PER_S, to_ns

WAKE_NS = 25_000
P860_NS = round(NS_PER_S / 860)
CONTINUOUS_A0_860 = 0x42E3  # AIN0, +-4.096 V
SINGLE_A0_860 = 0xC3E3


def put(desk, pointer, value):
    desk.wires.write(0x48, bytes([pointer, value >> 8, value & 0xFF]))


def test_in_continuous_mode_only_what_is_read_is_averaged(desk, ramp):
    light = ramp(desk.timeline, 0.1, memory_ns=2 * P860_NS)
    chip = desk.adc([light] * 4)
    put(desk, 1, CONTINUOUS_A0_860)
    desk.wires.write(0x48, b"\x00")
    desk.timeline.elapse(5 * NS_PER_S)
    assert light.intervals == []
    assert chip.read(2) == chip.read(2)
    ((start_ns, end_ns),) = light.intervals
    assert end_ns - start_ns == P860_NS
    assert desk.timeline.now_ns - P860_NS < end_ns


def test_a_single_shot_result_is_averaged_when_it_ends_and_kept(desk, ramp):
    light = ramp(desk.timeline, 0.1, memory_ns=P860_NS)
    chip = desk.adc([light] * 4)
    put(desk, 1, SINGLE_A0_860)
    start_ns = desk.timeline.now_ns + WAKE_NS
    desk.timeline.elapse(60 * NS_PER_S)
    assert light.intervals == [(start_ns, start_ns + P860_NS)]
    desk.wires.write(0x48, b"\x00")
    assert chip.read(2) == chip.read(2)
    assert len(light.intervals) == 1


class EagerChip:
    """The same chip told the plain way: an event at the end of every conversion. Knows when, not what."""

    def __init__(self, timeline, periods_ns):
        self.timeline, self.periods_ns = timeline, periods_ns
        self.result = None  # (mux, end) of the conversion in the register
        self.running = None  # mux
        self.wanted = None

    def configure(self, mux, rate, single, start):
        self.wanted = (mux, rate, single)
        if self.running is None and (start or not single):
            self.begin(self.timeline.now_ns + WAKE_NS)

    def begin(self, start_ns):
        mux, rate, _ = self.wanted
        self.running = mux
        self.timeline.at(start_ns + self.periods_ns[rate], self.end)

    def end(self):
        self.result = (self.running, self.timeline.now_ns)
        self.running = None
        if not self.wanted[2]:
            self.begin(self.timeline.now_ns)


@pytest.mark.parametrize("seed", range(12))
def test_laziness_can_not_be_told_from_converting_all_the_time(desk, ramp, seed):
    """Random settings, pauses and reads, against a chip that has an event for every conversion."""
    dice = random.Random(seed)
    oscillator_error = dice.uniform(-0.1, 0.1)
    probe = desk.adc(kind="ADS1115", oscillator_error=oscillator_error)
    desk.wires.detach(0x48)
    periods_ns = [round(NS_PER_S / (rate * (1 + oscillator_error))) for rate in probe.rates_hz]
    inputs = [ramp(desk.timeline, 1e-3, memory_ns=2 * periods_ns[3], start_v=0.5 * n) for n in range(4)]
    chip = desk.adc(inputs, oscillator_error=oscillator_error)
    eager = EagerChip(desk.timeline, periods_ns)
    moved = 0
    for _ in range(600):
        desk.timeline.elapse(to_ns(10 ** dice.uniform(-6, -0.7)))
        pin, rate, single, start = dice.randrange(4), dice.randrange(3, 8), dice.random() < 0.5, dice.random() < 0.7
        if dice.random() < 0.4:
            config = start << 15 | (4 + pin) << 12 | 0x0200 | single << 8 | rate << 5 | 3
            chip.write(bytes([1, config >> 8, config & 0xFF]))
            eager.configure(pin, rate, single, start)
        for _ in range(dice.randrange(3)):
            chip.write(b"\x01")
            assert bool(chip.read(2)[0] & 0x80) == (eager.running is None)
            chip.write(b"\x00")
            chip.read(2)
            if eager.result is not None:
                pin, end_ns = eager.result
                moved += inputs[pin].intervals[-1][1] == end_ns
                assert inputs[pin].intervals[-1][1] == end_ns
                assert end_ns == max(i.intervals[-1][1] for i in inputs if i.intervals)
    assert moved > 200
