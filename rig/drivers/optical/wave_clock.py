"""The clock that times pigpiod's waves: some machines' runs at another rate than it says."""

from __future__ import annotations

from typing import Any, Final, Protocol

from rig.clock import Clock
from rig.drivers.pigpio_link import daemon_answers
from rig.errors import BenchConnectionError, BenchFault

WAVE_US: Final = 500_000
# pigpio issues 331, 430 (twice), 80, 137, 140 (1.13 to 1.16): some Pi 3 images, depending on what was on at boot.
WAVE_TOLERANCE: Final = 0.005
LOOKS: Final = 5
CONSISTENT: Final = 3  # so many times off is wrong
_EARLY = 0.98
_OPEN = 0.05  # largest share of the wave between two polls; clocks that are known to be wrong are further off
_FINE_S, _FINE_STEPS = 0.0005, 80
_COARSE_S, _COARSE_STEPS = 0.02, 100
_CURE = (
    "known from some Pi 3 images: start the daemon with `pigpiod -t 0`, or set hdmi_force_hotplug=1 in config.txt and "
    "boot again"
)


class WaveClient(Protocol):
    """The calls of pigpio's client (`pigpio.pi`) that the self-test uses."""

    def wave_add_new(self) -> int:
        """Begin a new wave (WVNEW)."""
        ...

    def wave_add_generic(self, pulses: list[Any]) -> int:
        """Add pulses (WVAG); returns the number of pulses of the wave."""
        ...

    def wave_create(self) -> int:
        """Make the wave (WVCRE); returns its id."""
        ...

    def wave_send_once(self, wave_id: int) -> int:
        """Send the wave once (WVTX)."""
        ...

    def wave_tx_busy(self) -> int:
        """1 while a wave is being sent, else 0 (WVBSY)."""
        ...

    def wave_tx_stop(self) -> int:
        """End whatever is being sent (WVHLT)."""
        ...

    def wave_delete(self, wave_id: int) -> int:
        """Delete the wave (WVDEL)."""
        ...

    def get_current_tick(self) -> int:
        """Microseconds since the daemon's boot, modulo 2^32 (TICK)."""
        ...


class SilentWave:
    """A wave of `WAVE_US` that moves no pin and is being sent; `ratio` waits for its end."""

    def __init__(self, pi: WaveClient, clock: Clock) -> None:
        import pigpio

        self._pi, self._clock = pi, clock
        try:
            with daemon_answers("self-test of the wave clock"):
                pi.wave_add_new()
                pi.wave_add_generic([pigpio.pulse(0, 0, WAVE_US)])
                self._wave_id = pi.wave_create()
                self._start_tick = pi.get_current_tick()
                self._start_s = clock.now_s()
                pi.wave_send_once(self._wave_id)
                self._sent_tick = pi.get_current_tick()
        except pigpio.error as error:
            raise BenchFault(
                f"self-test: pigpiod refuses a wave: {error}; is another program using waves? Restart the daemon"
            ) from error

    def ratio(self) -> float | None:
        """The length of the wave over its nominal length, by the daemon's tick.

        The wave ended between the last poll that found it busy and the first that didn't. None if those two are too far
        apart, as on a machine that is busy with other things.

        Raises:
            BenchFault: the ratio is off by more than `WAVE_TOLERANCE`, wherever between the two polls the wave ended.
        """
        import pigpio

        pi, clock = self._pi, self._clock
        seen_tick = self._sent_tick
        with daemon_answers("self-test of the wave clock"):
            clock.sleep_until(max(clock.now_s(), self._start_s + _EARLY * WAVE_US / 1e6))
            early = True
            for step_s in [_FINE_S] * _FINE_STEPS + [_COARSE_S] * _COARSE_STEPS:
                before_tick = pi.get_current_tick()
                busy, end_tick = pi.wave_tx_busy(), pi.get_current_tick()
                if not busy:
                    break
                early, seen_tick = False, before_tick
                clock.sleep(step_s)
            least_us = int(pigpio.tickDiff(self._sent_tick, seen_tick))
            took_us = int(pigpio.tickDiff(self._start_tick, end_tick))
            pi.wave_tx_stop()
            pi.wave_delete(self._wave_id)
        least, ratio = least_us / WAVE_US, took_us / WAVE_US
        if busy or least > 1.0 + WAVE_TOLERANCE or ratio < 1.0 - WAVE_TOLERANCE:
            word = "at most " if early else "more than " if busy else ""
            raise BenchFault(
                f"pigpiod's wave clock: a wave of {WAVE_US / 1e6:g} s took {word}{took_us / 1e6:.3f} s, {word}"
                f"{ratio:.3f} of what it should (tolerance {WAVE_TOLERANCE:.1%}); {_CURE}"
            )
        return None if ratio - least > _OPEN else ratio


def wave_clock_ratio(pi: WaveClient, clock: Clock) -> float:
    """The ratio of the wave clock to what it should be. A clock that is wrong is so each time.

    Raises:
        BenchFault: it was off each time it was looked at, or never seen exactly.
    """
    for look in range(LOOKS):
        try:
            ratio = SilentWave(pi, clock).ratio()
        except BenchConnectionError:
            raise
        except BenchFault:  # on a machine that stands still now and then an emulated clock is off now and then
            if look + 1 >= CONSISTENT:
                raise
            continue
        if ratio is not None:
            return ratio
    raise BenchFault(
        f"self-test: a wave of {WAVE_US / 1e6:g} s ended unseen {LOOKS} times: this machine or the network "
        "to the Pi is too busy to time anything; end other programs"
    )
