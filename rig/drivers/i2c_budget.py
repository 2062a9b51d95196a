"""An I2C bus with a budget of transfers, so that no driver polls for ever.

Adafruit's ADS1x15 driver polls the conversion bit without end and without sleeping, so a chip whose bit is stuck would
hang the session. Inside `limit` the bus counts; outside it costs nothing, since the bus's own methods are called.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from rig.errors import BenchFault, ConfigError

TRANSFERS: Final = ("writeto", "readfrom_into", "writeto_then_readfrom")


class _Budget:
    __slots__ = ("left", "outer", "transfers", "what")

    def __init__(self, transfers: int, what: str, outer: _Budget | None) -> None:
        self.transfers = self.left = transfers
        self.what = what
        self.outer = outer


class GuardedI2C:
    """The `busio.I2C` shape of `i2c`, passed through; whatever else `i2c` can do is there too.

    `on_use` hears of every driver that takes the bus.
    """

    def __init__(self, i2c: Any, on_use: Callable[[], None] | None = None) -> None:
        self._i2c = i2c
        self._on_use = on_use
        self._lock = threading.Lock()
        self._budgets: dict[int, _Budget] = {}  # by thread: no thread pays for another one's transfers
        self.try_lock: Callable[..., bool] = i2c.try_lock if on_use is None else self._heard_lock
        self.unlock: Callable[..., None] = i2c.unlock
        self.writeto: Callable[..., None]
        self.readfrom_into: Callable[..., None]
        self.writeto_then_readfrom: Callable[..., None]
        self._pass_through()

    def __getattr__(self, name: str) -> Any:
        if name == "_i2c":  # while being copied, say: there is nothing to ask yet
            raise AttributeError(name)
        return getattr(self._i2c, name)

    def _heard_lock(self) -> bool:
        assert self._on_use is not None
        self._on_use()
        return bool(self._i2c.try_lock())

    @contextmanager
    def limit(self, transfers: int, what: str) -> Iterator[None]:
        """Let the calling thread make at most `transfers` transfers inside the block; an outer limit counts them too.

        Raises:
            BenchFault: instead of the transfer that would be one too many; names `what`.
            ConfigError: fewer than one transfer allowed.
        """
        if transfers < 1:
            raise ConfigError(f"{what}: a limit of {transfers} I2C transfers; expected 1 or more")
        me = threading.get_ident()
        with self._lock:
            outer = self._budgets.get(me)
            self._budgets[me] = _Budget(transfers, what, outer)
            if len(self._budgets) == 1:
                self._count()
        try:
            yield
        finally:
            with self._lock:
                if outer is not None:
                    self._budgets[me] = outer
                else:
                    del self._budgets[me]
                    if not self._budgets:
                        self._pass_through()

    def _pass_through(self) -> None:
        for name in TRANSFERS:
            setattr(self, name, getattr(self._i2c, name))

    def _count(self) -> None:
        for name in TRANSFERS:
            setattr(self, name, self._counted(getattr(self._i2c, name)))

    def _counted(self, transfer: Callable[..., Any]) -> Callable[..., Any]:
        budgets, me = self._budgets, threading.get_ident

        def counted(address: int, *arguments: Any, **options: Any) -> Any:
            budget = budgets.get(me())
            while budget is not None:
                if not budget.left:
                    raise BenchFault(
                        f"{budget.what}: the driver made {budget.transfers} I2C transfers, all that were allowed, and "
                        f"wanted one more to 0x{address:02x}; the chip probably never says that it is ready. Check "
                        "its wiring and take the bench's own supply off and on"
                    )
                budget.left -= 1
                budget = budget.outer
            return transfer(address, *arguments, **options)

        return counted
