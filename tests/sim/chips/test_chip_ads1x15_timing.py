"""When the ADC converts what: rates, averages, stale and repeated samples, conversion-ready.

The expected rates were traced with the real driver (per second, for three software costs per transfer).
"""

from itertools import pairwise

import pytest
from adafruit_ads1x15 import ADS1015, ADS1115, AnalogIn
from adafruit_ads1x15.ads1x15 import Mode, Pin

from rig.sim.physics.analog import Constant
from rig.sim.physics.timeline import NS_PER_S

DRIVERS = {"ADS1115": ADS1115, "ADS1015": ADS1015}
TOP_RATE = {"ADS1115": 860, "ADS1015": 3300}
WAKE_NS = 25_000
P860_NS = round(NS_PER_S / 860)
CONTINUOUS_A0_860 = 0x42E3  # AIN0, +-4.096 V
CONTINUOUS_A1_860 = 0x52E3
SINGLE_A0_860 = 0xC3E3


def idle(desk):
    desk.timeline.elapse(200_000_000)


def put(desk, pointer, value):
    desk.wires.write(0x48, bytes([pointer, value >> 8, value & 0xFF]))


def rate_of(desk, read, count=200):
    read()
    return count * NS_PER_S / desk.took_ns(lambda: [read() for _ in range(count)])


@pytest.mark.parametrize(
    ("kind", "overhead_us", "single", "polls", "alternating"),
    [
        ("ADS1115", 0, 707, 13_793, 394),
        ("ADS1115", 100, 576, 5_797, 365),
        ("ADS1115", 250, 456, 3_101, 329),
        ("ADS1015", 0, 1739, 13_793, 1218),
        ("ADS1015", 100, 1170, 5_797, 979),
        ("ADS1015", 250, 922, 3_101, 757),
    ],
)
def test_the_driver_reaches_the_traced_rates(make_desk, kind, overhead_us, single, polls, alternating):
    desk = make_desk(overhead_ns=overhead_us * 1000)
    desk.adc(kind=kind)
    ads = DRIVERS[kind](desk.i2c, data_rate=TOP_RATE[kind])
    idle(desk)
    first, second = AnalogIn(ads, Pin.A0), AnalogIn(ads, Pin.A1)
    assert rate_of(desk, lambda: first.value) == pytest.approx(single, abs=1)
    ads.mode = Mode.CONTINUOUS
    ads._last_pin_read = None
    assert rate_of(desk, lambda: first.value) == pytest.approx(polls, abs=1)
    turns = iter([first, second] * 200)
    assert rate_of(desk, lambda: next(turns).value) == pytest.approx(alternating, abs=1)


@pytest.mark.parametrize("oscillator_error", [-0.1, 0.0, 0.1])
@pytest.mark.parametrize(
    ("kind", "rate_hz", "rate_bits"),
    [("ADS1115", rate_hz, bits) for rate_hz, bits in ADS1115.rate_config.fget(None).items()]
    + [("ADS1015", rate_hz, bits) for rate_hz, bits in ADS1015.rate_config.fget(None).items()],
)
def test_a_single_conversion_takes_the_wake_up_and_one_period(desk, kind, rate_hz, rate_bits, oscillator_error):
    """Found by polling OS at a nanosecond's distance before and after."""
    chip = desk.adc(kind=kind, oscillator_error=oscillator_error)
    put(desk, 1, SINGLE_A0_860 & ~0xE0 | rate_bits)
    period_ns = NS_PER_S / (rate_hz * (1 + oscillator_error))
    desk.timeline.elapse(round(WAKE_NS + period_ns) - 1)
    assert not chip.read(2)[0] & 0x80
    desk.timeline.elapse(2)
    assert chip.read(2)[0] & 0x80


@pytest.mark.parametrize("oscillator_error", [-0.1, 0.1])
def test_at_860_per_second_the_oscillator_decides(desk, ramp, oscillator_error):
    """New values per second of virtual time, polled much faster."""
    rate_hz = 860 * (1 + oscillator_error)
    desk.adc([ramp(desk.timeline, 1.0, memory_ns=2 * P860_NS * 10 // 9)] * 4, oscillator_error=oscillator_error)
    ads = ADS1115(desk.i2c, gain=1, data_rate=860, mode=Mode.CONTINUOUS)
    pin = AnalogIn(ads, Pin.A0)
    values = [pin.value for _ in range(13_793)]
    assert len(set(values)) == pytest.approx(rate_hz, abs=2)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.9, 1.0])
def test_a_step_during_a_conversion_gives_the_value_between(desk, step, share):
    light = step(1.0, 2.0)
    desk.adc([light] * 4)
    put(desk, 1, CONTINUOUS_A0_860)
    start_ns = desk.timeline.now_ns + WAKE_NS + 5 * P860_NS  # the sixth conversion
    light.at_ns = round(start_ns + share * P860_NS)
    desk.wires.write(0x48, b"\x00")
    seen_v = []
    for conversion in (5, 6, 7):
        desk.timeline.advance_to(start_ns + (conversion - 5) * P860_NS)
        seen_v.append(int.from_bytes(desk.wires.read(0x48, 2), "big") / 8000)
    assert seen_v == pytest.approx([1.0, 2.0 - share, 2.0], abs=1 / 8000)


def test_a_result_appears_when_its_conversion_ends_and_not_before(desk, step):
    light = step(1.0, 2.0)
    chip = desk.adc([light] * 4)
    put(desk, 1, CONTINUOUS_A0_860)
    end_ns = desk.timeline.now_ns + WAKE_NS + P860_NS
    light.at_ns = end_ns
    desk.wires.write(0x48, b"\x00")
    desk.timeline.advance_to(end_ns - 1)
    assert chip.read(2) == b"\x00\x00"
    desk.timeline.advance_to(end_ns)
    assert chip.read(2) == (8000).to_bytes(2, "big")
    desk.timeline.advance_to(end_ns + P860_NS - 1)
    assert chip.read(2) == (8000).to_bytes(2, "big")
    desk.timeline.advance_to(end_ns + P860_NS)
    assert chip.read(2) == (16000).to_bytes(2, "big")


def test_a_running_conversion_ends_with_the_old_settings(desk, step):
    low, high = step(1.0, 1.5), Constant(3.0)
    chip = desk.adc([low, high, high, high])
    put(desk, 1, CONTINUOUS_A0_860)
    switch_ns = desk.timeline.now_ns + WAKE_NS + 4 * P860_NS
    low.at_ns = switch_ns - P860_NS  # the conversion on the way when the mux is changed sees the new voltage only
    desk.timeline.advance_to(switch_ns - 200_000)
    put(desk, 1, CONTINUOUS_A1_860)
    desk.wires.write(0x48, b"\x00")
    volts = []
    for t_ns in (switch_ns - 1, switch_ns, switch_ns + P860_NS - 1, switch_ns + P860_NS):
        desk.timeline.advance_to(t_ns)
        volts.append(int.from_bytes(chip.read(2), "big") / 8000)
    assert volts == [1.0, 1.5, 1.5, 3.0]


def test_the_last_of_several_settings_written_during_one_conversion_wins(desk):
    chip = desk.adc([Constant(0.5), Constant(1.0), Constant(1.5), Constant(2.0)])
    put(desk, 1, CONTINUOUS_A0_860)
    switch_ns = desk.timeline.now_ns + WAKE_NS + P860_NS
    put(desk, 1, CONTINUOUS_A1_860)
    put(desk, 1, 0x62E3)  # AIN2
    desk.wires.write(0x48, b"\x00")
    desk.timeline.advance_to(switch_ns)
    assert chip.read(2) == (4000).to_bytes(2, "big")
    desk.timeline.advance_to(switch_ns + P860_NS)
    assert chip.read(2) == (12000).to_bytes(2, "big")


def test_going_to_single_mode_lets_the_running_conversion_end_and_then_sleeps(desk, step):
    light = step(1.0, 2.0)
    chip = desk.adc([light] * 4)
    put(desk, 1, CONTINUOUS_A0_860)
    end_ns = desk.timeline.now_ns + WAKE_NS + 2 * P860_NS
    light.at_ns = end_ns - P860_NS
    desk.timeline.advance_to(end_ns - 300_000)
    put(desk, 1, SINGLE_A0_860)  # OS has no effect now
    assert not chip.read(2)[0] & 0x80
    desk.timeline.advance_to(end_ns)
    assert chip.read(2)[0] & 0x80
    light.before_v = light.after_v = 3.0
    idle(desk)
    desk.wires.write(0x48, b"\x00")
    assert chip.read(2) == (16000).to_bytes(2, "big")


def test_a_single_shot_read_right_after_the_constructor_is_the_constructors_conversion(desk):
    """The constructor starts a conversion of AIN0-AIN1, and a start during a conversion has no effect."""
    desk.adc([Constant(1.0), Constant(0.25), Constant(0.0), Constant(0.0)])
    pin = AnalogIn(ADS1115(desk.i2c, gain=1, data_rate=860), Pin.A0)
    assert [pin.value, pin.value] == [6000, 8000]


@pytest.mark.parametrize(
    ("oscillator_error", "overhead_us", "traced_share"),
    [(-0.1, 0, 0.102), (-0.1, 100, 0.024), (-0.1, 250, 0.0), (0.0, 0, 0.0)],
)
def test_a_slow_oscillator_leaves_stale_samples_after_a_mux_change(
    make_desk, oscillator_error, overhead_us, traced_share
):
    """The driver waits two nominal periods and reads (120 us); at -10 % the chip may need 2.22 nominal periods."""
    desk = make_desk(overhead_ns=overhead_us * 1000)
    desk.adc([Constant(1.0), Constant(2.0), Constant(0.0), Constant(0.0)], oscillator_error=oscillator_error)
    ads = ADS1115(desk.i2c, gain=1, data_rate=860, mode=Mode.CONTINUOUS)
    pins = [AnalogIn(ads, Pin.A0), AnalogIn(ads, Pin.A1)]
    _ = pins[1].value
    reads = 3000
    stale = sum(pins[n % 2].value != (8000, 16000)[n % 2] for n in range(reads))
    period_us = 1e6 / (860 * (1 + oscillator_error))
    waited_us = 2e6 / 860 + 120 + overhead_us
    assert stale / reads == pytest.approx(max(0.0, 2 - waited_us / period_us), abs=0.002)
    assert stale / reads == pytest.approx(traced_share, abs=0.008)


@pytest.mark.parametrize(("oscillator_error", "repeated", "missed"), [(-0.1, 860, 0), (0.1, 0, 859)])
def test_polled_at_the_nominal_rate_samples_repeat_or_go_missing(desk, ramp, oscillator_error, repeated, missed):
    """Ten seconds at 860 polls per second, as long as the fast read takes 72.5 us."""
    light = ramp(desk.timeline, 0.3, memory_ns=2 * P860_NS * 10 // 9)
    desk.adc([light] * 4, oscillator_error=oscillator_error)
    ads = ADS1115(desk.i2c, gain=1, data_rate=860, mode=Mode.CONTINUOUS)
    pin = AnalogIn(ads, Pin.A0)
    values = [pin.value]
    start_ns = desk.timeline.now_ns + 1_000_000
    for n in range(8600):
        desk.timeline.advance_to(start_ns + n * NS_PER_S // 860)
        values.append(pin.value)
    values = values[1:]
    assert sum(a == b for a, b in pairwise(values)) == pytest.approx(repeated, abs=2)
    made = 10 * 860 * (1 + oscillator_error)
    assert made - len(set(values)) == pytest.approx(missed, abs=3)


def test_conversion_ready_pulses_once_per_conversion(desk):
    chip = desk.adc()
    ready_ns = []
    chip.listen(lambda: ready_ns.append(desk.timeline.now_ns))
    ADS1115(
        desk.i2c,
        data_rate=860,
        mode=Mode.CONTINUOUS,
        comparator_queue_length=1,
        comparator_low_threshold=0,
        comparator_high_threshold=-32768,
    )
    first_ns = desk.timeline.now_ns + WAKE_NS + P860_NS
    desk.timeline.advance_to(first_ns + 9 * P860_NS)
    assert ready_ns == [first_ns + n * P860_NS for n in range(10)]


@pytest.mark.parametrize(
    ("config", "low", "high"), [(0x42E3, 0, 0x8000), (0x42E0, 0x8000, 0x8000), (0x42E0, 0, 0x7FFF)]
)
def test_conversion_ready_needs_its_registers(desk, config, low, high):
    chip = desk.adc()
    ready = []
    chip.listen(lambda: ready.append(1))
    put(desk, 2, low)
    put(desk, 3, high)
    put(desk, 1, config)
    idle(desk)
    assert ready == []
    put(desk, 2, 0)
    put(desk, 3, 0x8000)
    put(desk, 1, 0x42E0)
    desk.timeline.elapse(10 * P860_NS)
    assert len(ready) in (9, 10)
    chip.listen(None)
    desk.timeline.elapse(10 * P860_NS)
    assert len(ready) in (9, 10)


def test_conversion_ready_also_ends_a_single_shot(desk):
    chip = desk.adc()
    ready_ns = []
    chip.listen(lambda: ready_ns.append(desk.timeline.now_ns))
    put(desk, 2, 0)
    put(desk, 3, 0x8000)
    put(desk, 1, 0xC3E0)
    expected_ns = desk.timeline.now_ns + WAKE_NS + P860_NS
    idle(desk)
    assert ready_ns == [expected_ns]
