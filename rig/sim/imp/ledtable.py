"""The simulated imp's own LED table: which colours it shows in which state, and for how long.

Written out from the maker's LED guide and the descriptions in words that give its colours. Colours that nobody has
described are assumed here and marked so. Where the guide leaves two readings the first one is drawn.
States that are made of others (rejected, runtime error loop) or that come from the supply (power fault) have no row:
they happen.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Literal

NS_PER_MS = 1_000_000

Kind = Literal["cyclic", "solid", "once"]


@dataclass(frozen=True)
class LedCell:
    """A stretch of one colour; red and green together are amber. `ms` is 0 in a solid pattern: for ever.

    `ms_range` gives the limits where the length is documented as a range, and `exact` is False where the length
    itself is not documented.
    """

    red: bool
    green: bool
    ms: int
    ms_range: tuple[int, int] | None = None
    exact: bool = True


@dataclass(frozen=True)
class LedPattern:
    """What the LED shows in one state. `total_ms` ends a `once` pattern that repeats its cells for a while."""

    kind: Kind
    cells: tuple[LedCell, ...]
    assumed: bool = False
    total_ms: int | None = None

    @property
    def cycle_ms(self) -> int:
        """The length of one cycle."""
        return sum(cell.ms for cell in self.cells)

    @property
    def duration_ms(self) -> int | None:
        """How long a `once` pattern lasts; None for those that never end."""
        if self.kind != "once":
            return None
        return self.cycle_ms if self.total_ms is None else self.total_ms


def _d(ms: int, ms_range: tuple[int, int] | None = None, exact: bool = True) -> LedCell:
    return LedCell(False, False, ms, ms_range, exact)


def _r(ms: int, ms_range: tuple[int, int] | None = None, exact: bool = True) -> LedCell:
    return LedCell(True, False, ms, ms_range, exact)


def _g(ms: int, ms_range: tuple[int, int] | None = None) -> LedCell:
    return LedCell(False, True, ms, ms_range)


def _a(ms: int) -> LedCell:
    return LedCell(True, True, ms)


def _cyclic(*cells: LedCell, assumed: bool = False) -> LedPattern:
    return LedPattern("cyclic", cells, assumed)


LED_STATES: dict[str, LedPattern] = {
    "no_settings": _cyclic(_d(500), _a(500)),
    "legacy_no_settings": _cyclic(_d(500), _a(500)),
    "blinkup_ok": LedPattern("once", (_g(3000),)),
    "legacy_blinkup_ok": LedPattern("once", (_g(250), _d(250)), total_ms=3000),
    "legacy_blinkup_fail": _cyclic(_d(250), _r(250)),
    "reception_error": LedPattern("once", (_r(1000, (500, 2000), exact=False),)),
    "eth_wait": _cyclic(_d(500), _a(500), _d(250), _a(250), assumed=True),
    "wps": _cyclic(_d(500), _a(250), _d(250), _a(250), assumed=True),
    "searching": _cyclic(_d(500), _r(500), _d(500), _r(250), _d(250), _r(250)),
    "joining": _cyclic(_d(500), _r(500), _d(500), _r(250), _d(250), _r(250), _d(250), _r(250)),
    "proxy_addr": _cyclic(_d(500), _a(500), _d(250), _r(250), _d(250), _r(250), assumed=True),
    "proxy_cred": _cyclic(_d(500), _a(500), _r(250), _d(250), _r(250), _d(250), _r(250), assumed=True),
    "modem": _cyclic(_d(500), _r(500), _d(500), _a(250), assumed=True),
    "sim": _cyclic(_d(500), _r(500), _d(500), _a(250), _d(500), _a(250), _d(500), _a(250), assumed=True),
    "registering": _cyclic(_d(500), _r(500), _d(500), _r(250), _d(250), _r(250), _a(500), assumed=True),
    "reg_denied": _cyclic(_d(500), _r(500), _d(500), _a(500), _d(500), _a(500), assumed=True),
    "ppp": _cyclic(_d(500), _a(500), _d(500), _a(250), assumed=True),
    "ppp_check": _cyclic(_d(500), _a(500), _d(500), _a(250), _d(250), _a(250), _d(250), _a(250), _r(500), assumed=True),
    "getting_ip": _cyclic(_d(500), _r(250), _a(250)),
    "resolving": _cyclic(_d(500), _a(250), _r(250)),
    "connecting_server": _cyclic(_d(500), _a(500), _d(500), _r(250)),
    "connected": _cyclic(_d(500), _g(500)),
    "lost": _cyclic(_d(500), _r(500)),
    "offline": _cyclic(_d(500), _g(250), _d(250), _g(250), assumed=True),
    "update": LedPattern("solid", (_g(0),)),
    "legacy_download": _cyclic(_g(500), _d(250), _g(250), _d(250)),
    "legacy_install": LedPattern("solid", (_g(0),)),
    "normal_operation": LedPattern("solid", (_d(0),)),
    # The imp006 reboots after each red; the gap is the reboot, drawn here within the range given for it.
    "fastrom": _cyclic(_r(2000), _d(175, (50, 300), exact=False)),
    "spi_not_found": _cyclic(_a(500), _r(250), _d(500, exact=False)),
    "spi_error": _cyclic(_r(500), _a(250), _d(500, exact=False)),
    "imp004m_flash_blank": _cyclic(_r(500), _d(2500)),
    "imp003_no_wlan": _cyclic(_g(1250), _d(500)),
    "imp003_flash_unsupported": _cyclic(
        _g(4000),
        *(_r(500, exact=False), _d(500, exact=False)) * 3,
        *(_r(250, exact=False), _d(500, exact=False)),
    ),
    "flash_ingest": LedPattern("once", (_g(20000, (10000, 30000)),)),
    "blessed": LedPattern("solid", (_g(0),)),
    "bless_failed": LedPattern("solid", (_r(0),)),
}


def draw_pattern(pattern: LedPattern, rng: random.Random) -> LedPattern:
    """One device's own version of a pattern: lengths documented as a range are drawn from it."""
    cells = tuple(replace(c, ms=rng.randint(*c.ms_range)) if c.ms_range else c for c in pattern.cells)
    return replace(pattern, cells=cells)


def pattern_at(pattern: LedPattern, elapsed_ns: int) -> tuple[bool, bool, int | None]:
    """Red, green, and the elapsed time in ns at which the present cell ends; None if it never does.

    `elapsed_ns` counts from the start of the pattern (0 or more). A `once` pattern is dark after its end.
    """
    if elapsed_ns < 0:
        raise ValueError(f"elapsed time of {elapsed_ns} ns: a pattern can't be asked for before its start")
    if pattern.kind == "solid":
        return pattern.cells[0].red, pattern.cells[0].green, None
    end_ns = None if pattern.duration_ms is None else pattern.duration_ms * NS_PER_MS
    if end_ns is not None and elapsed_ns >= end_ns:
        return False, False, None
    cycle_ns = pattern.cycle_ms * NS_PER_MS
    edge_ns = elapsed_ns - elapsed_ns % cycle_ns
    for cell in pattern.cells:
        edge_ns += cell.ms * NS_PER_MS
        if elapsed_ns < edge_ns:
            break
    return cell.red, cell.green, edge_ns if end_ns is None else min(edge_ns, end_ns)
