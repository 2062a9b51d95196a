"""Units as instruments write them: of time in seconds, and of what is measured."""

from __future__ import annotations

import re
from typing import Final

SECONDS: Final = {
    "d": 86400.0, "h": 3600.0, "min": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12,
}  # fmt: skip
"""Seconds in each unit of time that can be asked for."""

_WORDS: Final = {
    "d": ("d", "day", "days"),
    "h": ("h", "hr", "hrs", "hour", "hours", "stunde", "stunden"),
    "min": ("min", "mins", "minute", "minutes", "minuten"),
    "s": ("s", "sec", "secs", "second", "seconds", "sekunde", "sekunden", "seconde", "secondes"),
    "ms": ("ms", "msec", "msecs", "milli", "millis", "millisec", "millisecond", "milliseconds", "millisekunden"),
    "us": ("us", "µs", "μs", "usec", "usecs", "µsec", "μsec", "micros", "microsec", "microsecond", "microseconds"),
    "ns": ("ns", "nsec", "nsecs", "nanos", "nanosec", "nanosecond", "nanoseconds"),
    "ps": ("ps", "psec", "picosecond", "picoseconds"),
}
TIME_UNITS: Final = {word: unit for unit, words in _WORDS.items() for word in words}
"""Each word for a unit of time, in lower case, and the unit in `SECONDS` that it means."""

COUNTERS: Final = frozenset(
    {"#", "n", "nr", "no", "num", "number", "index", "idx", "sample", "samples", "count", "counter", "sequence", "seq"}
    | {"point", "points", "row", "unnamed: 0", "i", "sample number", "sample index", "tick", "ticks", "frame"}
)
"""Names, in lower case, of columns that number the rows."""

TIMES: Final = frozenset(
    {"time", "times", "t", "timestamp", "timestamps", "zeit", "temps", "tiempo", "tempo", "tid", "elapsed", "clock"}
    | {"x", "x-axis", "xaxis", "datetime", "date", "uptime"}
)
"""Words, in lower case, that make a column one of time without telling its unit."""

_MEASURED: Final = {
    "volt": "V", "volts": "V", "v": "V", "millivolt": "mV", "millivolts": "mV", "mv": "mV", "uv": "uV", "kv": "kV",
    "ampere": "A", "amperes": "A", "amp": "A", "amps": "A", "a": "A", "ma": "mA", "ua": "uA", "na": "nA",
    "watt": "W", "watts": "W", "w": "W", "mw": "mW", "uw": "uW", "logic": "", "unknown": "", "adc": "", "counts": "",
    "hz": "Hz", "ohm": "ohm", "c": "C", "k": "K", "j": "J", "mj": "mJ", "db": "dB", "%": "%", "lux": "lx", "lx": "lx",
}  # fmt: skip
_PREFIX: Final = {"": 1.0, "k": 1e3, "m": 1e-3, "u": 1e-6, "n": 1e-9}


def measured_unit(word: str) -> str | None:
    """The unit that a word means (`Volt` is V, `µA` is uA); "" for numbers without one; None for an unknown word."""
    return _MEASURED.get(word.strip().strip("()[]").lower().replace("µ", "u").replace("μ", "u"))


def factor_to(unit: str, wanted: str) -> float | None:
    """What values in `unit` (mV) are multiplied with to come in `wanted` (V); None if they can't be."""
    if not unit.endswith(wanted):
        return None
    return _PREFIX.get(unit[: len(unit) - len(wanted)])


def name_and_unit(name: str) -> tuple[str, str]:
    """A column's name without the unit that stands in brackets behind it, and that unit: `CH1 (mV)` is CH1, mV."""
    match = re.fullmatch(r"(.*?)\s*[\[(]\s*([^\[\]()]+?)\s*[\])]", name)
    unit = measured_unit(match.group(2)) if match else None
    return (match.group(1) or name, unit) if match and unit is not None else (name, "")


def time_unit_in(name: str) -> tuple[str | None, bool]:
    """The unit of time in a column's name, and whether the name says a unit at all that is not understood.

    (`time_ms` -> ms, False; `time` -> None, False; `Time (ticks)` -> None, True; two units that differ -> None, True).
    `US` in capitals between other words is no unit that can be relied on.
    """
    bracketed = [part.strip() for part in re.findall(r"[\[(/]\s*([^\])]*)", name) if part.strip()]
    if bracketed:
        words_of = [re.findall(r"[a-zµμ]+", part.lower()) for part in bracketed]
        found = {TIME_UNITS[word] for words in words_of for word in words if word in TIME_UNITS}
        return (found.pop(), False) if len(found) == 1 else (None, True)
    words = re.findall(r"[A-Za-zµμ]+", re.sub(r"[A-Za-z]\d+", " ", name))
    units = {TIME_UNITS[word.lower()] for word in words if word.lower() in TIME_UNITS and word != "US"}
    if len(units) == 1:
        return units.pop(), False
    return None, bool(units) or "US" in words


def is_time_name(name: str) -> bool:
    """Whether a column of this name holds times: it says time, or nothing but a unit of time."""
    words = [word.lower() for word in re.findall(r"[A-Za-zµμ]+(?:-axis)?", name)]
    if not words or name.strip().lower() in COUNTERS:
        return False
    return any(word in TIMES for word in words) or (words[0] in TIME_UNITS and words[0] not in ("d", "h", "min"))
