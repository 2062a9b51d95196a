"""The load switch's line, held by a process of its own (`keeper_process.py`), and what happens when either dies.

    this program ends, is killed or stopped     the keeper drives the line low: at once, or after 0.25 s of silence
    the keeper is killed                        this program takes the line and drives it low
    the keeper is stopped                       this program kills it and does the same
    both at once                                the kernel takes the line back, as an input, and the pull-down opens
                                                the switch, if the kernel does that (`line_returns`)

A kernel that hangs leaves the line as it is: against that there is only hardware (docs/wiring.md).
"""

from __future__ import annotations

import contextlib
import mmap
import os
import select
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

from rig.drivers.failsafe.child_process import ChildProcess
from rig.drivers.failsafe.keepalive import KINDS, LOOK_EVERY_S
from rig.drivers.kernel.chip import client, package_folder, request_lines
from rig.drivers.kernel.keeper_process import BEATS, ROUND_S, SILENCE_S
from rig.errors import BenchConnectionError, BenchFault, HostStalled, Lapse

PROGRAM: Final = Path(__file__).with_name("keeper_process.py")
START_WITHIN_S: Final = 20.0
ANSWER_WITHIN_S: Final = 1.0
END_WITHIN_S: Final = 2.0
BEAT_S: Final = 0.05
STANDS_STILL_S: Final = 0.18  # a keeper whose last round is older than that is killed
TAKE_WITHIN_S: Final = 0.5
TAKE_AGAIN_S: Final = 0.002


class KeeperProcess:
    """One run of the program: started, it holds the line low.

    Raises:
        BenchFault: it does not start, or can't have the line.
    """

    def __init__(self, chip: str, gpio: int) -> None:
        self._gpio = gpio
        with tempfile.TemporaryFile() as file:  # no name is left of it
            file.truncate(BEATS.size)
            self._beats = mmap.mmap(file.fileno(), BEATS.size)
            arguments = [package_folder(), chip, str(gpio), str(os.getpid()), str(file.fileno())]
            self._child = ChildProcess(["-I", "-S", str(PROGRAM), *arguments], inherited_fds=(file.fileno(),))
        self._ended_fd = os.pidfd_open(self._child.process_id)
        self._answers = threading.Lock()
        self.lapse: Lapse | None = None
        said = self._child.line(START_WITHIN_S)
        if said != "held":
            self.end(kill=True)
            raise BenchFault(
                f"keeper of GPIO {gpio}: it says {said or 'nothing'!r}; is the line free (see gpioinfo), and may this "
                "program start others?"
            )

    @property
    def process_id(self) -> int:
        """The operating system's number of the process."""
        return self._child.process_id

    @property
    def still_s(self) -> float:
        """How long ago (s) its last round was."""
        return time.monotonic() - float(BEATS.unpack_from(self._beats)[0])

    @property
    def level(self) -> bool:
        """The line's level in its last round."""
        return bool(BEATS.unpack_from(self._beats)[1])

    def ended_within(self, wait_s: float) -> bool:
        """Whether it has ended, waited for `wait_s` seconds."""
        poll = select.poll()
        poll.register(self._ended_fd, select.POLLIN)
        return bool(poll.poll(wait_s * 1000))

    def say(self, text: str) -> None:
        """Send it lines; waits for nothing."""
        self._child.write(text)

    def drive(self, high: bool) -> bool:
        """Have it drive the line; False: it did not answer."""
        with self._answers:
            if self.lapse is not None:
                return False
            word = str(int(high))
            self._child.write(f"{word}\n")
            said = self._child.line(ANSWER_WITHIN_S)
            if said == word:
                return True
            self.lapse = _lapse(said or "")
            return False

    def look_for_lapse(self) -> Lapse | None:
        """Why it holds the line no longer; None while it does."""
        if self.lapse is None and self._answers.acquire(blocking=False):
            try:
                said = self._child.line(0.0)
                if said is not None:
                    self.lapse = _lapse(said)
            finally:
                self._answers.release()
        return self.lapse

    def kill(self) -> None:
        """End it by SIGKILL; the kernel takes the line back."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child.process_id, signal.SIGKILL)

    def end(self, *, kill: bool = False) -> None:
        """End it: with the line driven low before, or killed."""
        self._child.end(END_WITHIN_S, kill=kill)
        if self._ended_fd >= 0:
            os.close(self._ended_fd)
            self._ended_fd = -1


def _lapse(said: str) -> Lapse:
    kind, _, text = said.partition(": ")
    return Lapse(text, KINDS[kind]) if kind in KINDS else Lapse("its keeper was killed")


class Keeper:
    """The line of one load switch on the chip at path `chip`. Low when made, and held by this program until `start`.

    Implements `rig.drivers.kernel.pin_factory.KeptLine` and `rig.drivers.failsafe.switch_guard.Attention`.

    Raises:
        BenchConnectionError: another program has the line.
    """

    def __init__(self, chip: str, gpio: int) -> None:
        self.chip, self.gpio = chip, gpio
        self._owner = os.getpid()
        self._process: KeeperProcess | None = None
        self._own: Any = None
        self._lapse: Lapse | None = None
        self._watcher: threading.Thread | None = None
        self._stopping = threading.Event()
        self._line = threading.RLock()  # who holds the line
        self._told_s = 0.0
        self._own_threads: set[int] = set()
        self._take()

    def start(self) -> None:
        """Give the line to a keeper, which drives it low.

        Raises:
            BenchFault: it does not start.
        """
        self.stop()
        self._lapse = None
        with self._line:
            self._release()
            try:
                self._process = KeeperProcess(self.chip, self.gpio)
            except BaseException:
                self._take()
                raise
        self._stopping.clear()
        self._watcher = threading.Thread(target=self._watch, args=(self._process,), name="keeper", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Take the line back, low."""
        self._stopping.set()
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.join()
        with self._line:
            process, self._process = self._process, None
            if process is not None and os.getpid() == self._owner:
                process.end()
                self._take()

    @property
    def process_id(self) -> int | None:
        """The operating system's number of the keeper; None while there is none."""
        return self._process.process_id if self._process is not None else None

    @property
    def lapse(self) -> Lapse | None:
        """Why the keeper holds the line no longer; None while it does, or if it was stopped."""
        process = self._process
        if self._lapse is None and process is not None:
            self._lapse = process.look_for_lapse()
        return self._lapse

    def drive(self, high: bool) -> None:
        """Drive the line; returns when it is done.

        Raises:
            BenchFault: it is to be high and has no keeper, or the keeper does not answer.
        """
        process = self._process
        if process is not None and process.drive(high):
            return
        if process is not None:
            self._lapse = self._lapse or process.lapse
        if high:
            why = self._lapse.text if self._lapse is not None else "it was not started"
            raise BenchFault(f"load switch on GPIO {self.gpio}: no keeper holds its line ({why}); the switch stays off")
        with self._line:
            if self._process is not None:
                self._process.kill()
            self._take()

    @property
    def holds_low(self) -> bool:
        """Whether this program holds the line, low."""
        return self._own is not None

    def kill(self) -> None:
        """Kill the keeper, as a rehearsal."""
        process = self._process
        if process is not None:
            process.kill()

    @property
    def level(self) -> bool:
        """Whether the line is high."""
        process = self._process
        return process is not None and self._own is None and process.level

    def let_go(self) -> None:
        """Have the line driven low at once. Waits for nothing: a signal's handler may call it."""
        if self._process is not None and os.getpid() == self._owner:
            self._process.say("!\n")

    def give_back(self) -> None:
        """Drive the line low and let it go."""
        if os.getpid() == self._owner:
            self.stop()
            self._release()

    def watch(self, limit_s: float) -> None:
        """Tell how long the device may have power with nobody looking; 0: it has none."""
        self._told_s = time.monotonic()
        self._say(f"on {limit_s:g}\n" if limit_s else "off\n")

    def looked(self) -> None:
        """Tell that somebody looks, at most every `LOOK_EVERY_S`."""
        now_s = time.monotonic()
        if threading.get_ident() not in self._own_threads and now_s - self._told_s >= LOOK_EVERY_S:
            self._told_s = now_s
            self._say(".\n")

    def ignore_this_thread(self) -> None:
        """What the calling thread does is the rig's own housekeeping and no test's look."""
        self._own_threads.add(threading.get_ident())

    def _say(self, text: str) -> None:
        process = self._process
        if process is not None and os.getpid() == self._owner:
            process.say(text)

    def _watch(self, process: KeeperProcess) -> None:
        """Beat, and take the line when the keeper dies or stands still."""
        while not self._stopping.is_set():
            process.say("~\n")
            if process.ended_within(BEAT_S):
                self._lapse = self._lapse or process.look_for_lapse() or Lapse("its keeper was killed")
            elif process.still_s > STANDS_STILL_S:
                text = f"its keeper has stood still for {process.still_s:.2f} s: stopped, or this machine is too busy"
                self._lapse = self._lapse or Lapse(text, HostStalled)
                process.kill()
            else:
                continue
            while self._own is None and not self._stopping.is_set():
                with self._line, contextlib.suppress(BenchConnectionError):
                    self._take()
            return

    def _take(self) -> None:
        """Hold the line low from here; waits for the kernel to take it back from a keeper that has just died.

        Raises:
            BenchConnectionError: somebody else has it.
        """
        if self._own is not None:
            return
        line = client().line
        low = client().LineSettings(direction=line.Direction.OUTPUT, output_value=line.Value.INACTIVE)
        deadline_s = time.monotonic() + TAKE_WITHIN_S
        while True:
            try:
                self._own = client().request_lines(self.chip, consumer="imp-bench-rig", config={self.gpio: low})
                return
            except OSError:
                if time.monotonic() > deadline_s:
                    break
            select.select([], [], [], TAKE_AGAIN_S)
        self._own = request_lines(self.chip, {self.gpio: low}, f"load switch on GPIO {self.gpio}")

    def _release(self) -> None:
        own, self._own = self._own, None
        if own is not None:
            own.release()


assert ROUND_S * 4 < STANDS_STILL_S < SILENCE_S
