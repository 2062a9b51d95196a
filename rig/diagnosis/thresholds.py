"""Every threshold of the diagnosis: a number with its unit, where it comes from, and how certain it is.

A `Fact` is a float in arithmetic. Facts about one device (its supply, its times) that a profile may change stand in
`rig.diagnosis.device_facts`. Scores (unit `score`, 0..1) say how far evidence of one kind supports a hypothesis; they
are hand-set, tuned on random worlds (docs/scenarios.md), and all assumed.
"""

from __future__ import annotations

from enum import StrEnum

from rig.led.hmm.problems import SAMPLES_PER_PULSE


class Grounds(StrEnum):
    """How certain a number is."""

    DOCUMENTED = "documented"
    """A page of the maker says so."""
    OBSERVED = "observed"
    """Users of the maker's forum saw it."""
    ASSUMED = "assumed"
    """Nobody says so; it was chosen, and tried on simulated devices."""


class Fact(float):
    """A number with its unit (`1` for counts and shares), its source in words and its certainty."""

    unit: str
    source: str
    grounds: Grounds

    def __new__(cls, value: float, unit: str, source: str, grounds: Grounds) -> Fact:
        """A fact is made of its value, unit, source and grounds."""
        fact = super().__new__(cls, value)
        fact.unit, fact.source, fact.grounds = unit, source, grounds
        return fact

    def __reduce__(self) -> tuple[type[float], tuple[float]]:
        """A copy that is sent to another process is a plain number."""
        return float, (float(self),)


def documented(value: float, unit: str, source: str) -> Fact:
    """A number that a page of the maker gives."""
    return Fact(value, unit, source, Grounds.DOCUMENTED)


def from_forum(value: float, unit: str, source: str) -> Fact:
    """A number that users of the maker's forum saw."""
    return Fact(value, unit, source, Grounds.OBSERVED)


def assumed(value: float, unit: str, source: str) -> Fact:
    """A number that was chosen; `source` says why."""
    return Fact(value, unit, source, Grounds.ASSUMED)


def score(value: float, meaning: str) -> Fact:
    """How far evidence supports a hypothesis (0..1)."""
    return Fact(value, "score", meaning, Grounds.ASSUMED)


# The engine
NEAR_TIE = assumed(0.02, "score", "scores are set by hand, so that a smaller lead says nothing")
HALF = assumed(0.5, "1", "the greater part")
LOOP = assumed(3, "1", "one event may be a glitch, and two a coincidence")

# The scene: spans of decoded light
MERGE_GAP_S = assumed(1.0, "s", "spans of one code this near to each other are one span")
LIGHT_GAP_S = documented(
    0.25, "s", "LED guide: the shortest flash of a pattern; a longer gap in the light can hide one"
)
BESIDE_SENDING_S = assumed(1.0, "s", "a pattern lies outside the rig's own flashing for this long to count")
LIGHT_BEFORE_POWER_S = assumed(0.2, "s", "light recorded for this long before power-on shows what dark is")
ANSWER_SHARE = assumed(0.7, "1", "share of an undecided span that a single flash takes up to be what it shows")
ANSWER_CONFIDENCE = score(0.85, "a flash read as an answer by its place after a BlinkUp")
HASTY_ONLINE_S = assumed(1.5, "s", "shorter than a cycle and a half of the pattern for being online")
MOSTLY_DARK = assumed(0.9, "1", "share of a stretch that was seen dark, for it to be dark")
DARK_SHARE = assumed(0.95, "1", "share of a stretch that was seen dark, for a LED that never lit in it")
WENT_DARK_S = assumed(2.0, "s", "darkness at the end, for a LED that was switched off")

# Colours: single flashes
SAME_RUN_S = assumed(0.05, "s", "runs of one colour nearer than this are one run")
PATTERN_FLASH_S = assumed(0.1, "s", "shorter light is an edge on its way past the levels, and no flash of a pattern")
START_FLASH_S = assumed(0.015, "s", "the shortest red of a start that samples of light can show")
GREEN_ANSWER_LEAST_S = documented(1.5, "s", "guide: green for about 3 s answers a BlinkUp; half of it may be blanked")
GREEN_ANSWER_MOST_S = documented(4.0, "s", "guide: green for about 3 s answers a BlinkUp")
RED_ANSWER_LEAST_S = from_forum(0.4, "s", "forum 6888: a red answer; assumed to last 0.5 to 2 s")
RED_ANSWER_MOST_S = from_forum(2.1, "s", "forum 6888: a red answer; assumed to last 0.5 to 2 s")
ANSWER_WITHIN_S = assumed(3.0, "s", "an answer begins within this time after a BlinkUp")
ANSWER_EARLY_S = assumed(0.5, "s", "an answer may begin this long before the last symbol is over")
OLD_GREEN_LEAST_S = from_forum(0.1, "s", "forum 249, 876: old impOS answers with one short green")
OLD_GREEN_MOST_S = from_forum(1.0, "s", "forum 249, 876: old impOS answers with one short green")
OLD_GREEN_WITHIN_S = assumed(1.5, "s", "the short green of old impOS begins within this time after a BlinkUp")
OLD_GREEN_PAUSE_S = assumed(0.7, "s", "darkness before the short green of old impOS: longer than that of any pattern")
SOLID_GREEN_S = documented(1.0, "s", "LED guide: no pattern but that of an update is green for this long")
COLOUR_SHARE = assumed(0.2, "1", "share of a span's light, for a colour to be one of its colours")
COLOUR_STEP = assumed(0.3, "amber", "a rise of light that may be a die: red, the weakest, has about 0.4 of amber")
LIGHT_EDGE_S = assumed(0.05, "s", "how well the time of an edge of light is known")
SOON_S = assumed(0.3, "s", "an event this soon after another one goes with it")

# The response to a BlinkUp
PAUSED_SHARE = assumed(0.8, "1", "share of a sending for which a LED that pauses is dark")
USUAL_DARK_S = documented(0.6, "s", "LED guide: no cyclic pattern but one is dark for longer than half a second on end")
PAUSE_S = assumed(0.75, "s", "darkness during a sending that is longer than that of a pattern")
BEFORE_SENDING_S = assumed(2.0, "s", "a LED that was dark for this long before a sending can't pause for it")
GLIMPSE_GREEN_S = assumed(0.04, "s", "what is to be seen at least of a green answer that blanked light cuts off")
GLIMPSE_RED_S = assumed(0.15, "s", "what is to be seen at least of a red answer that blanked light cuts off")
GLIMPSED_GREEN = score(0.65, "a green answer of which little was seen")
GLIMPSED_RED = score(0.72, "a red answer of which little was seen")
NEAR_BLANKED_S = assumed(0.1, "s", "a flash that ends this near to blanked light is cut off by it")
NOTICED_S = assumed(0.3, "s", "a pattern that runs ends this late after a sending began")
UNREAD_ANSWER_S = assumed(1.5, "s", "light after a BlinkUp that could not be read for longer may hide an answer")
AT_ONCE_S = assumed(0.3, "s", "a pattern this soon after a BlinkUp leaves no room for an answer")
WHOLE_GREEN_ANSWER_S = assumed(2.4, "s", "a green answer lasts 3 s, a red one 0.5 to 2 s (forum 6888): not exchanged")
LONGEST_DARK_S = documented(2.8, "s", "LED guide: no pattern is dark for longer; imp004m's blank flash is for 2.5 s")

# The phase of a LED that blinks
RHYTHM_FLASHES = assumed(3, "1", "flashes on either side of a BlinkUp that give a phase")
RHYTHM_ALIKE = assumed(0.04, "period", "how far flashes of one rhythm may lie apart")
RHYTHM_APART = assumed(0.08, "period", "farther is another rhythm; missed by chance in one case of six")
CUT_FLASH_S = assumed(0.05, "s", "a flash this near to the end of what was seen is cut short")

# The radio, by current
CURRENT_SAMPLES = assumed(10, "1", "fewer samples can't tell a level of current")
RADIO_MOSTLY = assumed(0.6, "1", "share of the time at a radio's current, for a radio that runs")
RADIO_HARDLY = assumed(0.05, "1", "share of the time at a radio's current, for a radio that does not run")
RADIO_TRIED_S = assumed(0.2, "s", "a radio that starts at all is busy for longer")
RADIO_BURST_A = assumed(0.1, "A", "a burst rises this far above the usual current (forum 2159: to 250 mA)")
RADIO_BURSTS = assumed(3, "1", "fewer bursts may be the product's own")
RADIO_BURSTS_HZ = assumed(0.5, "Hz", "a radio that tries to connect makes bursts this often or more")
RADIO_LOOK_S = assumed(15.0, "s", "for how long after a BlinkUp the radio is looked at")
ATTEMPT_S = from_forum(0.8, "s", "forum 3626: a healthy connection takes 1.1 s and more")
REGULATOR_DROP_V = assumed(0.3, "V", "what a product's own regulator drops before the radio")
SETTLING_S = assumed(0.5, "s", "after power-on the current is that of charging capacitors and of the start")

# Drop-outs of the current
DROPOUTS = assumed(3, "1", "one may be a sample gone wrong, two an update's restarts")
DROPOUTS_ALONE = assumed(5, "1", "drop-outs that show restarts without another witness")
DROPOUTS_MANY = assumed(15, "1", "drop-outs that leave no other reading")
DROPOUT_LONGEST_S = assumed(0.1, "s", "a longer one is a deep sleep")
RUNS_FACTOR = assumed(10, "1", "a device that runs draws this many times the current of a dead one")

# Restarts and starts, by light
SHORTEST_STAGE_S = documented(0.6, "s", "LED guide: half a second of dark and a flash; less shows no step")
STEADY_COLOUR_S = assumed(0.3, "s", "green or amber for this long is no start, which shows red first")
NEARLY_ALL = assumed(0.95, "1", "share of flashes that are starts, for a pattern that is made of starts")
REGULAR_CONFIDENCE = assumed(0.9, "1", "confidence of a pattern that speaks against restarts, or for another cause")
REGULAR_S = documented(5.0, "s", "LED guide: two cycles of the slowest pattern")
STARTS = assumed(5, "1", "fewer starts at one distance may be chance")
START_ALIKE_S = assumed(0.025, "s", "how far the reds of two starts may differ in length")
START_NEARLY_S = assumed(0.06, "s", "how much of a start's red may be hidden by what was lit when it began")
START_ENDS_SHARE = assumed(0.6, "1", "share of the reds that end at one distance; of many reds some do by chance")
START_JITTER = assumed(0.03, "1", "share of the distance by which starts may miss it")
START_DISTANCE_LEAST_S = assumed(0.3, "s", "starts nearer than this are the flashes of a pattern")
START_DISTANCE_MOST_S = assumed(20.0, "s", "starts farther apart are rare within one recording")
START_COVER = assumed(0.8, "1", "share of the time from the first start on that the starts cover")
START_GAP_PERIODS = assumed(1.5, "period", "a longer gap is one with a start missing in it")
START_GREEN_S = assumed(1.0, "s", "a start is shorter; codes of imp003 begin with a longer green")
SHORT_START_S = assumed(0.08, "s", "noise may turn the colour of so short a flash")
BEFORE_CONNECTION_S = from_forum(0.9, "s", "forum 3626: sooner than any connection (1.1 s)")
RED_STEPS_S = assumed(0.4, "s", "red within decided steps that shows that red works")
DECIDED_S = assumed(3.0, "s", "a pattern that lasts this long is no start")
CURRENT_EDGE_S = assumed(0.04, "s", "two samples of current")
RADIO_OFF_S = assumed(0.1, "s", "current below a radio's for this long is a radio that went off")
BLANKED_TAIL_S = assumed(0.3, "s", "blanked light reaches this far past a sending")
BOOTED_S = assumed(1.0, "s", "while a device starts, its current and its light change anyway")
AFTER_POWER_ON_S = assumed(1.0, "s", "red is due within this time after power-on")

# Losses of a connection at collapses of the supply
COLLAPSED_LOSSES = assumed(2, "1", "as many losses as an application that keeps failing shows at least")
COLLAPSED_SHARE = assumed(0.7, "1", "share of the losses and of the collapses that go together: few do by chance")
CONTACT_OPEN_SHARE = assumed(0.1, "1", "share of the usual current below which a contact is open")

# Red as of a supply that gives way
SOLID_SHARE = assumed(0.97, "1", "share of the time lit, for light without a break")
FEW_FLASHES = assumed(5, "1", "flashes of red that can be compared with notches of the supply")
MANY_FLASHES = assumed(15, "1", "more fast flashes of red than anything but restarts shows")
IN_STEP_SHARE = assumed(0.2, "1", "share by which flashes and notches may differ in number")

# Steady light
RED_STEP_LEAST = assumed(0.30, "amber", "red is the weaker die, about 0.4 of amber")
RED_STEP_MOST = assumed(0.50, "amber", "half of amber and more may be green or amber")
OTHER_STEP = assumed(0.1, "amber", "a change as large as this later on is no LED that stays")
WITH_START_S = assumed(1.0, "s", "a start lights its red within this time; room light seldom happens to")
STEADY_LEAST_S = assumed(5.0, "s", "light that stays for this long, to the end, is steady")
STEADY_CONFIDENCE = score(0.9, "steady red that came with the start")
STEADY_LATE_CONFIDENCE = score(0.8, "steady red that came within a second of the start")
DARK_STEP = assumed(0.25, "1", "share of the largest step of light since power-on: less is darkness")
BRIGHT_PERCENT = assumed(95.0, "%", "percentile that stands for the brightest light")

# Amber where it should be dark
NEVER_DARK_S = assumed(4.0, "s", "light without darkness, in turns of colours, that no code shows")
NEVER_DARK_SHORT_S = assumed(2.0, "s", "the same after a start in green, which is inverted red")
NEVER_DARK_RUNS = assumed(4, "1", "turns of colours within it")
AMBER_SHARE = assumed(0.25, "1", "share of amber in it")
OTHER_SHARE = assumed(0.10, "1", "share of red and green in it")
AMBER_REST = assumed(0.4, "1", "share of amber afterwards: most codes are dark for half of the time")
DARK_BLINK_S = assumed(0.06, "s", "a shorter dark is an edge on its way past the levels")
LIGHT_JOIN_S = assumed(0.1, "s", "a longer gap between two runs ends the light")
ANSWER_TAIL_S = documented(4.0, "s", "guide: the answer to a BlinkUp is over after this time")

# Codes of one meaning, slow codes
AGREED_LEAST_S = assumed(3.0, "s", "light between codes of one meaning that lasts this long is read")
AGREED_CONFIDENCE = assumed(0.65, "1", "confidence from which the likelier of codes of one meaning is taken")
NEXT_SPAN_S = assumed(0.5, "s", "a span this soon after another one continues it")
UNSUPPORTED_LEAST_S = documented(6.6, "s", "LED guide: a cycle of imp003_flash_unsupported, the shortest")
UNSUPPORTED_CYCLE_S = documented(6.0, "s", "LED guide: most of a cycle of imp003_flash_unsupported, 6.6 to 9.3 s")
SHARED_LIGHT = score(0.5, "factor: the code shares its light with another one, and nothing tells them apart")
TOLD_BY_WHAT_CAME_BEFORE = score(0.9, "factor: the code shares its light, and what came before tells")

# How long a pattern lasts
LASTING_S = documented(3.0, "s", "LED guide: two cycles of the slowest of the patterns that have no value of their own")
LASTING_AMBER_S = documented(2.0, "s", "LED guide: two cycles of no_settings")
LASTING_GREEN_S = documented(1.0, "s", "LED guide: one cycle of connected")
LASTING_SPI_S = documented(2.5, "s", "LED guide: a cycle of the codes of SPI flash")
LASTING_FASTROM_S = documented(4.1, "s", "LED guide: two cycles of fastrom")
LIT_AFTERWARDS_S = assumed(0.2, "s", "light after a step that was left behind")
WINDOW_SLACK_S = assumed(5.0, "s", "how well the end of the LED's window is known")
CODE_WAITS_S = documented(10.0, "s", "boot procedure page: code waits for a connection before it runs without one")
WINDOW_BY_CODE_IMPOS = documented(42, "1", "imp API, enableblinkup(false): it acts as soon as code runs")
FULL_CODES_IMPOS = documented(27, "1", "maker's blog: impOS 27 extended the LED codes")
DARK_PART_S = assumed(1.0, "s", "the LED may go off in the dark part of a cycle")
SHORT_LOSS_S = assumed(0.3, "s", "one red of the pattern, less what the sensor's edges take")
SHORT_LOSS_CONFIDENCE = score(0.9, "factor: a loss told by its red alone")

# Readings of the light at other levels
FORWARD_SIGMA_V = assumed(0.06, "V", "each die lies within 0.1 V of what is typical")
MOST_UNCERTAIN = assumed(0.5, "1", "relative uncertainty from which the decoder takes a calibration as none")
LEAST_INTERVAL_S = assumed(0.0001, "s", "no light sensor is sampled faster")
DARK_BEFORE_S = assumed(0.3, "s", "darkness before power-on that is decoded with what follows it")
LEAST_BRIGHTNESS = assumed(
    0.1, "1", "share of the nominal brightness: less is not told from noise, so nothing is scaled further"
)
FAINTEST_COLOUR = assumed(0.15, "1", "share of the nominal brightness: below, a colour can't be told from darkness")
LIT_LEAST_S = assumed(0.3, "s", "light for less says nothing of the voltage that it was made with")
ENOUGH_VOLTAGE = assumed(0.95, "1", "share of the nominal voltage from which the calibration holds")
STEADY_VOLTAGE = assumed(0.04, "1", "share of the nominal voltage, to either side, that one set of levels covers")
MOSTLY_LIT = assumed(0.7, "1", "share of the time with light")
NEAR_NOMINAL = assumed(0.015, "1", "share of the nominal voltage: nearer, the stored calibration is as good")
WEAK_UNCERTAINTY = assumed(0.15, "1", "uncertainty of levels that were scaled")
WEAK_LASTING_S = assumed(2.0, "s", "a code that lasts this long is what a weak LED ends in")
FAINTEST_RED = assumed(0.08, "1", "share of the calibrated red: less is lost in noise")
LAMP_BLOCK_S = documented(0.02, "s", "two periods of lamps at 100 Hz")
WEAK_WATCHED_S = assumed(5.0, "s", "less light does not show how strong a LED is")
NAMED_S = assumed(1.0, "s", "a code that is shown for less names no light")
WEAKER_LEVELS = assumed(0.75, "1", "share of the calibrated levels: nearer, the decoder adapts by itself")
CLEARLY_NAMED = assumed(0.8, "1", "share of the time that is named, for a reading to be reckoned with")
AMBIENT_TURNS = assumed(4, "1", "turns of ambient light, as which a weak LED is read")
POORLY_NAMED = assumed(0.6, "1", "share of the time that is named: above, a reading is left alone")
STRONGEST_PERCENT = assumed(98.0, "%", "percentile that stands for the strongest light")
DARK_PERCENT = assumed(5.0, "%", "percentile that stands for darkness")
FAINT_TURNS = assumed(4, "1", "turns back and forth that a faint LED makes")
FAINT_ALIKE = assumed(0.1, "amber", "by which turns back and forth may differ")
CROSSTALK_STEP = assumed(0.25, "amber", "more of the BlinkUp LED in the sensor hides what the device shows")
STEP_LEAST_S = assumed(0.1, "s", "light or darkness for less gives no level")
SENSOR_EDGE_S = assumed(0.03, "s", "what the sensor needs to follow, left out on both sides of a step")
STEPS = assumed(3, "1", "steps or samples from which a median is taken")
LAMP_SAMPLES = assumed(200, "1", "fewer samples don't show a flicker")
LAMP_INTERVAL_S = documented(0.004, "s", "samples farther apart don't show light that flickers at 120 Hz")
LAMP_50_HZ = documented(100.0, "Hz", "lamps on mains of 50 Hz flicker at twice that")
LAMP_60_HZ = documented(120.0, "Hz", "lamps on mains of 60 Hz flicker at twice that")
LAMP_LOOK_S = assumed(4.0, "s", "light at the end that is looked at for lamps")
LAMP_STEP = assumed(0.03, "amber", "flicker of lamps that is worth a word")
STEP_HIGH = assumed(1.35, "1", "of the calibrated step; calibration and gain are trusted for 10 %")
STEP_LOW = assumed(0.75, "1", "of the calibrated step; calibration and gain are trusted for 10 %")

# Trust in the decoding
SAMPLES_PER_FLASH = assumed(SAMPLES_PER_PULSE, "1", "samples that the decoder needs of the shortest flash")
BLOCKED = score(0.3, "factor: half of the deciding light can't be read")
PLACE_UNKNOWN = score(0.75, "factor: light can't be read, and nobody knows where")
LEAST_SPOILT = score(0.1, "a problem of the decoding takes this much at least")
SPOILT_ELSEWHERE = score(0.97, "factor: a problem elsewhere")
UNREAD_END = score(0.4, "factor: the light at the end could not be read")
UNREAD_END_S = assumed(3.0, "s", "light at the end that could not be read for longer may show something else")
LONG_UNREAD_S = assumed(10.0, "s", "clear light that fits no code for longer is that of a LED with other colours")
LOW_SUPPLY_BESIDE = score(0.9, "factor: a supply too low for Wi-Fi explains the failure as well")

# Scores: BlinkUp
ANSWERED_RED = score(0.95, "a red answer")
PAUSED_AND_WENT_ON = score(0.7, "a pause, then the pattern from before")
ANSWERED_GREEN = score(0.9, "a green answer")
AMBER_FITS = score(0.75, "after a clearing, light too short to be named that fits amber")
CONTRADICTS_ANSWER = score(0.93, "a pattern that contradicts the green answer")
ANSWER_HIDDEN = score(0.75, "an answer may hide in light that was not read")
ANSWER_MAY_COME = score(0.7, "the observation ended before an answer was due")
BUSY_WITH_UPDATE = score(0.9, "an update before and after")
WENT_ON_UNDISTURBED = score(0.92, "the pattern was seen to go on during the sending")
WENT_ON = score(0.75, "the pattern went on")
CHANGED_WITHOUT_ANSWER = score(0.6, "another pattern, and no answer before it")
SHOWN_AT_ONCE = score(0.75, "a pattern right after the sending, where an answer would have been seen")
SHOWN_LATER = score(0.62, "a pattern some time after the sending")

# Scores: no sign of life
NEVER_POWERED = score(0.97, "the voltage at the device was measured and is missing")
DARK_OPEN = score(0.9, "darkness that has another explanation")
DARK_WITH_POWER = score(0.75, "dark, with the voltage measured at the device")
DARK_AT_REGULATOR = score(0.6, "dark, with the voltage measured at the regulator only")
WITH_CURRENT = score(0.15, "added: the current was measured")
WITH_STEADY_CURRENT = score(0.1, "taken off: a steady current flows")
LIGHT_NOT_ANCHORED = score(0.35, "taken off: no light from before power-on")
ONLINE_AFTER_SETTINGS = score(0.8, "dark so soon after settings were taken")
ONLINE_BY_DARKNESS = score(0.62, "dark so soon after power-on")
LOW_PERCENT = assumed(10, "%", "percentile of the current that single pulses don't reach")
HIGH_PERCENT = assumed(90, "%", "percentile of the current that single pulses don't reach")

# Scores: supply
RESTARTS_PROVEN = score(0.98, "restarts at each sag, by light and voltage together")
COLLAPSES_IN_RED = score(0.97, "collapses of the supply, and red")
COLLAPSES = score(0.92, "collapses of the supply, whatever the light shows")
RED_WITH_NOTCHES = score(0.93, "red, and notches of the voltage")
RED_WITH_SAGS = score(0.88, "red, and a supply below what Wi-Fi needs")
RED_WITH_PULSES = score(0.75, "red, and pulses of current on a voltage that holds")
RED_WITH_PULSES_ONLY = score(0.85, "red, and pulses of current; nobody measured the voltage")
RED_ALONE = score(0.65, "red, and no voltage measured")
RED_WITHOUT_DIP = score(0.55, "red, and no dip in the voltage")
RED_ON_GOOD_SUPPLY = score(0.35, "solid red on a supply that was measured finely and is good")
FAST_RED = score(0.7, "many fast flashes of red, and no dip")
FAST_RED_STARVED = score(0.75, "flashes of red on a supply made short, and no dip")
RIDDEN_THROUGH = score(0.5, "factor: the light shows no restart at the sags")
LOW_ALL_ALONG = score(0.93, "a supply below what Wi-Fi needs")
LOW_BUT_READ = score(0.75, "a supply below what Wi-Fi needs, and a pattern that says more")
SAGS_RIDDEN_THROUGH = score(0.62, "sags below what Wi-Fi needs, and a device that runs on")
SAGS_UNCLEAR = score(0.45, "sags below what Wi-Fi needs, and nothing that shows whether the device restarts")
SHOWN_ELSE = score(0.45, "at most: the light shows what no lack of Wi-Fi explains")
BESIDE_THE_POINT = score(0.7, "at most: a low supply is true, and hardly what matters")
DROPPED_OUT = score(0.7, "drop-outs of the current")
DROPPED_OUT_OFTEN = score(0.85, "many drop-outs of the current")
STARTS_BREAK_OFF = score(0.7, "starts at one distance on a supply that holds")
SOLID_RED = score(0.8, "solid red on a good supply")
NEVER_DARK = score(0.92, "amber where it should be dark")

# Scores: connection
LASTED = score(0.9, "a pattern that lasted for its cycles")
LASTED_NOTHING = score(0.55, "a pattern that hardly lasted")
STEP_BEGUN = score(0.3, "a step that has just begun")
LIT_AFTERWARDS = score(0.7, "factor: light after the step that was left behind")
DARK_EARLY = score(0.75, "at most: online, and dark before the LED's window ended")
DOUBTFUL = score(0.6, "at most: what came before or after speaks against it")
STAYED_ONLINE = score(0.8, "at most: online for long, after losses")
STAYED_BRIEFLY = score(0.65, "at most: online, after losses")
GREEN_AND_RED = score(0.95, "green and red in turns")
LOST_FOR_GOOD = score(0.93, "online before, and not for long enough to be stuck")
LOST_JUST_NOW = score(0.7, "online before, and not any more for a moment")
COMES_AND_GOES = score(0.6, "at most: it comes and goes, which is a loop and no loss")
LOST_BEFORE_RECORDING = score(0.8, "the pattern of a lost connection, of a device that was on before")
RED_FROM_POWER_ON = score(0.55, "the pattern of a lost connection from power-on")
SENT_AWAY = score(0.95, "online, and then amber")
RADIO_RAN_BEFORE = score(0.85, "a radio that ran, and then amber")
ON_ITS_WAY_BEFORE = score(0.8, "settings taken, steps, and then amber")
