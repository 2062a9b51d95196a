"""The suite that judges devices, on every profile: is a healthy one green, and does each defect turn it red?

    python benchmarks/profiles.py [NAME ...]            a table of all healthy profiles; below 5 minutes on 2 cores
    python benchmarks/profiles.py --defects [NAME ...]  each defect of tests_hil/defects.toml on each of its profiles

By hand, because it takes minutes. Ends with exit code 1 if a healthy profile is red or a defect goes unnoticed.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from defect_runs import PROFILES, Case, cases, run, verdict_of

HEALTHY_S = 1200.0


def healthy(names: list[str], workers: str) -> bool:
    """One whole run of tests_hil after the other."""
    print(f"{'profile':<18}{'passed':>8}{'skipped':>8}{'failed':>8}{'s':>8}")
    good, begun_s = True, time.monotonic()
    for name in names:
        done = run(name, ["tests_hil", "-n", workers], timeout_s=HEALTHY_S)
        count = done.results.get
        print(
            f"{name:<18}{count('passed', 0):>8}{count('skipped', 0):>8}"
            f"{count('failed', 0) + count('error', 0) + count('errors', 0):>8}{done.duration_s:>8.1f}",
            flush=True,
        )
        for line in done.tests:
            if line["result"] == "failed":
                print(f"    {line['test']}: {' '.join(str(line['failure']).split())[:200]}")
        if done.code != 0 and not done.tests:
            print(done.said[-1500:])
        good = good and done.code == 0
    print(f"{len(names)} profiles in {time.monotonic() - begun_s:.0f} s")
    return good


def defects(names: list[str], workers: str) -> bool:
    """Each defect on each of its profiles, several at a time; only what is wrong is told at length."""
    wanted = [(case, name) for case in cases() for name in case.profiles if name in names]
    with ThreadPoolExecutor(int(workers)) as pool:
        found = []
        for (case, name), said in zip(wanted, pool.map(lambda pair: _noticed(*pair), wanted), strict=True):
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
    parser.add_argument("names", nargs="*", default=list(PROFILES), help="device profiles (default: all)")
    parser.add_argument("--defects", action="store_true", help="give the devices each defect")
    parser.add_argument("-n", "--workers", default="2", help="processes at a time (default: 2)")
    given = parser.parse_args()
    return 0 if (defects if given.defects else healthy)(given.names, given.workers) else 1


if __name__ == "__main__":
    sys.exit(main())
