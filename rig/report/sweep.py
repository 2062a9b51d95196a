"""BlinkUp sweeps: send one configuration many times while one thing varies, and count how often it is accepted.

Each attempt is a power-up of its own, because the device listens for 60 s after that, whatever it has stored
(BlinkUp troubleshooting guide). A BlinkUp is accepted if the device's LED says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

from rig.bench.bench import Bench
from rig.bench.dut import DeviceUnderTest
from rig.blinkup import Bright, Config, LineCode, rate_named
from rig.blinkup.frame import FrameOptions
from rig.errors import CapabilityMissing, ConfigError
from rig.led import Span
from rig.report.wilson import wilson

SweepAxis = Literal["rate", "brightness", "duty", "distance"]
Answer = Literal["accepted", "refused", "no answer"]

UNITS: Final[dict[SweepAxis, str]] = {
    "rate": "Hz",
    "brightness": "legs lit for bright",
    "duty": "% of a symbol that light lasts longer",
    "distance": "times the distance as built",
}
ACCEPTED = ("blinkup_ok", "legacy_blinkup_ok")
REFUSED = ("reception_error", "legacy_blinkup_fail")
ARMED_S: Final = 1.5  # from power-up until the device listens
ANSWER_S: Final = 6.0  # solid green lasts 3 s (LED table of the setup guide); a verdict needs the light that follows
LATE_S: Final = 0.2  # a receipt is written a little after the last symbol
MAX_ATTEMPTS: Final = 1000

Place = Callable[[float], None]
"""Brings the LED to the given multiple of the distance as built, and returns when it is there."""


@dataclass(frozen=True)
class Plan:
    """What to vary, over which values, with how many attempts each; `rate_hz` and `code` hold where they don't vary.

    Raises:
        ConfigError, InvalidRate: an axis, a value or a number of attempts that can't be.
    """

    axis: SweepAxis
    values: tuple[str, ...]
    attempts: int = 10
    rate_hz: float = 60.0
    code: LineCode = "bilevel"

    def __post_init__(self) -> None:
        if self.axis not in get_args(SweepAxis):
            raise ConfigError(f"sweep: axis is {self.axis!r}; expected {', '.join(get_args(SweepAxis))}")
        if not self.values:
            raise ConfigError(f"sweep of {self.axis}: no values; give at least one")
        if not 1 <= self.attempts <= MAX_ATTEMPTS:
            raise ConfigError(f"sweep: {self.attempts} attempts a point; expected 1 to {MAX_ATTEMPTS}")
        for value in self.values:
            self.how(value)
            if self.axis == "distance" and not 0.1 <= self.number(value) <= 100:
                raise ConfigError(f"sweep of distance: {value}; expected 0.1 to 100 times the distance as built")

    def number(self, value: str) -> float:
        """A value of the axis as a number.

        Raises:
            ConfigError: it is none.
        """
        try:
            return float(value)
        except ValueError:
            raise ConfigError(f"sweep of {self.axis}: {value!r} is no number ({UNITS[self.axis]})") from None

    def how(self, value: str) -> FrameOptions:
        """The keywords of `DeviceUnderTest.send` at one point.

        Raises:
            ConfigError, InvalidRate: the value can't be sent.
        """
        options: FrameOptions = {"rate_hz": self.rate_hz, "code": self.code}
        match self.axis:
            case "rate":
                options["rate_hz"] = rate_named(value)
            case "brightness":
                if value not in get_args(Bright):
                    raise ConfigError(f"sweep of brightness: {value!r}; expected {', '.join(get_args(Bright))}")
                options["bright"] = cast(Bright, value)
            case "duty":
                percent = self.number(value)
                if not -90 <= percent <= 90:
                    raise ConfigError(f"sweep of duty: {value}; expected -90 to 90 percent of a symbol")
                options["lit_percent"] = percent
        return options


@dataclass(frozen=True)
class Point:
    """One value and what the device answered, attempt by attempt."""

    value: str
    answers: tuple[Answer, ...]

    @property
    def successes(self) -> int:
        """How many attempts the device accepted."""
        return self.answers.count("accepted")

    @property
    def rate(self) -> float:
        """The share of accepted attempts, 0 to 1."""
        return self.successes / len(self.answers)

    @property
    def interval(self) -> tuple[float, float]:
        """95 % confidence interval of the success rate (Wilson)."""
        return wilson(self.successes, len(self.answers))


@dataclass(frozen=True)
class Sweep:
    """The result of a sweep: a plan and its points, in the plan's order."""

    plan: Plan
    points: tuple[Point, ...]

    def rows(self) -> list[list[str]]:
        """One row of texts for each point: the columns of `COLUMNS`."""
        found = []
        for point in self.points:
            low, high = point.interval
            others = [f"{point.answers.count(a)} {a}" for a in ("refused", "no answer") if a in point.answers]
            taken = f"{point.successes} of {len(point.answers)}"
            found.append([point.value, taken, f"{point.rate:.0%}", f"{low:.0%} to {high:.0%}", ", ".join(others)])
        return found


COLUMNS = ("value", "taken", "rate", "95 % interval", "otherwise")


def run_sweep(
    bench: Bench,
    plan: Plan,
    config: Config,
    *,
    place: Place | None = None,
    on_point: Callable[[Point], None] = lambda _: None,
) -> Sweep:
    """Do a sweep; the device ends off. `place` moves the LED where the bench can't (a person does it).

    `on_point` is called with each point as soon as it is complete.

    Raises:
        CapabilityMissing: the bench has no grey leg for this, or nobody can change the distance.
        BlinkUpError: a frame can't be sent. BenchFault: one was not sent as planned: that is no answer of the device.
    """
    __tracebackhide__ = True
    move = _mover(bench, place) if plan.axis == "distance" else None
    points = []
    try:
        for value in plan.values:
            if move is not None:
                move(plan.number(value))
            answers = tuple(_attempt(bench, config, plan.how(value)) for _ in range(plan.attempts))
            points.append(Point(value, answers))
            on_point(points[-1])
    finally:
        bench.optical.off()
        bench.supply.off()
        if move is not None and "environment" in bench.capabilities:
            move(1.0)
    return Sweep(plan, tuple(points))


def _mover(bench: Bench, place: Place | None) -> Place:
    if "environment" in bench.capabilities:
        return lambda times: bench.environment.set_blinkup_coupling(times**-2)  # a small lamp: inverse square
    if place is None:
        raise CapabilityMissing(f"bench {bench.config.name!r}: nothing here moves the LED, and nobody was asked to")
    return place


def _attempt(bench: Bench, config: Config, how: FrameOptions) -> Answer:
    """Power up, send, look at the LED; in an acquisition of its own, so that long sweeps take no more memory."""
    __tracebackhide__ = True
    dut = DeviceUnderTest(bench)
    bench.supply.off()
    dut.power_off()
    dut.power_on()
    dut.watch_for(ARMED_S)
    receipt = dut.send(config, **how)
    dut.watch_for(ANSWER_S)
    return answer_of(dut.acquisition.result()[1].spans, receipt.end_s - LATE_S)


def answer_of(spans: Sequence[Span], sent_s: float) -> Answer:
    """The LED's answer to a BlinkUp that ended at `sent_s` (s of the bench's clock).

    An answer is shown once, so it can look like the beginning of another code and stay undecided: the first light that
    can be one answer and not the other counts.
    """
    for span in spans:
        if span.start_s < sent_s:
            continue
        codes = {span.code} if span.code is not None else set(span.alternatives)
        accepted, refused = bool(codes & set(ACCEPTED)), bool(codes & set(REFUSED))
        if accepted != refused:
            return "accepted" if accepted else "refused"
    return "no answer"
