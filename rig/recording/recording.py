"""A recording of one observation: traces, the rig's actions, and the stretches of light that must not be kept.

Every verdict rests on a recording. One function decodes it, live or stored.
The light of a BlinkUp contains the Wi-Fi password, so its data symbols are blanked in whatever is stored or drawn.
"""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rig.errors import ConfigError
from rig.recording.checked import action_fields, notes_of, refuse_bomb, window_fields
from rig.redaction import redacted_data

FORMAT = "rig-recording-1"

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
    """

    traces: dict[str, Trace]
    actions: tuple[Action, ...] = ()
    secret_windows: tuple[Blanked, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)

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
            if not digest:
                digest = hashlib.sha256(np.ascontiguousarray(led.values[a:b]).tobytes()).hexdigest()
            values[a:b] = np.nan
            windows.append(replace(window, sha256=digest))
        traces = {**self.traces, "led": replace(led, values=values)}
        return replace(self, traces=traces, secret_windows=tuple(windows))

    def save(self, path: Path, *, raw: bool = False) -> None:
        """Write one compressed .npz; the light of BlinkUp data is blanked unless `raw` is asked for."""
        kept = self if raw else self.blanked()
        arrays: dict[str, Any] = {}
        for name, trace in kept.traces.items():
            arrays[f"{name}.times_s"] = trace.times_s
            arrays[f"{name}.values"] = trace.values
        head = {
            "format": FORMAT,
            "raw": raw,
            "units": {name: trace.unit for name, trace in kept.traces.items()},
            "actions": [vars(action) for action in kept.actions],
            "secret_windows": [vars(window) for window in kept.secret_windows],
            "notes": kept.notes,
        }
        arrays["head"] = np.array(json.dumps(redacted_data(head)))
        # The format of `np.savez_compressed`, written in a third of its time; the file is 8 % larger.
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)  # its owner's alone, if it is new
        with (
            os.fdopen(handle, "w+b") as whole,
            zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
        ):
            for name, array in arrays.items():
                with file.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read what `save` wrote.

        Raises:
            ConfigError: the file is no recording, or one of another format.
        """
        if path.is_file() and not zipfile.is_zipfile(path):
            raise ConfigError(f"{path}: not a recording of this rig; expected a .npz that it wrote")
        try:
            if path.is_file():
                refuse_bomb(path)
            with np.load(path, allow_pickle=False) as stored:
                head = json.loads(str(stored["head"]))
                if head.get("format") != FORMAT:
                    raise ConfigError(f"{path}: format is {head.get('format')!r}, expected {FORMAT!r}")
                traces = {
                    name: _trace(name, unit, stored[f"{name}.times_s"], stored[f"{name}.values"])
                    for name, unit in head["units"].items()
                }
                actions = tuple(Action(**action_fields(a)) for a in head["actions"])
                windows = tuple(Blanked(**window_fields(w)) for w in head["secret_windows"])
                return cls(traces, actions, windows, notes_of(head["notes"]))
        except FileNotFoundError:
            raise
        except ConfigError:
            raise
        except Exception as error:
            raise ConfigError(
                f"{path}: not a recording of this rig ({error}); expected a .npz that it wrote"
            ) from error


def _trace(name: str, unit: str, times_s: NDArray[Any], values: NDArray[Any]) -> Trace:
    """A stored trace, checked, so that the decoder may rely on it."""
    times, numbers = np.asarray(times_s, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if not np.isfinite(times).all() or (np.diff(times) < 0).any():
        raise ValueError(f"trace {name!r}: its times are not finite numbers that never fall")
    return Trace(name, unit, times, numbers)
