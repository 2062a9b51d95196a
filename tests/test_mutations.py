"""Breaking things on purpose: each break below must turn the suite that judges devices red.

If simulator, catalogue, encoder and decoder only agreed with one another, a break on one side would go unnoticed.
Each case changes one place in a copy of the project and runs the tests that ought to see it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COPIED = ("rig", "fixtures", "tests_hil", "tests", "pyproject.toml")
RED = (1, 10, 13)  # failed tests, bench fault, safety trip
CALM = "quiet-dark"


@dataclass(frozen=True)
class Mutation:
    """Replace `old` by `new` in `file`; `select` picks the tests of tests_hil that must notice."""

    name: str
    file: str
    old: str
    new: str
    select: str
    suite: str = "tests_hil"


MUTATIONS = (
    # the simulated device's side
    Mutation("imp swaps red and green", "rig/sim/imp/ledtable.py", '"connected": _cyclic(_d(500), _g(500))', '"connected": _cyclic(_d(500), _r(500))', "gets_the_device_online and 142hz"),
    Mutation("imp shows resolving in the order of getting an address", "rig/sim/imp/ledtable.py", '"resolving": _cyclic(_d(500), _a(250), _r(250))', '"resolving": _cyclic(_d(500), _r(250), _a(250))', "no_dns"),
    Mutation("imp blinks its request 20 % slow", "rig/sim/imp/ledtable.py", '"no_settings": _cyclic(_d(500), _a(500))', '"no_settings": _cyclic(_d(600), _a(600))', "asks_for_settings"),
    Mutation("imp ignores resets", "rig/sim/imp/chip.py", "    def _reset(self) -> None:\n", "    def _reset(self) -> None:\n        return\n", "brownout_loop"),
    Mutation("imp checks another CRC", "rig/sim/imp/settings.py", "step >> 1) ^ 0xA001", "step >> 1) ^ 0xA003", "gets_the_device_online and 142hz"),
    Mutation("imp takes any password", "rig/sim/imp/connection.py", 'if (settings.password or "") == expected:', "if True:", "wrong_password"),
    Mutation("radio draws no current", "rig/sim/imp/radio.py", 'chip.draw("transmission", amps)', 'chip.draw("transmission", 0.0)', "brownout_loop"),
    # the simulated bench's side
    Mutation("supply has no capacitance", "rig/sim/world.py", "bulk_f=ranges.bulk_f.draw(rng)", "bulk_f=0.001 * 1e-9 * (1 + ranges.bulk_f.draw(rng))", "brownout_loop"),
    Mutation("series resistor does nothing", "rig/sim/power.py", "series = p.series_ohm if self._series_in else 0.0", "series = 0.0", "brownout_loop"),
    Mutation("sensor sees the colours swapped", "rig/sim/optics.py", "red = gains.red_v *", "red = gains.green_v *", "gets_the_device_online and 142hz or wrong_ssid"),
    Mutation("switch does not switch", "rig/sim/world.py", "self.rail.set_switch(bool(level))", "self.rail.set_switch(True)", "draws_nothing_when_off"),
    # the judging side
    Mutation("catalogue: connected is red", "rig/led/codes.toml", 'readings = ["D500 G500"]', 'readings = ["D500 A500"]', "gets_the_device_online and 142hz"),
    Mutation("catalogue: joining 20 % longer", "rig/led/codes.toml", '"D500 R500 D500 R250 D250 R250 D250 R250"', '"D600 R600 D600 R300 D300 R300 D300 R300"', "wrong_password"),
    Mutation("calibration: red and green swapped", "rig/bench/bench.py", "red_v=stored.red_v,\n            green_v=stored.green_v,", "red_v=stored.green_v,\n            green_v=stored.red_v,", "gets_the_device_online and 142hz or wrong_ssid"),
    Mutation("verdict: no address and no name swapped", "rig/outcome/meaning.py", '"getting_ip": Verdict.NO_ADDRESS', '"getting_ip": Verdict.NAME_NOT_RESOLVED', "no_dhcp"),
    # what is said
    Mutation("polarity inverted", "rig/blinkup/waveform.py", "(on, off) if legs.active_high else (off, on)", "(off, on) if legs.active_high else (on, off)", "gets_the_device_online and 142hz"),
    Mutation("CRC constant", "rig/blinkup/crc.py", "= 0xA001", "= 0xA011", "gets_the_device_online and 142hz"),
    Mutation("header", "rig/blinkup/linecode.py", "HEADER = 0x2A", "HEADER = 0x2B", "gets_the_device_online and 142hz"),
    Mutation("tri-level without its clock", "rig/blinkup/linecode.py", "zero=(0, 1), one=(0, 2), preamble_byte=0x00", "zero=(1, 1), one=(2, 2), preamble_byte=0x00", "trilevel"),
    Mutation("rounding each bit", "rig/blinkup/waveform.py", "return round(index * 1e6 / rate_hz)", "return index * round(1e6 / rate_hz)", "grid or drift", suite="tests/blinkup"),
    # the drivers
    Mutation("supply set point off by a tenth", "rig/bench/regulated.py", "code = round((regulator.top_v - volts)", "code = round((regulator.top_v - 0.9 * volts)", "what_was_asked_for"),
    Mutation("limits not checked", "rig/bench/regulated.py", "        self._limits.check_request(volts)\n", "", "may_see_is_refused"),
    Mutation("read-back ratio forgotten", "rig/bench/regulated.py", "volts *= self._wiring.read_back.ratio", "volts *= 1.0", "what_was_asked_for"),
)  # fmt: skip


def run(folder: Path, select: str, suite: str = "tests_hil") -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "RIG_"))}
    environment["PYTHONPATH"] = str(folder)
    chosen = f"({select}) and ({CALM} or not quiet and not noisy)"
    command = [sys.executable, "-m", "pytest", suite, "-n0", "-q", "-p", "no:cacheprovider", "-k", chosen]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def copy_to(folder: Path) -> None:
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)


def test_the_copy_itself_is_green(tmp_path: Path) -> None:
    copy_to(tmp_path)
    for suite in sorted({m.suite for m in MUTATIONS}):
        done = run(tmp_path, " or ".join(sorted({f"({m.select})" for m in MUTATIONS if m.suite == suite})), suite)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name.replace(" ", "_"))
def test_break_turns_the_suite_red(mutation: Mutation, tmp_path: Path) -> None:
    copy_to(tmp_path)
    path = tmp_path / mutation.file
    text = path.read_text(encoding="utf-8")
    assert text.count(mutation.old) == 1, f"{mutation.file}: {text.count(mutation.old)} places read {mutation.old!r}"
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    done = run(tmp_path, mutation.select, mutation.suite)
    assert done.returncode in RED, done.stdout[-3000:]
