"""How often the verdict is right, over random devices, networks, supplies and surroundings on the simulated bench.

Run by hand: `python benchmarks/scenarios.py --worlds 100 --set judged --picture docs/confusion.png`. What is drawn,
what counts as right and which pairs the light can't tell apart stand in scenarios.toml. Nothing is kept between runs.
Prints truth against verdict with Wilson's intervals, then every world that was not right, with its seed; these also to
standard error as they come.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import scenario_worlds as worlds
from scenario_truth import SURE, Grade, grade

from rig.report.wilson import wilson

EVERY = 250  # worlds between two words on how far it is


def judge_world(task: tuple[str, int]) -> Grade:
    name, seed = task
    started = time.perf_counter()
    run = worlds.run(worlds.plan(seed, worlds.data()[name]))
    return grade(run, time.perf_counter() - started)


def share(count: int, of: int) -> str:
    """A share with its 95 % interval."""
    low, high = wilson(count, of)
    return f"{count} of {of} = {count / max(1, of):.2%} ({low:.2%} to {high:.2%})"


def told(g: Grade) -> str:
    return f"  seed {g.seed}: truth {g.truth}, said {g.said} ({g.domain}) at {g.confidence:.2f}: {g.how}; {g.plan}"


def report(grades: list[Grade]) -> None:
    """Print the confusion table, the figures, and each world that was not right."""
    count = len(grades)
    for (truth, said, domain, how), n in sorted(Counter((g.truth, g.said, g.domain, g.how) for g in grades).items()):
        print(f"{n:5}  {truth:18} {said:22} {domain:15} {how if how != 'right' else ''}")
    print(f"{count} worlds, {sum(g.wall_s for g in grades) / count:.2f} s each; intervals are Wilson's, 95 %")
    print(f"right: {share(sum(g.how == 'right' for g in grades), count)}")
    decided = [g for g in grades if g.how != "undecided"]
    print(f"right of what was decided: {share(sum(g.how == 'right' for g in decided), len(decided))}")
    print(f"confidently wrong (at {SURE} or more): {share(sum(g.confidently_wrong for g in grades), count)}")
    print(f"undecided: {share(count - len(decided), count)}")
    print(f"a short supply of the bench laid on the device: {share(sum(g.blamed for g in grades), count)}")
    for g in grades:
        if g.how != "right":
            print(told(g))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--worlds", type=int, default=100, help="how many worlds")
    options.add_argument("--set", dest="name", default="judged", choices=["judged", "tuning"], help="which ranges")
    options.add_argument("--skip", type=int, default=0, help="worlds of the set to leave out at its beginning")
    options.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options.add_argument("--minutes", type=float, default=600.0, help="report what is done by then")
    options.add_argument("--picture", type=Path, help="write the confusion matrix as a PNG file")
    given = options.parse_args()
    first = int(worlds.data()[given.name]["first_seed"]) + given.skip
    tasks = [(given.name, first + i) for i in range(given.worlds)]
    print(f"set {given.name}, seeds {first} to {first + given.worlds - 1}, {given.processes} processes")
    until_s = time.monotonic() + 60.0 * given.minutes
    grades: list[Grade] = []
    with multiprocessing.Pool(given.processes) as pool:
        # In the order of the seeds, so that a limit of time leaves no world out for being slow.
        for made in pool.imap(judge_world, tasks, chunksize=1):
            grades.append(made)
            if made.how != "right":
                print(f"{len(grades)}:{told(made)}", file=sys.stderr, flush=True)
            if len(grades) % EVERY == 0:
                good = sum(g.how == "right" for g in grades)
                print(f"{len(grades)} of {len(tasks)} done, {good} right", file=sys.stderr, flush=True)
            if time.monotonic() > until_s:
                break
        pool.terminate()
    report(grades)
    if given.picture:
        from scenario_picture import draw  # matplotlib takes a second to import

        draw(grades, given.picture, f"{len(grades)} worlds, set {given.name}, seeds from {first}")


if __name__ == "__main__":
    main()
