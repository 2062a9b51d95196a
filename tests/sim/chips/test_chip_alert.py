"""The ADC's ALERT/RDY pin: threshold comparator and conversion-ready, as a level and on a GPIO."""

import pytest
from adafruit_ads1x15 import ADS1015, ADS1115
from adafruit_ads1x15.ads1x15 import Comp_Latch, Comp_Mode, Comp_Polarity, Mode

from rig.sim.chips.alert import READY_PULSE_NS, open_drain
from rig.sim.physics.analog import Constant
from rig.sim.physics.gpio import OUTPUT, GpioBank
from rig.sim.physics.timeline import NS_PER_S

WAKE_NS = 25_000
P860_NS = round(NS_PER_S / 860)
RDY = {"comparator_queue_length": 1, "comparator_low_threshold": 0, "comparator_high_threshold": -32768}
LOW_V, HIGH_V = 1.0, 2.0
GAIN_1_CODES_PER_V = 8000


def put(desk, pointer, value):
    desk.wires.write(0x48, bytes([pointer, value >> 8, value & 0xFF]))


class Scope:
    """Levels of the pin with their times."""

    def __init__(self, desk, chip):
        self.desk, self.log = desk, []
        chip.wire_alert(lambda level: self.log.append((desk.timeline.now_ns, level)))

    @property
    def levels(self):
        return [level for _, level in self.log]


@pytest.fixture
def light():
    return Constant(0.5)


@pytest.fixture
def chip(desk, light):
    return desk.adc([light, Constant(0.0), Constant(0.0), Constant(0.0)])


@pytest.fixture
def scope(desk, chip):
    return Scope(desk, chip)


@pytest.fixture
def watch(desk, scope):
    """A driver with thresholds at 1 V and 2 V on AIN0-AIN1, converting; the log begins when the pin is settled."""

    def make(**settings):
        settings.setdefault("comparator_queue_length", 1)
        ads = ADS1115(
            desk.i2c,
            gain=1,
            data_rate=860,
            mode=Mode.CONTINUOUS,
            comparator_low_threshold=round(LOW_V * GAIN_1_CODES_PER_V),
            comparator_high_threshold=round(HIGH_V * GAIN_1_CODES_PER_V),
            **settings,
        )
        desk.timeline.elapse(3 * P860_NS)
        scope.log.clear()
        return ads

    return make


@pytest.fixture
def see(desk, light, scope):
    """Let the chip make two conversions at each voltage, the first of them mixed; returns the pin after each."""

    def look(*volts):
        levels = []
        for light.v in volts:
            desk.timeline.elapse(2 * P860_NS)
            levels.append(scope.log[-1][1] if scope.log else None)
        return levels

    return look


def test_the_pin_is_told_at_once_and_high_while_the_comparator_is_off(desk, chip, scope):
    assert scope.log == [(0, 1)]
    ADS1115(desk.i2c, mode=Mode.CONTINUOUS, comparator_high_threshold=-1)
    desk.timeline.elapse(20 * P860_NS)
    assert scope.levels == [1]


def test_traditional_asserts_above_the_high_threshold_and_holds_down_to_the_low_one(watch, see):
    watch()
    assert see(1.5, 2.1, 1.5, 1.01, 0.9, 1.5) == [None, 0, 0, 0, 1, 1]


def test_a_threshold_itself_is_not_beyond(watch, see):
    watch()
    assert see(HIGH_V, 2.001, LOW_V, 0.999) == [None, 0, 0, 1]


def test_a_window_asserts_on_both_sides_and_releases_inside(watch, see):
    watch(comparator_mode=Comp_Mode.WINDOW)
    assert see(1.5, 2.1, 1.5, 0.9, 1.01) == [1, 0, 1, 0, 1]


def test_active_high_turns_the_pin_over(watch, see):
    watch(comparator_polarity=Comp_Polarity.ACTIVE_HIGH)
    assert see(2.1, 1.5, 0.9) == [1, 1, 0]


def test_the_pin_moves_when_the_conversion_ends(desk, watch, light, scope):
    watch()
    light.v = 2.5
    desk.timeline.elapse(P860_NS)
    ((t_ns, level),) = scope.log
    assert level == 0
    desk.timeline.elapse(P860_NS)
    desk.wires.write(0x48, b"\x00")
    asked_ns = desk.timeline.now_ns
    assert (asked_ns - t_ns) // P860_NS >= 1
    assert len(scope.log) == 1, "it stays without being told again"


@pytest.mark.parametrize("queue", [1, 2, 4])
def test_so_many_conversions_in_a_row_must_be_beyond(desk, watch, light, scope, queue):
    watch(comparator_queue_length=queue)
    light.v = 2.5
    start_ns = desk.timeline.now_ns
    desk.timeline.elapse(6 * P860_NS)
    ((t_ns, level),) = scope.log
    assert level == 0
    assert (queue - 1) * P860_NS < t_ns - start_ns <= queue * P860_NS


def test_an_interrupted_row_counts_from_the_beginning(desk, watch, light, scope):
    watch(comparator_queue_length=4)
    for light.v in (2.5, 1.5, 2.5, 1.5):
        desk.timeline.elapse(3 * P860_NS if light.v > 2 else P860_NS)
    assert scope.log == []
    light.v = 2.5
    desk.timeline.elapse(4 * P860_NS)
    assert scope.levels == [0]


def test_a_latch_holds_until_the_conversion_is_read_and_then_asserts_again(desk, watch, see, scope):
    ads = watch(comparator_latch=Comp_Latch.LATCHING)
    assert see(2.5, 0.5) == [0, 0]
    ads._read_register(1)
    assert scope.levels == [0], "reading the configuration clears nothing"
    ads.get_last_result()
    assert scope.levels == [0, 1]
    assert see(0.5, 2.5) == [1, 0]
    ads.get_last_result()
    assert scope.levels[-1] == 1
    desk.timeline.elapse(P860_NS)
    assert scope.levels[-1] == 0, "still beyond"


def test_reading_does_not_release_what_is_not_latched(watch, see, scope):
    ads = watch()
    assert see(2.5) == [0]
    ads.get_last_result()
    assert scope.levels == [0]


def test_turning_the_comparator_off_releases_the_pin(watch, see, scope):
    ads = watch(comparator_latch=Comp_Latch.LATCHING)
    assert see(2.5) == [0]
    ads.comparator_queue_length = 0
    assert scope.levels == [0, 1]
    assert see(2.5) == [1]


def test_losing_power_releases_the_pin(chip, watch, see, scope):
    watch()
    assert see(2.5) == [0]
    chip.power_cycle()
    assert scope.levels == [0, 1]
    assert see(2.5) == [1]


def test_negative_thresholds_have_a_sign(desk, scope, chip, see):
    chip.shift_input(1, 1.5)
    ADS1115(
        desk.i2c,
        data_rate=860,
        mode=Mode.CONTINUOUS,
        comparator_queue_length=1,
        comparator_low_threshold=-9000,
        comparator_high_threshold=-4000,
    )
    desk.timeline.elapse(3 * P860_NS)
    scope.log.clear()
    assert see(0.5, 1.2, 0.5, 0.3) == [None, 0, 0, 1]


def test_the_twelve_bit_chip_compares_its_left_aligned_code(desk, light):
    chip = desk.adc([light, Constant(0.0), Constant(0.0), Constant(0.0)], "ADS1015")
    scope = Scope(desk, chip)
    ADS1015(
        desk.i2c,
        data_rate=3300,
        mode=Mode.CONTINUOUS,
        comparator_queue_length=1,
        comparator_low_threshold=4000,
        comparator_high_threshold=8000,
    )
    desk.timeline.elapse(2_000_000)
    light.v = 1.0  # 500 << 4 is 8000
    desk.timeline.elapse(2_000_000)
    assert scope.levels == [1]
    light.v = 1.002
    desk.timeline.elapse(2_000_000)
    assert scope.levels == [1, 0]


@pytest.mark.parametrize(("polarity", "asserted"), [(Comp_Polarity.ACTIVE_LOW, 0), (Comp_Polarity.ACTIVE_HIGH, 1)])
def test_in_continuous_mode_ready_is_a_short_pulse_at_the_end_of_each_conversion(desk, scope, polarity, asserted):
    ADS1115(desk.i2c, data_rate=860, mode=Mode.CONTINUOUS, comparator_polarity=polarity, **RDY)
    first_ns = desk.timeline.now_ns + WAKE_NS + P860_NS
    scope.log.clear()
    desk.timeline.advance_to(first_ns + 9 * P860_NS + READY_PULSE_NS)
    expected = [
        (first_ns + n * P860_NS + width_ns, level)
        for n in range(10)
        for width_ns, level in ((0, asserted), (READY_PULSE_NS, 1 - asserted))
    ]
    assert scope.log == expected


def test_ready_ignores_latch_mode_and_queue(desk, scope):
    settings = RDY | {"comparator_queue_length": 4}
    ADS1115(
        desk.i2c,
        data_rate=860,
        mode=Mode.CONTINUOUS,
        comparator_latch=Comp_Latch.LATCHING,
        comparator_mode=Comp_Mode.WINDOW,
        **settings,
    )
    scope.log.clear()
    desk.timeline.elapse(WAKE_NS + 2 * P860_NS + READY_PULSE_NS)
    assert scope.levels == [0, 1, 0, 1]


def test_in_single_shot_mode_ready_is_the_os_bit(desk, chip, scope):
    put(desk, 2, 0x0000)
    put(desk, 3, 0x8000)
    put(desk, 1, 0x43E0)
    assert scope.levels == [1, 0], "asleep is ready"
    put(desk, 1, 0xC3E0)
    started_ns = desk.timeline.now_ns
    assert scope.levels == [1, 0, 1]
    desk.timeline.elapse(20 * P860_NS)
    assert scope.log[-1] == (started_ns + WAKE_NS + P860_NS, 0)
    assert chip.read(2)[0] & 0x80


def test_leaving_continuous_mode_within_a_pulse_does_not_cut_it_into_the_next_state(desk, chip, scope):
    ADS1115(desk.i2c, data_rate=860, mode=Mode.CONTINUOUS, **RDY)
    desk.timeline.elapse(WAKE_NS + P860_NS + READY_PULSE_NS // 2)
    scope.log.clear()
    chip.write(b"\x01\x43\xe0")  # single-shot: the conversion on the way ends, then the chip sleeps
    desk.timeline.elapse(20 * P860_NS)
    assert scope.levels == [1, 0]


def test_a_wire_that_is_cut_hears_nothing_and_costs_nothing(desk, chip, scope, ramp):
    ADS1115(desk.i2c, data_rate=860, mode=Mode.CONTINUOUS, **RDY)
    desk.timeline.elapse(3 * P860_NS)
    chip.wire_alert(None)
    scope.log.clear()
    light = ramp(desk.timeline, 0.1, memory_ns=2 * P860_NS)
    chip._inputs = (light,) * 4
    desk.timeline.elapse(NS_PER_S)
    assert scope.log == []
    assert light.intervals == []


def test_an_unwatched_comparator_costs_nothing_either(desk, ramp):
    light = ramp(desk.timeline, 0.1, memory_ns=2 * P860_NS)
    chip = desk.adc([light] * 4)
    chip.wire_alert(lambda level: None)
    put(desk, 1, 0x42E3)
    desk.timeline.elapse(NS_PER_S)
    assert light.intervals == []


def test_on_a_gpio_the_pin_pulls_down_and_is_pulled_up(desk, chip):
    gpio = GpioBank(desk.timeline)
    edges = []
    gpio.on_change(24, lambda level: edges.append((desk.timeline.now_ns, level)))
    chip.wire_alert(open_drain(gpio, 24))
    assert gpio.level(24) == 1
    assert edges[-1][1] == 1, "the header's own pull is down here"
    edges.clear()
    ADS1115(desk.i2c, data_rate=860, mode=Mode.CONTINUOUS, **RDY)
    first_ns = desk.timeline.now_ns + WAKE_NS + P860_NS
    edges.clear()
    desk.timeline.advance_to(first_ns + P860_NS + READY_PULSE_NS)
    assert edges == [
        (first_ns + n * P860_NS + width_ns, level)
        for n in range(2)
        for width_ns, level in ((0, 0), (READY_PULSE_NS, 1))
    ]
    assert not gpio.fighting(24)


def test_the_output_is_open_drain_so_that_others_may_pull_the_line_down(desk, chip):
    gpio = GpioBank(desk.timeline)
    chip.wire_alert(open_drain(gpio, 24))
    gpio.set_mode(24, OUTPUT)
    assert gpio.level(24) == 0
    assert not gpio.fighting(24)
