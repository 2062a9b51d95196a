"""What a simulated device really went through, read from its own history, and how a verdict compares with it.

Nothing here looks at what was drawn for the world except where a rule of scenarios.toml says so: a wrong password
counts because the device got stuck joining, not because it was dealt one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scenario_worlds import Run, data, device_of

from rig.diagnosis import FaultDomain, Verdict

RECENT_S = 5.0  # two cycles of the slowest pattern: what began later can't be read yet
OVER_S = 3.0  # it boots and runs on this long: it got over it
FLASH = {"spi_not_found", "spi_error", "imp004m_flash_blank", "imp003_flash_unsupported"}
TAKEN_S = 4.0  # green for 3 s, and then the LED's window is open anew
SURE = 0.8


@dataclass(frozen=True)
class Truth:
    """`kind` is a row of [right] or [[declared]].

    `before`: what else it was in the last `RECENT_S`. `open`: still on its way.
    """

    kind: str
    before: tuple[str, ...] = ()
    open: bool = False


@dataclass(frozen=True)
class Grade:
    """How a verdict compares: right, undecided or wrong."""

    seed: int
    plan: str
    truth: str
    said: str
    domain: str
    how: str
    confidence: float
    blamed: bool
    wall_s: float = 0.0

    @property
    def confidently_wrong(self) -> bool:
        return self.how == "wrong" and self.confidence >= SURE


def truth_of(run: Run) -> Truth:
    """What it went through at last, and what it showed when the LED went dark or the watching ended."""
    cycled_s = run.cycled_s or 0.0
    rows = tuple((t, what) for t, what in run.history if t > cycled_s and not (what == "reset" and t < cycled_s + 0.5))
    if "dead" in run.conditions:
        return Truth("dead")
    if not any(what == "boot" for _, what in rows):
        return Truth("no_power")
    if any("fastROM" in what for _, what in rows):
        return Truth("fastrom")
    if "bricked" in run.conditions:
        fresh = run.end_s - max(t for t, what in rows if what == "boot") < RECENT_S
        return Truth("bricked", ("update",) if fresh else ())
    resets = [t for t, what in rows if what == "reset"]
    if (loop := _resets(rows, resets, run.end_s)) is not None:
        return loop
    if sum(what == "restart: early crash" for _, what in rows) >= 2:
        return Truth("early_crash")
    shown = _shown(rows, run.end_s)
    kind = shown[-1][1]
    dark = any(what == "window over" for _, what in rows)
    recent = max((i for i, (t, _) in enumerate(shown) if t <= run.end_s - RECENT_S), default=0)
    before = () if dark else tuple(name for _, name in shown[recent:-1])
    begun_s = max([t for t, what in rows if what in ("boot", "BlinkUp received")])
    expected = device_of(run.plan.device).expected
    still = not dark and run.end_s - begun_s < expected.stuck_s + expected.connect_s
    return Truth(kind, before, still)


def _resets(rows: tuple[tuple[float, str], ...], resets: list[float], end_s: float) -> Truth | None:
    boots = [t for t, what in rows if what == "boot"]
    failures = [t for t, what in rows if what == "radio failed"]
    longest_s = max((r - max((b for b in boots if b <= r), default=r) for r in resets), default=0.0)
    recent = [t for t in resets if t > end_s - max(OVER_S, 2.5 * longest_s)]
    if len(resets) >= 3 and recent:
        return Truth("loop")
    if recent:
        return Truth("few_resets")
    online = [t for t, what in rows if what == "online"]
    window = [t for t, what in rows if what == "window over"]
    until_s = window[0] if window else end_s
    if failures and failures[-1] > until_s - OVER_S and not (online and online[-1] > failures[-1]):
        return Truth("radio_failure")
    return None


def _shown(rows: tuple[tuple[float, str], ...], end_s: float) -> list[tuple[float, str]]:
    """What the device was up to, as (since when, kind), until its LED went dark."""
    found: list[tuple[float, str]] = [(0.0, "no_settings")]
    crashes, sends, taken_s = 0, 0, float("-inf")
    dark = stuck = False
    for t_s, what in rows:
        if what in ("boot", "BlinkUp begins"):
            dark = dark and what != "boot"
            sends += what == "BlinkUp begins"
        elif what == "window over":
            dark = t_s - taken_s > TAKEN_S
        elif what == "settings not stored":
            stuck = True
        elif what == "rejected by the server":
            found.append((t_s, "rejected_soon"))
        elif what == "runtime error":
            crashes += 1
        elif what == "takes in its flash":
            found.append((t_s, "update"))
        elif what == "BlinkUp received":
            dark, taken_s = False, t_s  # its LED shows the steps of the new settings
            found.append((t_s, "received"))
        elif what.startswith("shows ") and not dark:
            found.append((t_s, _kind(what.removeprefix("shows "), found, crashes, stuck)))
    return found


def _kind(state: str, found: list[tuple[float, str]], crashes: int, stuck: bool) -> str:
    names = {"legacy_no_settings": "no_settings", "legacy_download": "update", "legacy_install": "update"}
    state = names.get(state, state)
    if state in FLASH:
        return "spi_flash"
    if state == "imp003_no_wlan":
        return "no_radio_power"
    if state == "no_settings" and any(kind == "rejected_soon" for _, kind in found[-2:]):
        return "rejected"
    if crashes and state in ("lost", "connected"):
        return "runtime_loop" if crashes >= 2 else "one_crash"
    if stuck:
        return "settings_not_kept" if state == "no_settings" else "old_settings"
    return state


def unanswered(run: Run, truth: Truth) -> Truth:
    """A BlinkUp that brought nothing is the news, whatever the device went on showing."""
    if not run.sent_s or truth.kind in ("dead", "no_power", "loop", "few_resets", "fastrom", "early_crash", "bricked"):
        return truth
    after = [what for t, what in run.history if t >= run.sent_s[-1]]
    if "BlinkUp received" in after or _power_cycled_after(run):
        return truth
    if truth.kind in ("spi_flash", "no_radio_power", "radio_failure"):
        return truth
    heard = any(what.startswith("BlinkUp failed") for what in after)
    return Truth("refused" if heard else "not_received")


def starved(run: Run, truth: Truth) -> Truth:
    """Waiting for settings needs no Wi-Fi: a device whose supply was set too low for it is both."""
    plan = run.plan
    low = plan.supply == "set_point" and plan.source_v < device_of(plan.device).supply.wifi_min_v
    if not low or truth.kind not in ("no_settings", "refused", "not_received"):
        return truth
    return replace(truth, kind=f"{truth.kind} below the voltage for Wi-Fi")


def _power_cycled_after(run: Run) -> bool:
    return run.cycled_s is not None and run.cycled_s > run.sent_s[-1]


def grade(run: Run, wall_s: float = 0.0) -> Grade:
    """Compare the verdict with the truth, by the rules of scenarios.toml."""
    truth = starved(run, unanswered(run, truth_of(run)))
    outcome = run.outcome
    weak = run.plan.supply != "firm"
    told = run.plan.wrong or not run.plan.network
    if outcome is None:
        return Grade(
            run.plan.seed,
            str(run.plan),
            truth.kind,
            f"raised: {run.fault[:60]}",
            "bench",
            "right" if weak else "wrong",
            1.0,
            False,
            wall_s,
        )
    verdict, domain = outcome.verdict, outcome.fault_domain
    ours = domain in (FaultDomain.BENCH, FaultDomain.CONFIGURATION)
    accepted = set().union(*(_right(kind) for kind in (truth.kind, *truth.before)))
    right = verdict.value in accepted
    if truth.kind in ("loop", "radio_failure", "few_resets", "no_power"):
        right = right and (ours if weak else True)
    if truth.kind == "early_crash":
        right = right and domain is FaultDomain.DUT
    lie = data()["colours_lie"]
    if run.plan.defect in lie["defects"] and domain is FaultDomain.DUT:
        right = right or verdict.value in lie["right"]
    if verdict is Verdict.UNDECIDED and not right:
        named = run.plan.defect in lie["defects"] and any(word in outcome.summary for word in lie["names"])
        right = bool(truth.before) or truth.open or named
    how = "right" if right else "undecided" if verdict is Verdict.UNDECIDED else "wrong"
    blamed = weak and not told and truth.kind in ("loop", "radio_failure", "no_power") and domain is FaultDomain.DUT
    return Grade(
        run.plan.seed, str(run.plan), truth.kind, verdict.value, domain.value, how, outcome.confidence, blamed, wall_s
    )


def _right(kind: str) -> set[str]:
    for row in data()["declared"]:
        if kind in row["truths"]:
            return set(row["right"])
    return set(data()["right"].get(kind, ()))
