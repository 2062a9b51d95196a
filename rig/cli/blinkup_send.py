"""`rig blinkup send` and `rig blinkup sweep`: power the device, blink at it, say what came of it; it ends off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, cast, get_args

import typer

from rig.bench.bench import Bench
from rig.bench.dut import DeviceUnderTest
from rig.blinkup import NAMED_RATES, Bright, Config, LineCode, WifiConfig, encode, rate_named
from rig.blinkup.frame import DAMAGES, FrameOptions
from rig.cli import secrets
from rig.cli.configuring import ConfigurationOptions, NetworkOptions, configuration
from rig.cli.options import BenchOptions, with_groups
from rig.cli.output import printable, say, table, write_picture
from rig.config.bench import BenchConfig, load_bench
from rig.config.network import NetworkProfile
from rig.errors import ConfigError
from rig.report.sweep import ANSWER_S, ARMED_S, COLUMNS, LATE_S, UNITS, Plan, Point, SweepAxis, answer_of, run_sweep
from rig.secret import Secret

SEND_EPILOG = (
    "Example: rig blinkup send --network home --rate fast. The Wi-Fi password is never an argument: it comes from "
    "--password-file, --password-keyring, RIG_WIFI_PASSWORD or a hidden prompt; token and plan from the bench file, "
    "RIG_TOKEN and RIG_PLAN, or a prompt. The maker's fixtures wait 5 to 10 s between factory BlinkUps: use --pause."
)
SWEEP_EPILOG = (
    "Example: rig blinkup sweep rate --values 60,80,100,142 --attempts 10 --clear --picture rate.png. Values: rate in "
    "Hz or by name; brightness both, main, grey; duty in % of a symbol; distance in multiples of the present one."
)

Network = Annotated[str | None, typer.Option(help="Send the settings of this network of the bench.")]
Rate = Annotated[str, typer.Option(help=f"Symbols a second: a number, or {', '.join(NAMED_RATES)}.")]
Code = Annotated[str, typer.Option(help=f"Line code: {' or '.join(get_args(LineCode))}.")]


@dataclass(frozen=True)
class SendOptions:
    """How a configuration becomes light, and what to spoil on purpose."""

    rate: Rate = "standard"
    code: Code = "bilevel"
    bright: Annotated[str, typer.Option(help=f"Legs lit for bright: {', '.join(get_args(Bright))}.")] = "both"
    lit_percent: Annotated[float, typer.Option(help="Light lasts this share of a symbol longer; -90 to 90.")] = 0.0
    damage: Annotated[str | None, typer.Option(help=f"Spoil it on purpose: {', '.join(DAMAGES)}.")] = None
    damage_at: Annotated[float | None, typer.Option(help="Which bit, byte or percent the damage is about.")] = None

    def checked(self) -> FrameOptions:
        """The options of the frame.

        Raises:
            ConfigError, InvalidRate: a value is none of those allowed.
        """
        one_of("--code", self.code, get_args(LineCode))
        one_of("--bright", self.bright, get_args(Bright))
        if self.damage is not None:
            one_of("--damage", self.damage, DAMAGES)
        given = vars(self) | {"rate_hz": rate_named(self.rate)}
        del given["rate"]
        return cast(FrameOptions, given)


@dataclass(frozen=True)
class PlanOptions:
    """What a sweep varies, and what stays."""

    axis: Annotated[str, typer.Argument(metavar="AXIS", help=f"What to vary: {', '.join(get_args(SweepAxis))}.")]
    values: Annotated[str, typer.Option(help="Values with commas between them.")]
    rate: Rate = "standard"
    code: Code = "bilevel"
    attempts: Annotated[int, typer.Option(min=1, help="Power-ups and BlinkUps for each value.")] = 10

    def plan(self) -> Plan:
        """The plan of the sweep.

        Raises:
            ConfigError, InvalidRate: a value is none of those allowed.
        """
        one_of("--code", self.code, get_args(LineCode))
        one_of("AXIS", self.axis, get_args(SweepAxis))
        listed = tuple(value.strip() for value in self.values.split(",") if value.strip())
        axis, code = cast(SweepAxis, self.axis), cast(LineCode, self.code)
        return Plan(axis, listed, self.attempts, rate_named(self.rate), code)


@with_groups
def send_command(
    bench: BenchOptions,
    options: ConfigurationOptions,
    light: SendOptions,
    network: Network = None,
    repeat: Annotated[int, typer.Option(min=1, help="How many times to send it.")] = 1,
    pause: Annotated[float, typer.Option(min=0.0, help="Seconds of darkness between two BlinkUps.")] = 5.0,
    watch: Annotated[float, typer.Option(min=0.0, help="Seconds to watch the LED after the last one.")] = ANSWER_S,
) -> None:
    """Power the device, blink a configuration into it, print the receipt and what its LED answered; ends off."""
    how = light.checked()
    enrolment = enrolment_of(load_bench(bench.bench))
    made = None
    if network is None and not options.any_given:
        raise ConfigError("nothing given; expected one of --network, --ssid, --no-wifi, --wps, --clear")
    if network is None:
        made = configuration(options, enrolment)
        encode(made)  # what can't be sent is refused before anything is opened
    elif options.any_given:
        raise ConfigError("--network sends that network's own settings; drop the other options, or --network")
    with bench.open() as opened:
        say(f"bench {opened.config.name}: {printable(opened.config.stands_for)}; sent by {opened.optical.name}")
        config = made if made is not None else settings_of(opened, str(network), enrolment())
        dut = DeviceUnderTest(opened)
        dut.power_on()
        dut.watch_for(ARMED_S)
        for n, receipt in enumerate(dut.send_repeatedly(config, repeat, pause_s=pause, **how), 1):
            say(f"BlinkUp {n} of {repeat}:")
            table(("", ""), receipt.rows())
        dut.watch_for(watch)
        _print_answer(dut)
    say("the device is off")


def _print_answer(dut: DeviceUnderTest) -> None:
    """What the LED answered to the last BlinkUp, every code since then, and the verdict."""
    seen = dut.observation()
    sent_s = dut.receipts[-1].end_s - LATE_S
    say(f"answer of the LED: {answer_of(seen.decoded.spans, sent_s)}")
    for span in (s for s in seen.decoded.spans if s.start_s >= sent_s):
        other = f" (could be {', '.join(span.alternatives[:3])})" if span.code is None and span.alternatives else ""
        say(f"  {span.start_s:8.2f} .. {span.end_s:8.2f} s  {span.code or 'undecided'}{other}")
    say(f"verdict: {seen.outcome.verdict.value}: {printable(seen.outcome.summary)}")


@with_groups
def sweep_command(
    plan: PlanOptions,
    bench: BenchOptions,
    options: NetworkOptions,
    network: Network = None,
    picture: Annotated[Path | None, typer.Option(metavar="OUT.png", help="Also draw it into this file.")] = None,
) -> None:
    """Send several times at each value, and count how often the device takes it; ends off."""
    made = plan.plan()
    writable(picture)
    enrolment = enrolment_of(load_bench(bench.bench))
    config = configuration(options, enrolment) if network is None else None

    def print_point(point: Point) -> None:
        say(f"  {made.axis} {point.value}: {point.successes} of {len(point.answers)} taken")

    with bench.open() as opened:
        sent = config if config is not None else settings_of(opened, str(network), enrolment())
        say(f"bench {opened.config.name}: {printable(opened.config.stands_for)}; {made.axis} in {UNITS[made.axis]}")
        found = run_sweep(opened, made, sent, place=_ask_to_move, on_point=print_point)
    table(COLUMNS, found.rows(), right=("taken", "rate"))
    if picture is not None:
        from rig.report.pictures.sweep import sweep_png  # matplotlib takes a second to import

        write_picture(picture, sweep_png(found, f"{made.axis} on bench {bench.bench}"))
        say(f"picture: {picture}")


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> None:
    """Check the value of an option; `option` is for the message.

    Raises:
        ConfigError: `value` is not in `allowed`.
    """
    if value not in allowed:
        raise ConfigError(f"{option} {value!r}: expected {', '.join(allowed)}")


def writable(picture: Path | None) -> None:
    """Check, before a long sweep, that its picture can be written at the end.

    Raises:
        ConfigError: no .png, or its folder does not exist.
    """
    if picture is not None and not (picture.parent.is_dir() and picture.suffix.lower() == ".png"):
        raise ConfigError(f"--picture {picture}: expected a .png in a folder that exists")


def enrolment_of(config: BenchConfig) -> Callable[[], tuple[Secret, Secret]]:
    """Where the token and the plan of a bench's device come from: its file, else the environment or a prompt."""
    dut = config.dut
    if dut.token is None or dut.plan is None:
        return secrets.enrolment
    stored = dut.token, dut.plan
    return lambda: stored


def settings_of(bench: Bench, network: str, enrolment: tuple[Secret, Secret]) -> Config:
    """The configuration that puts the device on a network of the bench.

    Raises:
        CapabilityMissing: the bench has no such network.
    """
    __tracebackhide__ = True
    profile = bench.networks.provide(network)
    if isinstance(profile, NetworkProfile):
        return WifiConfig(profile.ssid, profile.password, *enrolment)
    return WifiConfig("", "", *enrolment)  # the others take enrolment alone


def _ask_to_move(times: float) -> None:
    typer.prompt(
        f"Bring the LED to {times:g} times its distance as built, then press Enter", default="", show_default=False
    )
