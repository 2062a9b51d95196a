"""The bins that are still remembered: grown at one end, dropped at the other."""

from __future__ import annotations

import copy

import numpy as np

from rig.led.levels.bins import FIELDS, Bins, Floats

FEWEST_ALLOCATED = 1024  # bins that memory is reserved for at least


class Window:
    """Bins by number, counted from the first one remembered."""

    def __init__(self) -> None:
        self._store: Bins | None = None
        self._used = 0

    def __len__(self) -> int:
        return self._used

    def copy(self) -> Window:
        """A copy that can go on independently."""
        return copy.copy(self)  # what is stored is written once; growing makes new arrays

    def append(self, bins: Bins) -> None:
        """Add bins at the end."""
        end = self._used + len(bins)
        if self._store is None or end > len(self._store):
            capacity = max(FEWEST_ALLOCATED, 2 * end)
            old = self._store
            arrays = []
            for name in FIELDS:
                new = getattr(bins, name)
                array = np.zeros((capacity, *new.shape[1:]), new.dtype)
                if old is not None:
                    array[: self._used] = getattr(old, name)[: self._used]
                arrays.append(array)
            self._store = Bins(*arrays)
        for name in FIELDS:
            getattr(self._store, name)[self._used : end] = getattr(bins, name)
        self._used = end

    def part(self, first: int, end: int) -> Bins:
        """Bins first..end - 1, as views that must not be changed."""
        assert self._store is not None
        return self._store[first:end]

    def before(self, first: int, end: int) -> Floats:
        """Mean light (bins, channels) of the bin before each of first..end - 1, or the bin's own after an empty bin."""
        assert self._store is not None
        own, n = self._store.mean, self._store.n
        out = own[max(0, first - 1) : end - 1]
        if first == 0:
            out = np.concatenate([own[:1], out])
            first = 1
        empty = n[first - 1 : end - 1] == 0
        if empty.any():
            places = np.flatnonzero(empty) + (len(out) - len(empty))
            out = out.copy()
            out[places] = own[end - len(out) : end][places]
        return out

    def drop(self, count: int) -> None:
        """Forget the first `count` bins."""
        kept = self.part(count, self._used)
        self._store, self._used = None, 0
        self.append(kept)
