"""A recording of one observation: traces, the rig's actions, and the stretches of light that must not be kept.

Every verdict rests on a recording. One function decodes it, live or stored.
The light of a BlinkUp contains the Wi-Fi password, so its data symbols are blanked in whatever is stored or drawn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from rig.errors import ConfigError
from rig.recording.head import LATEST_S, read_head, write_head
from rig.recording.npz import read_npz, write_npz

# The traces that the rig knows, with their unit, and what their values are multiplied by if a file has another one.
UNITS: Final = {"led": "V", "dut_v": "V", "supply_v": "V", "asked_v": "V", "supply_a": "A"}
FACTORS: Final = {
    "V": {"V": 1.0, "mV": 1e-3, "uV": 1e-6, "\u00b5V": 1e-6, "kV": 1e3},
    "A": {"A": 1.0, "mA": 1e-3, "uA": 1e-6, "\u00b5A": 1e-6},
}
LARGEST: Final = 1e9  # no volt or ampere of a bench is beyond

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trace:
    """One quantity over time.

    `times_s` has shape (N,), never falling; `values` shape (N,) or (N, channels), in `unit`; NaN where blanked.
    """

    name: str
    unit: str
    times_s: Floats
    values: Floats

    def __post_init__(self) -> None:
        if self.times_s.ndim != 1 or len(self.times_s) != len(self.values):
            raise ValueError(f"trace {self.name!r}: {len(self.times_s)} times for {len(self.values)} values")

    def between(self, start_s: float, end_s: float) -> Trace:
        """The samples from `start_s` up to but not including `end_s`."""
        a, b = np.searchsorted(self.times_s, (start_s, end_s))
        return replace(self, times_s=self.times_s[a:b], values=self.values[a:b])


@dataclass(frozen=True)
class Action:
    """Something that the rig did between two times (s of the bench's clock).

    `kind` is one of power_on, power_off, supply_set, supply_profile, series_in, series_out, gap, blinkup. An action of
    kind `blinkup` carries `what` (wifi, clear, wps), `code`, `rate_hz` and `sent_as_planned` (True, False, or None if
    nothing captured it); never the packet, nor a hash that guesses could be compared with.
    """

    kind: str
    start_s: float
    end_s: float
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Blanked:
    """A stretch of time whose light may not be kept; `sha256` is the hash of the samples that were blanked.

    `end_s` reaches past the last symbol by the sensor's settling time.
    """

    start_s: float
    end_s: float
    reason: str
    sha256: str = ""


@dataclass(frozen=True)
class Recording:
    """Traces, actions and blanked stretches of one observation, on one time axis (seconds of the bench's clock).

    Usual traces: `led` (V per sensor channel), `dut_v` (V at the device), `supply_a` (A), `supply_v`
    (V at the regulator), `asked_v` (V that supply profiles have asked for; NaN ends each).

    `about` says what the recording is of: bench, device, calibration, rig, test (docs/recording-format.md). Under its
    key `volatile` stands what differs between two runs with one seed. It is empty in files of the first format.
    """

    traces: dict[str, Trace]
    actions: tuple[Action, ...] = ()
    secret_windows: tuple[Blanked, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def start_s(self) -> float:
        """The time of the earliest sample of any trace; 0 without samples."""
        return min((float(t.times_s[0]) for t in self.traces.values() if len(t.times_s)), default=0.0)

    @property
    def end_s(self) -> float:
        """The time of the latest sample of any trace; 0 without samples."""
        return max((float(t.times_s[-1]) for t in self.traces.values() if len(t.times_s)), default=0.0)

    @property
    def expected_volts(self) -> tuple[tuple[float, float], ...]:
        """(time s, V): when another supply voltage was expected during the recording, so that the light was read anew.

        From then on the light was decoded with the levels of an LED that is fed with that voltage.
        """
        return tuple((float(since_s), float(volts)) for since_s, volts in self.notes.get("expected_volts", ()))

    def blanked(self) -> Recording:
        """A copy that may be stored or shown: light inside secret windows is NaN, with a hash of what it was."""
        led = self.traces.get("led")
        if led is None or not self.secret_windows:
            return self
        values = led.values.copy()
        windows = []
        for window in self.secret_windows:
            a, b = np.searchsorted(led.times_s, (window.start_s, window.end_s))
            digest = window.sha256
            if not digest and not np.isnan(led.values[a:b]).all():  # of light that is gone already there is no hash
                digest = hashlib.sha256(np.ascontiguousarray(led.values[a:b]).tobytes()).hexdigest()
            values[a:b] = np.nan
            windows.append(replace(window, sha256=digest))
        traces = {**self.traces, "led": replace(led, values=values)}
        return replace(self, traces=traces, secret_windows=tuple(windows))

    def cut(self, start_s: float, end_s: float) -> Recording:
        """The stretch from `start_s` up to `end_s`, with all that the rig did before its end.

        `about.cut` says so, and the verdict is left out: it was one on the whole.
        """
        traces = {
            name: replace(trace, times_s=trace.times_s[a:b], values=trace.values[a:b])
            for name, trace in self.blanked().traces.items()
            for a, b in [np.searchsorted(trace.times_s, (start_s, np.nextafter(end_s, np.inf)))]
        }
        actions = tuple(action for action in self.actions if action.start_s <= end_s)
        windows = tuple(w for w in self.blanked().secret_windows if w.start_s <= end_s and w.end_s >= start_s)
        about = {key: value for key, value in self.about.items() if key != "verdict"}
        return replace(
            self,
            traces=traces,
            actions=actions,
            secret_windows=windows,
            about={**about, "cut": {"from_s": start_s, "to_s": end_s}},
        )

    def head(self, *, raw: bool = False) -> str:
        """Everything but the samples, as JSON; `raw`: whether the light of BlinkUp data is in the samples."""
        return write_head(
            {
                "raw": raw,
                "units": {name: trace.unit for name, trace in self.traces.items()},
                "actions": [vars(action) for action in self.actions],
                "secret_windows": [vars(window) for window in self.secret_windows],
                "notes": self.notes,
                "about": self.about,
            }
        )

    def save(self, path: Path, *, raw: bool = False) -> None:
        """Write one compressed .npz; the light of BlinkUp data is blanked unless `raw` is asked for."""
        kept = self if raw else self.blanked()
        arrays: dict[str, Any] = {}
        for name, trace in kept.traces.items():
            arrays[f"{name}.times_s"] = trace.times_s
            arrays[f"{name}.values"] = trace.values
        write_npz(path, {**arrays, "head": np.array(kept.head(raw=raw))})

    @property
    def content_sha256(self) -> str:
        """A hash of all samples and facts but the volatile ones: the same for two runs with one seed."""
        kept = self.blanked()
        about = {key: value for key, value in kept.about.items() if key != "volatile"}
        digest = hashlib.sha256(json.dumps(json.loads(replace(kept, about=about).head()), sort_keys=True).encode())
        for name, trace in sorted(kept.traces.items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(trace.times_s).tobytes())
            digest.update(np.ascontiguousarray(trace.values).tobytes())
        return digest.hexdigest()

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read what `save` wrote, in this format or the first one.

        Raises:
            ConfigError: the file is no recording, is damaged or unbelievably large, or one of a later format.
            FileNotFoundError: there is no such file.
        """
        if not path.exists():
            raise FileNotFoundError(f"{path}: does not exist; expected a recording (.npz) of this rig")
        stored = read_npz(path)
        head = stored.get("head")
        if head is None or head.shape != () or head.dtype.kind != "U":
            raise ConfigError(f"{path}: not a recording of this rig: it has no head; expected a .npz that it wrote")
        return cls.from_parts(path, read_head(path, str(head)), stored)

    @classmethod
    def from_parts(cls, path: Path, head: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Recording:
        """The recording of a head that `read_head` has checked, and arrays `<name>.times_s` and `<name>.values`.

        Raises:
            ConfigError: a trace is missing or is not as documented; `path` is where it was found.
        """
        try:
            traces = {name: _trace(name, unit, arrays) for name, unit in head["units"].items()}
        except ValueError as error:
            raise ConfigError(f"{path}: not a recording of this rig: {error}") from None
        actions = tuple(Action(**a) for a in head["actions"])
        windows = tuple(Blanked(**w) for w in head["secret_windows"])
        return cls(traces, actions, windows, dict(head["notes"]), dict(head.get("about", {})))


def _trace(name: str, unit: str, arrays: Mapping[str, NDArray[Any]]) -> Trace:
    """A stored trace, checked, so that the decoder may rely on it.

    Raises:
        ValueError: it is missing, or its times or values are not as documented.
    """
    times_s, values = arrays.get(f"{name}.times_s"), arrays.get(f"{name}.values")
    if times_s is None or values is None:
        raise ValueError(f"trace {name!r} has no {'times_s' if times_s is None else 'values'}")
    for array in (times_s, values):
        if array.dtype.kind not in "biuf":
            raise ValueError(f"trace {name!r} holds {array.dtype}, expected numbers")
    times, numbers = np.asarray(times_s, dtype=np.float64), np.asarray(values, dtype=np.float64)
    dimensions = (1, 2) if name == "led" else (1,)
    if times.ndim != 1 or numbers.ndim not in dimensions or len(times) != len(numbers):
        raise ValueError(f"trace {name!r} has times of shape {times.shape} and values of shape {numbers.shape}")
    if not np.isfinite(times).all() or (times[1:] < times[:-1]).any():
        raise ValueError(f"trace {name!r}: its times are not finite numbers that never fall")
    if len(times) and max(abs(float(times[0])), abs(float(times[-1]))) > LATEST_S:
        raise ValueError(f"trace {name!r}: its times reach {times[-1]:.3g} s, expected at most {LATEST_S:.0e} s")
    factor = _factor(name, unit)
    if factor != 1.0:
        numbers = numbers * factor
    if (np.abs(numbers) > LARGEST).any():  # NaN is not
        raise ValueError(f"trace {name!r}: a value is beyond {LARGEST:.0e} {UNITS.get(name, unit)}")
    return Trace(name, UNITS.get(name, unit), times, numbers)


def _factor(name: str, unit: str) -> float:
    """What the values of a trace are multiplied by.

    Raises:
        ValueError: the unit is not one of the quantity.
    """
    if name not in UNITS:
        return 1.0
    factors = FACTORS[UNITS[name]]
    if unit not in factors:
        raise ValueError(f"trace {name!r} is in {unit!r}, expected {UNITS[name]} ({', '.join(factors)} are converted)")
    return factors[unit]
