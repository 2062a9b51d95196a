"""The suite that judges devices, on every profile: is a healthy one green, and does each defect turn it red?

    python benchmarks/profiles.py [NAME ...]               healthy profiles, two side by side (below 5 min on 2 cores)
    python benchmarks/profiles.py --one-by-one imp003      each with `-n 2`, as one waits for it (below 60 s on 2 cores)
    python benchmarks/profiles.py --defects [NAME ...]     each defect of tests_hil/defects.toml on each of its profiles
    python benchmarks/profiles.py --defects --give led.dim --give boot.crash imp003    some of them

By hand, because it takes minutes. Ends with exit code 1 if a healthy profile is red or a defect goes unnoticed.
`cpu` is what all processes of a run took, s; unlike the time it depends little on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from defect_runs import PROFILES, Case, Done, cases, run, verdict_of

HEALTHY_S = 1200.0


def healthy(names: list[str], workers: int, *, one_by_one: bool) -> bool:
    """Whole runs of tests_hil: several side by side in a process each, or each in several processes."""
    print(f"{'profile':<18}{'passed':>8}{'skipped':>8}{'failed':>8}{'s':>8}{'cpu':>8}")
    good, begun_s, cpu_s = True, time.monotonic(), 0.0
    with ProcessPoolExecutor(1 if one_by_one else workers) as pool:
        options = ["-n", str(workers)] if one_by_one else ["-n0"]
        for name, done in zip(names, pool.map(_whole, names, [options] * len(names)), strict=True):
            _tell(name, done)
            good, cpu_s = good and done.code == 0, cpu_s + done.cpu_s
    print(f"{len(names)} profiles in {time.monotonic() - begun_s:.0f} s, {cpu_s:.0f} s of CPU")
    return good


def _whole(name: str, options: list[str]) -> Done:
    return run(name, ["tests_hil", *options], timeout_s=HEALTHY_S)


def _tell(name: str, done: Done) -> None:
    count = done.results.get
    print(
        f"{name:<18}{count('passed', 0):>8}{count('skipped', 0):>8}"
        f"{count('failed', 0):>8}{done.duration_s:>8.1f}{done.cpu_s:>8.1f}",
        flush=True,
    )
    for line in done.tests:
        if line["result"] == "failed":
            print(f"    {line['test']}: {' '.join(str(line['failure']).split())[:300]}")
    if done.code != 0 and not done.tests:
        print(done.said[-1500:])


def defects(names: list[str], workers: int, given: list[str]) -> bool:
    """Each defect on each of its profiles, several at a time; only what is wrong is told at length."""
    wanted = [
        (case, name)
        for case in cases()
        for name in case.profiles
        if name in names and (not given or case.give.partition(",")[0] in given)
    ]
    with ProcessPoolExecutor(workers) as pool:
        found = []
        for (case, name), said in zip(wanted, pool.map(_noticed, *zip(*wanted, strict=True)), strict=True):
            found.append(said)
            print(f"{case.give:<36}{name:<18}{'does not apply' if said == 'skipped' else said}", flush=True)
    print(
        f"{found.count('red')} of {len(found) - found.count('skipped')} noticed, {found.count('skipped')} do not apply"
    )
    return set(found) <= {"red", "skipped"}


def _noticed(case: Case, name: str) -> str:
    return verdict_of(case, run(name, ["-n0", "--sim-defect", case.give, case.node]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="device profiles (default: all)")
    parser.add_argument("--one-by-one", action="store_true", help="share each profile's tests among the processes")
    parser.add_argument("--defects", action="store_true", help="give the devices each defect")
    parser.add_argument("--give", action="append", default=[], metavar="DEFECT", help="only this one; may be repeated")
    parser.add_argument("-n", "--workers", type=int, default=2, help="processes at a time (default: 2)")
    given = parser.parse_args()
    names = given.names or list(PROFILES)
    unknown = sorted({*names} - {*PROFILES})
    unknown += sorted({*given.give} - {case.give.partition(",")[0] for case in cases()})
    if unknown:
        parser.error(f"neither a profile nor a defect: {', '.join(unknown)}")
    with tempfile.TemporaryDirectory() as compiled:
        # Where the shell forbids bytecode, each process would compile the whole rig anew: several seconds each.
        os.environ["PYTHONPYCACHEPREFIX"] = compiled
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        if given.defects:
            return 0 if defects(names, given.workers, given.give) else 1
        return 0 if healthy(names, given.workers, one_by_one=given.one_by_one) else 1


if __name__ == "__main__":
    sys.exit(main())
