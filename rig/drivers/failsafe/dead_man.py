"""The dead-man: a script stored in pigpiod that switches the supply off unless somebody outside keeps it alive.

It survives this program, its connection and SIGKILL. It needs the daemon: for the death of the daemon or of the Pi
there are the pull-down and the watchdog of docs/wiring.md. Source of the script: the pigpio manual, "Scripts"; tried
with pigpio's client on the emulated Pi: off 253 ms after the last refresh.
"""

from __future__ import annotations

from typing import Any, Final

from rig.clock import Clock, Deadline
from rig.drivers.failsafe.keepalive import KeepAlive
from rig.drivers.failsafe.power_watch import PowerWatch
from rig.drivers.pigpio_link import daemon_answers
from rig.errors import BenchFault, BenchInUse, Lapse

# The second write is for a wave that has switched in between. A wave that goes on would switch on again.
SCRIPT: Final = "tag 0 mils 50 dcr p0 jp 0 w {gpio} 0 wvhlt w {gpio} 0 halt"
ROUND_S: Final = 0.05
FULL: Final = 4  # p0: five rounds
RUNS_OUT_S: Final = (FULL + 1) * ROUND_S
REHEARSAL: Final = 1  # p0: two rounds
MARK: Final = 0x44454144  # in p9, with the GPIO in p8: it marks the scripts that killed sessions have left
INITING, HALTED, RUNNING, WAITING = range(4)
SCRIPTS: Final = 32
SLACK_S: Final = 0.25  # scripts run in a thread of the daemon with ordinary priority
POLL_S: Final = 0.005
EARLY: Final = 0.8
LET_LAPSE: Final = "a signal, an interrupted request or a failed switching off has let it lapse"


class DeadMan(PowerWatch):
    """One dead-man for the switch on `gpio`. Stored at once, with the switch off; `arm` rehearses and starts it.

    `unwatched_s`: how long the device may have power with no test looking at it.

    Raises:
        BenchFault: the daemon refuses the script.
        BenchInUse: another program's dead-man holds this switch.
        BenchConnectionError: the daemon is gone.
    """

    def __init__(self, pi: Any, clock: Clock, keep_alive: KeepAlive, gpio: int, unwatched_s: float) -> None:
        self._pi, self._clock, self._keep_alive, self._gpio = pi, clock, keep_alive, gpio
        super().__init__(unwatched_s, keep_alive.watch)
        self._armed = False
        self._script: int | None = None
        import pigpio

        try:
            with daemon_answers("dead-man: storing its script"):
                self._clear_leftovers()
                self._script = int(pi.store_script(SCRIPT.format(gpio=gpio).encode()))
                self._await(self._script, HALTED, Deadline.after(clock, 1.0))
        except pigpio.error as error:
            raise BenchFault(
                f"dead-man on GPIO {gpio}: pigpiod refuses its script: {error}; restart the daemon, it keeps "
                f"{SCRIPTS} scripts at most"
            ) from error

    @property
    def armed(self) -> bool:
        """Whether the script runs and is being kept alive."""
        return self._armed

    def arm(self) -> str:
        """Rehearse with the switch off, to prove that the script counts and ends; then start the keep-alive.

        Returns a fact for the report.

        Raises:
            BenchFault: it does not run out in time, or the keep-alive can't refresh it.
            BenchConnectionError: the daemon is gone.
        """
        if self._armed:
            return self._fact
        assert self._script is not None
        with daemon_answers("dead-man: rehearsal"):
            # After a lapse it still has to run out.
            self._await(self._script, HALTED, Deadline.after(self._clock, RUNS_OUT_S + SLACK_S))
            least_s = (REHEARSAL + 1) * ROUND_S
            started_s = self._clock.now_s()
            self._pi.run_script(self._script, self._params(REHEARSAL))
            self._await(self._script, HALTED, Deadline(self._clock, started_s + least_s + SLACK_S))
            took_s = self._clock.now_s() - started_s
            _, p0 = self._status(self._script)
            if took_s < EARLY * least_s:
                raise BenchFault(
                    f"dead-man on GPIO {self._gpio}: its script ended early, after {took_s * 1000:.0f} ms, expected "
                    f"{least_s * 1000:.0f} ms: it would switch off in mid-test. Is pigpiod's clock right?"
                )
            if p0 != -1:
                raise BenchFault(
                    f"dead-man on GPIO {self._gpio}: its script has counted to {p0}, expected -1; does another program "
                    "refresh it?"
                )
        self._keep_alive.start(self._script, self._params(FULL), self._gpio)
        self._armed = True
        return self._fact

    @property
    def _fact(self) -> str:
        return (
            f"pigpiod script on GPIO {self._gpio}, off {RUNS_OUT_S * 1000:.0f} ms after the last sign of life, and "
            f"after {self._unwatched_s:g} s with nobody looking"
        )

    def check(self) -> None:
        """Make sure that the script runs and is being refreshed.

        Raises:
            BenchFault: it has switched off, or would soon.
            HostStalled: it has, because a machine stood still. It can be armed again.
            DeviceUnwatched: it has, because no test looked at the device. It can be armed again.
            BenchConnectionError: it has, because the daemon is gone.
        """
        if not self._armed and not self._powered:
            return  # there is nothing to switch off, and it is armed before there is
        lapse = self._keep_alive.lapse if self._armed else Lapse(LET_LAPSE)
        if lapse is None:
            return
        if self._script is not None:
            with daemon_answers("supply: dead-man"):
                self._status(self._script)
        if lapse.error is not BenchFault:
            self.let_lapse()
            self._keep_alive.forget_lapse()
            raise lapse.error(f"supply switched off (dead-man on GPIO {self._gpio}): {lapse.text}")
        raise BenchFault(
            f"dead-man on GPIO {self._gpio} lapsed: {lapse.text}; supply switched off. Did the daemon restart, is the "
            "machine or the network to the Pi so busy that it stood still for 0.2 s, did another program stop "
            "scripts (pigs procs, procd)?"
        )

    def let_lapse(self) -> None:
        """Stop the keep-alive: off at once, or within 300 ms, whether or not anything here can still reach the daemon.

        Waits for nothing, so that a signal's handler may call it.
        """
        if self._script is not None:
            self._keep_alive.stop(self._script)
        self._armed = False

    def close(self) -> None:
        """Delete the script; the switch is off already.

        Raises:
            BenchConnectionError: the daemon is gone; the script has run out, or ended with it.
        """
        self.let_lapse()
        script, self._script = self._script, None
        if script is not None:
            with daemon_answers("dead-man: deleting its script"):
                self._pi.delete_script(script)

    def _params(self, rounds: int) -> tuple[int, ...]:
        return (rounds, 0, 0, 0, 0, 0, 0, 0, self._gpio, MARK)

    def _status(self, script: int) -> tuple[int, int]:
        """(state, p0); a state below 0 is the daemon's error."""
        state, params = self._pi.script_status(script)
        return int(state), int(params[0]) if params else 0

    def _await(self, script: int, wanted: int, deadline: Deadline) -> None:
        while (state := self._status(script)[0]) != wanted:
            if state < 0 or deadline.expired:
                raise BenchFault(
                    f"dead-man on GPIO {self._gpio}: its script is in state {state}, expected {wanted} (halted) "
                    "by now; is pigpiod's clock right, and does it still run scripts? Restart it"
                )
            self._clock.sleep(POLL_S)

    def _clear_leftovers(self) -> None:
        """Delete what killed sessions have left; one that still counts after its time belongs to a living program."""
        for script in range(SCRIPTS):
            state, params = self._pi.script_status(script)
            if state < 0 or tuple(params[8:10]) != (self._gpio, MARK):
                continue
            deadline = Deadline.after(self._clock, RUNS_OUT_S + SLACK_S)
            while state in (RUNNING, WAITING) and not deadline.expired:
                self._clock.sleep(POLL_S)
                state, _ = self._pi.script_status(script)
            if state in (RUNNING, WAITING):
                raise BenchInUse(
                    f"dead-man on GPIO {self._gpio}: another program keeps one alive (script {script} of pigpiod), so "
                    "it is using this bench; wait for its end. If there is none: restart pigpiod"
                )
            self._pi.delete_script(script)
