"""What the supply's traces say about one powered stretch: levels, dips, pulses of current, and whose fault a dip is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rig.diagnosis.device_facts import DeviceFacts
from rig.diagnosis.outcome import EvidenceItem, FaultDomain
from rig.diagnosis.tags import Tag
from rig.diagnosis.thresholds import CONTACT_OPEN_SHARE
from rig.recording import Action, Floats, Recording
from rig.recording.actions import ActionKind
from rig.supply.restarts import INRUSH_S
from rig.supply.sags import JOIN_S

_SET_KEYS = ("supply_v", "volts", "set_v", "target_v", "v")


@dataclass(frozen=True)
class SupplyDip:
    """A stretch below a threshold (or, for a pulse of current, above one) and its most extreme value."""

    start_s: float
    end_s: float
    extreme: float


@dataclass(frozen=True)
class SupplySeries:
    """The finite samples of a one-channel trace inside a stretch of time."""

    times_s: Floats
    values: Floats

    @property
    def interval_s(self) -> float:
        """Longest usual distance between samples (95th percentile), inf with fewer than two."""
        if len(self.times_s) < 2:
            return float("inf")
        return float(np.percentile(np.diff(self.times_s), 95))

    def runs(self, mask: NDArray[np.bool_], *, low: bool) -> tuple[SupplyDip, ...]:
        """The runs of samples for which `mask` holds; runs that all but touch are one."""
        edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(np.int8), [0]))))
        joined: list[tuple[int, int]] = []
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            if joined and self.times_s[a] - self.times_s[joined[-1][1] - 1] < JOIN_S:
                joined[-1] = (joined[-1][0], int(b))
            else:
                joined.append((int(a), int(b)))
        pick = np.min if low else np.max
        return tuple(
            SupplyDip(float(self.times_s[a]), float(self.times_s[b - 1]), float(pick(self.values[a:b])))
            for a, b in joined
        )

    def below(self, level: float) -> tuple[SupplyDip, ...]:
        """The stretches below a level."""
        return self.runs(self.values < level, low=True)

    def above(self, level: float) -> tuple[SupplyDip, ...]:
        """The stretches above a level."""
        return self.runs(self.values > level, low=False)


@dataclass(frozen=True)
class SupplyView:
    """The supply during one powered stretch. A quantity that nobody measured is None, never zero.

    `risen_s` is when the device's supply first reached `min_v`, None if it never did or was not measured; `dut_v`
    begins there. `lost_s` is when it fell below `min_v` for good. `collapses` are dips below `min_v`, `weak` those
    below `min_wifi_v` (collapses included), `notches` dips of at least `notch_v` below the median: a collapse ends with
    the reset that it causes, so a converter that averages over a millisecond shows it as a notch. `starved` are
    the rig's own actions that made the supply short.
    """

    dut_v: SupplySeries | None
    source_v: SupplySeries | None
    current_a: SupplySeries | None
    risen_s: float | None
    lost_s: float | None
    collapses: tuple[SupplyDip, ...]
    weak: tuple[SupplyDip, ...]
    notches: tuple[SupplyDip, ...]
    pulses: tuple[SupplyDip, ...]
    starved: tuple[Action, ...]

    @property
    def steady(self) -> bool:
        """Measured at the device, risen, and never too low for Wi-Fi."""
        return self.dut_v is not None and self.risen_s is not None and not self.weak and self.lost_s is None

    @property
    def peak_a(self) -> float | None:
        """Highest current; what charges capacitors at power-on is left out. None if nobody measured it."""
        if self.current_a is None:
            return None
        since_s = float("-inf") if self.risen_s is None else self.risen_s + INRUSH_S
        values = self.current_a.values[self.current_a.times_s >= since_s]
        return float(np.max(values)) if len(values) else None

    def measured(self, trace: str) -> bool:
        """Whether a trace has samples in the stretch: `dut_v`, `supply_v` or `supply_a`."""
        return {"dut_v": self.dut_v, "supply_v": self.source_v, "supply_a": self.current_a}[trace] is not None

    def fine_enough(self, facts: DeviceFacts) -> bool:
        """Whether dips of a brown-out could not have hidden between the samples."""
        return self.dut_v is not None and self.dut_v.interval_s <= facts.dip_interval_s


def _series(recording: Recording, name: str, start_s: float, end_s: float) -> SupplySeries | None:
    trace = recording.traces.get(name)
    if trace is None:
        return None
    part = trace.between(start_s, end_s)
    values = part.values if part.values.ndim == 1 else part.values[:, 0]
    good = np.isfinite(values)
    if not good.any():
        return None
    return SupplySeries(part.times_s[good], values[good])


def _set_volts(action: Action) -> float | None:
    for key in _SET_KEYS:
        value = action.details.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def starving_actions(actions: tuple[Action, ...], start_s: float, end_s: float, low_v: float) -> tuple[Action, ...]:
    """The rig's own actions that keep the supply short at some time between `start_s` and `end_s`."""
    found: list[Action] = []
    for kind, ends in (
        (ActionKind.SUPPLY_SET, (ActionKind.SUPPLY_SET, ActionKind.SUPPLY_PROFILE)),
        (ActionKind.SUPPLY_PROFILE, (ActionKind.SUPPLY_SET, ActionKind.SUPPLY_PROFILE)),
        (ActionKind.SERIES_IN, (ActionKind.SERIES_OUT, ActionKind.SERIES_IN)),
    ):
        of_kind = [a for a in actions if a.kind == kind or a.kind in ends]
        for i, action in enumerate(of_kind):
            until_s = of_kind[i + 1].start_s if i + 1 < len(of_kind) else end_s
            in_force = action.start_s < end_s and until_s > start_s
            volts = 0.0 if kind == ActionKind.SERIES_IN else _set_volts(action)
            if action.kind == kind and in_force and volts is not None and volts < low_v:
                found.append(action)
    return tuple(sorted(found, key=lambda a: a.start_s))


def view_supply(recording: Recording, start_s: float, end_s: float, facts: DeviceFacts, *, fresh: bool) -> SupplyView:
    """Look at the supply between two times; `fresh` when the stretch begins with a power-on, so that it has to rise."""
    dut = _series(recording, "dut_v", start_s, end_s)
    source = _series(recording, "supply_v", start_s, end_s)
    current = _series(recording, "supply_a", start_s, end_s)
    risen_s: float | None = None
    lost_s: float | None = None
    collapses: tuple[SupplyDip, ...] = ()
    weak: tuple[SupplyDip, ...] = ()
    if dut is not None:
        up = np.flatnonzero(dut.values >= facts.min_v)
        if len(up):
            risen_s = float(dut.times_s[up[0]])
            # While the supply is still coming up, a low reading is no dip.
            rising_until_s = risen_s
            if fresh:
                full = np.flatnonzero((dut.values >= facts.min_wifi_v) & (dut.times_s <= risen_s + facts.rise_s))
                rising_until_s = float(dut.times_s[full[0]]) if len(full) else risen_s
            after = dut.times_s >= rising_until_s
            run = SupplySeries(dut.times_s[after], dut.values[after])
            collapses, weak = run.below(facts.min_v), run.below(facts.min_wifi_v)
            if collapses and collapses[-1].end_s == run.times_s[-1]:
                last = collapses[-1]
                lost_s = last.start_s if last.end_s - last.start_s >= facts.rise_s else None
            dut = run
    notches = dut.below(float(np.median(dut.values)) - facts.notch_v) if dut is not None and len(dut.values) else ()
    pulses = current.above(facts.burst_a) if current is not None else ()
    starved = starving_actions(recording.actions, start_s, end_s, facts.min_wifi_v)
    return SupplyView(dut, source, current, risen_s, lost_s, collapses, weak, notches, pulses, starved)


def whose_supply(view: SupplyView, facts: DeviceFacts) -> tuple[FaultDomain, str]:
    """Whose fault a supply that is too low at the device is, and why; unknown where the measurements can't tell."""
    if view.starved:
        kinds = ", ".join(dict.fromkeys(a.kind for a in view.starved))
        return FaultDomain.CONFIGURATION, f"the rig itself was told to starve the device ({kinds}): made on purpose"
    if view.dut_v is None:
        return FaultDomain.UNKNOWN, "the voltage at the device was not measured"
    peak_a = view.peak_a
    if peak_a is not None and peak_a > facts.overload_a:
        return (
            FaultDomain.DUT,
            f"the device draws up to {peak_a:.3f} A, more than the {facts.overload_a:.3f} A an imp may need",
        )
    if view.source_v is not None:
        low_v, source_v = float(np.min(view.dut_v.values)), float(np.median(view.source_v.values))
        dips = view.source_v.below(facts.min_wifi_v)
        sagging = [d.extreme for d in dips if any(d.end_s >= w.start_s and d.start_s <= w.end_s for w in view.weak)]
        if sagging:
            lowest_v = min(sagging)
            return FaultDomain.BENCH, f"the bench's regulator itself falls to {lowest_v:.2f} V"
        open_s = _opened_s(view)
        if open_s is not None:
            why = (
                f"the regulator holds {source_v:.2f} V while the current to the device stops for {open_s * 1000:.0f} ms"
            )
            return FaultDomain.BENCH, f"{why}: a contact opens, look between the two"
        if peak_a is not None and peak_a < facts.radio_start_a:
            why = f"no more than {peak_a:.3f} A ever came, where a radio's start takes {facts.radio_start_a:.2f} A: "
            return FaultDomain.BENCH, why + "a source in current limit, or resistance before the device"
        return (
            FaultDomain.BENCH,
            f"the regulator holds {source_v:.2f} V but only {low_v:.2f} V reach the device: look between the two",
        )
    if peak_a is not None:
        return FaultDomain.BENCH, f"the device draws no more than {peak_a:.3f} A, which a supply has to stand"
    return FaultDomain.UNKNOWN, "neither the current nor the voltage at the regulator was measured"


def _opened_s(view: SupplyView) -> float | None:
    """For how long a contact before the device was open at most (s); None if the current went on in each dip."""
    if view.current_a is None or view.dut_v is None:
        return None
    least_a = CONTACT_OPEN_SHARE * float(np.median(view.current_a.values))
    times_s, amps = view.current_a.times_s, view.current_a.values
    opened = []
    for dip in view.weak:
        inside = amps[(times_s >= dip.start_s) & (times_s <= dip.end_s)]
        if len(inside) and float(np.max(inside)) < least_a:
            opened.append(dip.end_s - dip.start_s + view.dut_v.interval_s)
    return max(opened, default=None)


def supply_measurements(view: SupplyView) -> dict[str, tuple[float, str]]:
    """Numbers worth keeping with an outcome; a quantity that was not measured is left out."""
    found: dict[str, tuple[float, str]] = {}
    for name, series, unit in (
        ("dut_v", view.dut_v, "V"),
        ("supply_v", view.source_v, "V"),
        ("supply_a", view.current_a, "A"),
    ):
        if series is not None:
            found[f"{name}_min"] = (float(np.min(series.values)), unit)
            found[f"{name}_median"] = (float(np.median(series.values)), unit)
            found[f"{name}_max"] = (float(np.max(series.values)), unit)
    if view.dut_v is not None:
        found["dips_below_min"] = (float(len(view.collapses)), "1")
        found["dips_below_wifi"] = (float(len(view.weak)), "1")
    if view.current_a is not None:
        found["current_pulses"] = (float(len(view.pulses)), "1")
    return found


def dips_item(dips: tuple[SupplyDip, ...], level_v: float, word: str) -> EvidenceItem:
    """Evidence for one or more dips below `level_v`."""
    lowest_v = min(d.extreme for d in dips)
    first_s, last_s = dips[0].start_s, dips[-1].end_s
    text = f"{len(dips)} dip(s) of dut_v below {level_v:.2f} V ({word}), lowest {lowest_v:.2f} V"
    if len(dips) > 1 and dips[-1].start_s > first_s:
        text += f", {(len(dips) - 1) / (dips[-1].start_s - first_s):.1f} per second"
    return EvidenceItem(first_s, last_s, text, "supply")


def starving_items(view: SupplyView) -> tuple[EvidenceItem, ...]:
    """One item for each of the rig's own actions that starved the device: evidence that it was made on purpose."""
    return tuple(
        EvidenceItem(a.start_s, a.end_s, f"the rig was told to starve the device: {a.kind}", "action")
        for a in view.starved
    )


_SIDE_TAGS = {FaultDomain.DUT: Tag.DUT, FaultDomain.BENCH: Tag.BENCH, FaultDomain.UNKNOWN: Tag.UNKNOWN}


def supply_side(view: SupplyView, domain: FaultDomain) -> Tag:
    """On which side a supply gives way, as a tag: the rig's own doing first, else that of its fault domain."""
    return Tag.STARVED if view.starved else _SIDE_TAGS[domain]
