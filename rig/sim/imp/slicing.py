"""Light to bits once the header has begun: by time for bi-level, by the dark clock for tri-level."""

from __future__ import annotations

from collections import deque

from rig.sim.imp.crossings import Comparator
from rig.sim.imp.frame_assembler import FrameAssembler
from rig.sim.imp.parameters import ReceiverParameters
from rig.sim.imp.settings import BadFrame


class BiLevel:
    """One bit per symbol, sliced at the sync's mid-point around the middle of each symbol.

    The symbol clock starts from the sync's regression and is pulled gently along by edges. `grid_s` is the
    start of the header, whose two dark bits have passed when slicing begins.
    """

    def __init__(self, parameters: ReceiverParameters, comparator: Comparator, grid_s: float, symbol_s: float) -> None:
        self._parameters = parameters
        self._comparator = comparator
        self._symbol_s = symbol_s
        self._boundary_s = grid_s + 2 * symbol_s  # where the present symbol starts
        self._sum = 0.0
        self._count = 0
        self._off_grid: deque[bool] = deque(maxlen=8)
        self._frame = FrameAssembler()
        self._frame.push(False)
        self._frame.push(False)

    def step(self, t_s: float, light: float) -> bytes | None:
        """Take one sample of light, a fraction of full scale; returns the whole packet with its last bit.

        Raises:
            BadFrame: the symbol clock is lost, or the bits are no packet.
        """
        run = self._comparator.step(t_s, light)
        if run is not None:
            self._align(run.end_s)
        elif t_s - self._comparator.start_s > self._parameters.max_run_symbols * self._symbol_s:
            raise BadFrame(f"sync lost: no edge for {t_s - self._comparator.start_s:.2f} s")
        phase = (t_s - self._boundary_s) / self._symbol_s
        if phase < 0.25:
            return None
        if phase <= 0.75:
            self._sum += light
            self._count += 1
            return None
        if not self._count:
            raise BadFrame(f"sync lost: no sample inside a symbol of {self._symbol_s * 1e3:.1f} ms")
        bit = self._sum / self._count > self._comparator.mid
        self._sum, self._count = 0.0, 0
        self._boundary_s += self._symbol_s
        return self._frame.push(bit)

    def _align(self, edge_s: float) -> None:
        offset = (edge_s - self._boundary_s) / self._symbol_s
        offset -= round(offset)
        self._off_grid.append(abs(offset) > self._parameters.off_grid)
        if sum(self._off_grid) >= self._parameters.off_grid_limit:
            raise BadFrame(f"sync lost: edges no longer follow the sync's rate of {1 / self._symbol_s:.1f} Hz")
        self._boundary_s += self._parameters.edge_gain * offset * self._symbol_s
        self._symbol_s *= 1 + self._parameters.rate_gain * offset


class TriLevel:
    """One bit per lit symbol, grey 0 and white 1; the dark symbol between them is the clock.

    It begins when the header is complete; `bound` is the light that parts grey from white.
    """

    def __init__(self, parameters: ReceiverParameters, comparator: Comparator, bound: float, symbol_s: float) -> None:
        self._parameters = parameters
        self._comparator = comparator
        self._bound = bound
        self._symbol_s = symbol_s
        self._glitch_s = parameters.glitch_symbols * symbol_s
        self._area = 0.0  # light times seconds of the lit symbol that is not yet closed
        self._lit_s = 0.0
        self._frame = FrameAssembler(header_seen=True)

    def step(self, t_s: float, light: float) -> bytes | None:
        """Take one sample of light, a fraction of full scale; returns the whole packet with its last bit.

        Raises:
            BadFrame: the dark clock is lost, or the bits are no packet.
        """
        run = self._comparator.step(t_s, light)
        if run is not None:
            if run.lit:
                self._area += run.level * run.length_s
                self._lit_s += run.length_s
            return None
        since_s = t_s - self._comparator.start_s
        self._check_clock(since_s / self._symbol_s)
        # A dark glitch must not split a lit symbol in two, so the bit waits for a real dark.
        if not self._lit_s or self._comparator.lit or since_s < self._glitch_s:
            return None
        level, lit_s = self._area / self._lit_s, self._lit_s
        self._area = self._lit_s = 0.0
        return self._frame.push(level > self._bound) if lit_s >= self._glitch_s else None

    def _check_clock(self, symbols: float) -> None:
        lit = self._comparator.lit
        limit = self._parameters.max_lit_symbols if lit else self._parameters.max_dark_symbols
        if symbols > limit:
            raise BadFrame(f"sync lost: {'bright' if lit else 'dark'} for {symbols:.1f} symbols, expected 1")
