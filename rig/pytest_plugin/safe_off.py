"""The supply is off at the end of each test, whatever fixtures the test used, before anything else is done about it."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator

import pytest

from rig.bench.bench import Bench

OPEN = pytest.StashKey[list[Bench]]()


@contextlib.contextmanager
def open_in(config: pytest.Config, bench: Bench) -> Iterator[Bench]:
    """An open bench, known to the session until it is closed."""
    benches = config.stash.setdefault(OPEN, [])
    benches.append(bench)
    try:
        with bench:
            yield bench
    finally:
        benches.remove(bench)


def make_safe(config: pytest.Config) -> None:
    """Switch off what every open bench supplies, each whatever becomes of the others.

    Raises:
        RigError: the first trouble, if there was any; the dead-man of that bench lapses.
    """
    with contextlib.ExitStack() as steps:
        for bench in config.stash.get(OPEN, []):
            steps.callback(bench.make_safe)


def notices_of(config: pytest.Config) -> list[str]:
    """What the open benches have to say of how they were used since this was last asked."""
    said = []
    for bench in config.stash.get(OPEN, []):
        said += bench.supply.notices
        bench.supply.notices.clear()
    return said


class SafeOff:
    """A plugin of one session: off after each phase of each test, before a report is made or anything is drawn."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        """A fixture that fails leaves nothing on."""
        try:
            return (yield)
        except BaseException as error:
            self._while_failing(error)
            raise

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Whatever a test has switched on is off before its report is made."""
        return (yield from self._phase())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        """Off before fixtures end, which may hang, and after what they may have switched on."""
        with contextlib.suppress(Exception):  # told by the phase that has just ended
            make_safe(self._config)
        return (yield from self._phase())

    def _phase(self) -> Generator[None, object, object]:
        try:
            done = yield
        except BaseException as error:
            self._while_failing(error)
            raise
        make_safe(self._config)
        return done

    def _while_failing(self, error: BaseException) -> None:
        """Off, while `error` is on its way; what goes wrong then is noted on it."""
        try:
            make_safe(self._config)
        except Exception as trouble:
            error.add_note(f"and when the supply was switched off: {type(trouble).__name__}: {trouble}")
