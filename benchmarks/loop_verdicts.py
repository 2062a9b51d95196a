"""How often the verdict about a device's supply is right, over random worlds on the whole simulated bench.

Run by hand: `python benchmarks/loop_verdicts.py --worlds 200 --set judged`. Ranges stand in loop_worlds.toml, one set
to work on the rules with and one to judge them by. Each world is a bench of its own, driven through the real clients,
decoded, judged, and compared with what its device went through. One process a core; the table counts truth against
verdict, then every world that was not right with the seed that makes it again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import loop_worlds as worlds

from rig.config.device import load_device
from rig.diagnosis import FaultDomain, Outcome, Verdict

V = Verdict
SURE = 0.8  # a wrong verdict at least as sure as this is confidently wrong
RADIO = {
    V.SUPPLY_TOO_LOW,
    V.NETWORK_NOT_FOUND,
    V.JOIN_REFUSED,
    V.NO_ADDRESS,
    V.NAME_NOT_RESOLVED,
    V.SERVER_UNREACHABLE,
    V.LOST_CONNECTION,
}
RIGHT: dict[str, set[Verdict]] = {
    "loop": {V.BROWNOUT_LOOP},
    "online": {V.CONNECTED},
    "no_settings": {V.NO_SETTINGS},
    "stuck_red": {V.MODULE_FAULT},
    "fastrom": {V.FASTROM_FAULT},
    "crash_loop": {V.RUNTIME_LOOP},
    "one_crash": {V.LOST_CONNECTION, V.CONNECTED, V.RUNTIME_LOOP},
    "just_lost": {V.LOST_CONNECTION, V.CONNECTED},  # too late to be seen for what it is
    "no_network": {V.NETWORK_NOT_FOUND},
    "wrong_password": {V.JOIN_REFUSED},
    "no_dhcp": {V.NO_ADDRESS},
    "dropped": {V.LOST_CONNECTION},
    # Wi-Fi fails for lack of voltage, without a reset: a stage of connecting is right if the supply is blamed for it.
    "radio_failure": RADIO,
    "offline": RADIO,
    "few_resets": RADIO | {V.BROWNOUT_LOOP},
}
SUPPLY_TRUTHS = {"loop", "radio_failure", "no_power"}
OURS = {FaultDomain.BENCH, FaultDomain.CONFIGURATION}


@dataclass(frozen=True)
class Grade:
    """One world judged. `how` is right, undecided or wrong; `blamed`: a fault of the bench was laid on the device."""

    seed: int
    kind: str
    truth: str
    said: str
    how: str
    confidence: float
    blamed: bool
    wall_s: float


def grade(truth: str, kind: str, outcome: Outcome | None) -> tuple[str, bool]:
    """(right, undecided or wrong; whether the device got the blame for the bench)."""
    starved = kind in worlds.STARVED
    if outcome is None:  # a bench fault was raised
        return ("right" if starved else "wrong"), False
    ours = outcome.fault_domain in OURS
    blamed = starved and truth in SUPPLY_TRUTHS and outcome.fault_domain is FaultDomain.DUT
    if truth == "no_power":  # said as an undecided verdict that names the missing power and whose it is
        return ("right" if outcome.verdict is V.UNDECIDED and ours else "wrong"), blamed
    if outcome.verdict is V.UNDECIDED:
        return "undecided", blamed
    right = outcome.verdict in RIGHT[truth] and (truth not in SUPPLY_TRUTHS or ours or not starved)
    return ("right" if right else "wrong"), blamed


def judge_world(task: tuple[str, int]) -> Grade:
    name, seed = task
    started = time.perf_counter()
    plan = worlds.plan(seed, worlds.ranges(name), load_device("imp003"))
    run = worlds.run(plan)
    how, blamed = grade(run.truth.kind, plan.kind, run.outcome)
    said = "bench fault raised" if run.outcome is None else f"{run.outcome.verdict} ({run.outcome.fault_domain})"
    sure = 1.0 if run.outcome is None else run.outcome.confidence
    return Grade(seed, plan.kind, run.truth.kind, said, how, sure, blamed, time.perf_counter() - started)


def report(grades: list[Grade]) -> None:
    """Print the confusion table, the figures, and each world that was not right."""
    count = len(grades)
    decided = [g for g in grades if g.how != "undecided"]
    right = sum(g.how == "right" for g in grades)
    sure_wrong = sum(g.how == "wrong" and g.confidence >= SURE for g in grades)
    undecided = count - len(decided)
    for (truth, said, how), n in sorted(Counter((g.truth, g.said, g.how) for g in grades).items()):
        print(f"{n:5}  {truth:15} {said:40} {how if how != 'right' else ''}")
    print(f"{count} worlds, {sum(g.wall_s for g in grades) / count:.2f} s each")
    print(f"right: {right} of {len(decided)} decided = {right / max(1, len(decided)):.2%}; of all {right / count:.2%}")
    print(f"confidently wrong (at {SURE} or more): {sure_wrong} = {sure_wrong / count:.2%}")
    print(f"undecided: {undecided} = {undecided / count:.2%}")
    print(f"bench faults laid on the device: {sum(g.blamed for g in grades)}")
    for g in grades:
        if g.how != "right":
            print(f"  seed {g.seed}: {g.kind}, truth {g.truth}, said {g.said} at {g.confidence:.2f}: {g.how}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--worlds", type=int, default=200, help="how many worlds")
    options.add_argument("--set", dest="name", default="judged", help="which ranges of loop_worlds.toml")
    options.add_argument("--skip", type=int, default=0, help="worlds of the set to leave out at its beginning")
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = options.parse_args()
    first = int(worlds.ranges(given.name)["first_seed"]) + given.skip
    tasks = [(given.name, first + i) for i in range(given.worlds)]
    print(f"set {given.name}, seeds {first} to {first + given.worlds - 1}, {given.processes} processes")
    with multiprocessing.Pool(given.processes) as pool:
        report(pool.map(judge_world, tasks, chunksize=4))


if __name__ == "__main__":
    main()
