"""A program in the simulated world: a generator that yields how long it waits, in nanoseconds."""

from __future__ import annotations

from collections.abc import Generator

from rig.sim.physics.timeline import Event, EventTimeline

Program = Generator[int, None, None]


class Process:
    """Runs a program from now on; `stop` ends it wherever it is, as a reset does."""

    def __init__(self, timeline: EventTimeline, program: Program) -> None:
        self._timeline = timeline
        self._program: Program | None = program
        self._running = False
        self._wait: Event | None = timeline.after(0, self._step)

    @property
    def alive(self) -> bool:
        """Whether the program has neither ended nor been stopped."""
        return self._program is not None

    def stop(self) -> None:
        """End the program wherever it is; it may call this itself."""
        program, self._program = self._program, None
        if self._wait is not None:
            self._wait.cancel()
        if program is not None and not self._running:
            program.close()

    def _step(self) -> None:
        program = self._program
        if program is None:
            return
        self._running = True
        try:
            delay_ns = next(program)
        except StopIteration:
            self._program = None
            return
        finally:
            self._running = False
        if self._program is None:  # the program stopped itself
            program.close()
            return
        self._wait = self._timeline.after(delay_ns, self._step)
