"""Sessions on an emulated bench while the machine is busy: `python benchmarks/busy_sessions.py [SESSIONS] [LOAD]`.

LOAD processes (default 12) compute without end beside SESSIONS sessions (default 20), each of which powers the device,
watches it for two seconds and sends a BlinkUp. Prints how they ended. A session may pass, or say that the machine stood
still; every other cause is false.
"""

from __future__ import annotations

import collections
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "realtime")]

from emulated_bench import Emulator, Session  # noqa: E402

PATIENCE_S = 300.0
TEST = """
from rig.blinkup import ClearConfig

def test_works(dut):
    dut.power_on()
    dut.watch_for(2.0)
    assert dut.bench.supply.measure().device_v > 3.0
    dut.send(ClearConfig(), rate_hz=60.0)
"""
STALL = re.compile(r"stood still|stands still|too busy")


def how_it_ended(folder: Path, emulator: Emulator) -> str:
    """`passed`, `told the stall`, or the false cause."""
    test = folder / "test_busy.py"
    test.write_text(TEST, encoding="utf-8")
    session = Session(folder, emulator.bench_file, str(test))
    try:
        code, said = session.end(PATIENCE_S)
    finally:
        session.stop()
    if code == 0:
        return "passed, repeated after a stall" if "stood still the first time" in said else "passed"
    if STALL.search(said):
        return "told the stall"
    cause = re.findall(r"^E   +(\S.*)$", said, re.MULTILINE)
    return f"FALSE CAUSE ({code}): {(cause or [said[-200:]])[-1][:160]}"


def main() -> None:
    """Load the machine, run the sessions, print what came of them."""
    sessions, load = (int(text) for text in (sys.argv[1:] + ["20", "12"][len(sys.argv) - 1 :])[:2])
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(load)]
    try:
        with tempfile.TemporaryDirectory() as folder:
            emulator = Emulator(Path(folder))
            try:
                ended = collections.Counter(how_it_ended(Path(folder), emulator) for _ in range(sessions))
                on = emulator.state()["supply"]["on"]
            finally:
                emulator.kill()
    finally:
        for burner in burners:
            burner.kill()
    print(f"{sessions} sessions beside {load} busy processes; supply {'ON' if on else 'off'} at the end")
    for how, times in ended.most_common():
        print(f"{times:5}  {how}")


if __name__ == "__main__":
    main()
