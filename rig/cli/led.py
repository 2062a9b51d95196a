"""`rig led`: calibrate the LED sensor of a bench, and watch what the LED says while it says it."""

from __future__ import annotations

from typing import Annotated

import typer

from rig.bench.dut import DeviceUnderTest
from rig.cli.options import BenchOptions, with_groups
from rig.cli.output import say, table
from rig.clock import RealClock
from rig.config.lookup import find_data_file
from rig.errors import ConfigError

app = typer.Typer(help="The light sensor on the device's status LED.", no_args_is_help=True)


@app.command(
    "calibrate",
    epilog="Example: rig led calibrate --bench my-bench.toml --conditions 'lid closed' --write. The device loses its "
    "settings. Without --write nothing is stored.",
)
@with_groups
def calibrate(
    bench: BenchOptions,
    conditions: Annotated[str, typer.Option(help="What a later reader should know: lid, jig, room light.")] = "",
    by_hand: Annotated[bool, typer.Option("--by-hand", help="You bring the LED to each colour; no BlinkUp.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Store the levels in the bench file.")] = False,
) -> None:
    """Measure the light of red, green and amber, and print (or store) the calibration."""
    from rig.bench import calibration_writer, led_calibration

    path = find_data_file("benches", bench.bench)
    with bench.open() as opened:
        dut = DeviceUnderTest(opened)
        levels = (
            led_calibration.measured_by_hand(dut, _wait_for_person)
            if by_hand
            else led_calibration.measured_by_blinkup(dut, say)
        )
        rail_v = opened.config.led.calibration.rail_v
        old = opened.calibration
        new = led_calibration.calibration_from(levels, conditions or "not noted", rail_v=rail_v)
    rows = [
        [
            name,
            f"{level.value:.4f}",
            f"{level.standard_error * 1000:.2f}",
            f"{before:.4f}",
            f"{level.value / before:.2f}",
        ]
        for name, level, before in (
            ("red", levels.red, old.red_v[0]),
            ("green", levels.green, old.green_v[0]),
            ("amber", levels.amber, old.amber_v[0]),
        )
    ]
    columns = ("colour", "step V", "standard error mV", "stored V", "new/stored")
    table(columns, rows, right=columns[1:])
    say()
    if write:
        calibration_writer.store(path, new)
        say(f"stored in {path} (the file as it was: {path.with_suffix('.toml.bak').name})")
    else:
        say(calibration_writer.as_toml(new).rstrip())


@app.command("watch", epilog="Example: rig led watch --bench emulated. Ends with Ctrl-C; the device is switched off.")
@with_groups
def watch(
    bench: BenchOptions,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="End after this time on the bench's clock.")] = None,
    volts: Annotated[float | None, typer.Option(help="Supply voltage; default: the device's nominal one.")] = None,
    pace: Annotated[
        bool, typer.Option("--pace/--no-pace", help="Let a simulated bench take as long as a real one.")
    ] = True,
) -> None:
    """Power the device and show what its LED says, how sure that is, and what came before."""
    from rig.cli.led_view import LiveView

    if seconds is None and not pace:
        raise ConfigError("--no-pace without --seconds would never end; say for how long to watch")
    with bench.open() as opened, LiveView(opened.config.stands_for) as view:
        dut = DeviceUnderTest(opened)
        dut.power_on(volts)
        wall = RealClock()
        start_s, began_s = opened.clock.now_s(), wall.now_s()

        def look() -> bool:
            now_s = opened.clock.now_s() - start_s
            view.show(now_s, dut.acquisition.state)
            if pace:  # for the person who looks; a simulated bench's own clock may be far ahead
                wall.sleep_until(began_s + now_s)
            return False

        try:
            dut.watch_until(look, seconds if seconds is not None else 1e9)
        except KeyboardInterrupt:
            view.close()
        outcome = dut.observation().outcome
    say(f"{outcome.verdict.value}: {outcome.summary}")


def _wait_for_person(text: str) -> None:
    typer.prompt(f"{text}; then press Enter", default="", show_default=False)
