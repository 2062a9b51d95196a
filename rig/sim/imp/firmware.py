"""What runs on the imp between two resets: boot, connect, show it on the LED, listen for BlinkUp meanwhile."""

from __future__ import annotations

from rig.sim.imp.chip import ImpChip
from rig.sim.imp.connection import Air, Connection
from rig.sim.imp.listener import Listener
from rig.sim.imp.radio import Radio, RadioFailed
from rig.sim.imp.settings import ImpSettings
from rig.sim.optics import ImpSensor
from rig.sim.process import Process, Program
from rig.sim.timeline import NS_PER_S


class Firmware:
    """One run of impOS. The window (LED and BlinkUp live) is 60 s from power-up or from the last connection attempt."""

    def __init__(self, chip: ImpChip, air: Air, sensor: ImpSensor, wifi_min_v: float) -> None:
        self.chip = chip
        self._air = air
        self._radio = Radio(chip, wifi_min_v)
        self._connection = Connection(chip, self._radio, air, self._show_step)
        self._reconnecting = False
        self._shown = "normal_operation"
        self._covered = False
        self._window_end_ns = chip.timeline.now_ns + chip.character.ns("window_s")
        self._cover: Process | None = None
        self._listener = Listener(chip, sensor, self)
        self._window = Process(chip.timeline, self._watch_window())
        self._main = Process(chip.timeline, self._boot())

    def stop(self) -> None:
        for process in (self._main, self._window, self._cover):
            if process is not None:
                process.stop()
        self._listener.stop()

    # the LED: the state's pattern, covered by what BlinkUp has to say

    def _show(self, state: str) -> None:
        if state == self._shown:
            return
        self._shown = state
        self.chip.log(f"shows {state}")
        if not self._covered:
            self.chip.led.show(state)

    def _show_step(self, state: str) -> None:
        # "1 Hz red means that it tries to reconnect": the steps of a later attempt are not shown.
        if not self._reconnecting:
            self._show(state)

    def _uncover(self) -> None:
        self._covered = False
        self.chip.led.show(self._shown)

    def _cover_with(self, program: Program | None) -> None:
        if self._cover is not None:
            self._cover.stop()
        self._cover = None
        self._covered = True
        if program is not None:
            self._cover = Process(self.chip.timeline, program)

    # programs

    def _boot(self) -> Program:
        chip = self.chip
        chip.draw("silicon", chip.character["boot_a"])
        yield chip.character.ns("boot_to_red_s")
        chip.led.hold(True, False)
        yield chip.character.ns("red_to_radio_s")
        self._arm()
        settings = chip.flash.settings
        if settings is None:
            self._show("no_settings")
        else:
            yield from self._get_online(settings)

    def _arm(self) -> None:
        self.chip.draw("silicon", self.chip.character["armed_a"])
        self._listener.start()

    def _get_online(self, settings: ImpSettings) -> Program:
        chip = self.chip
        while True:
            timeout_ns = chip.character.ns("window_s")
            deadline_ns = chip.timeline.now_ns + timeout_ns
            self._window_end_ns = max(self._window_end_ns, deadline_ns)
            result = yield from self._connection.attempt(settings, deadline_ns)
            if result.how == "given_up" or result.network is None:
                return
            self._reconnecting = False
            self._show("connected")
            if result.how == "rejected":
                chip.log("rejected by the server")
                yield chip.character.ns("rejection_s")
                self._radio.off()
                self._show("no_settings")
                return
            chip.truth.online = True
            chip.log("online")
            try:
                yield from self._stay_online(result.network.drops_after_s)
                self._air.vanish(result.network)
            except RadioFailed:
                chip.log("radio failed")
            self._radio.off()
            chip.truth.online = False
            chip.log("lost")
            self._reconnecting = True
            self._show("lost")
            yield chip.character.ns("radio_retry_s")

    def _stay_online(self, drops_after_s: float | None) -> Program:
        if drops_after_s is not None:
            yield from self._radio.idle(round(drops_after_s * NS_PER_S))
            return
        while True:
            yield from self._radio.idle(NS_PER_S * 60)

    def _watch_window(self) -> Program:
        timeline = self.chip.timeline
        while timeline.now_ns < self._window_end_ns or self._listener.receiving:
            yield max(NS_PER_S // 50, self._window_end_ns - timeline.now_ns)
        self._listener.stop()
        self.chip.log("window over")
        self.chip.draw("silicon", self.chip.character["idle_a"])
        self._cover_with(None)
        self.chip.led.off()

    # what the listener hears

    def blinkup_begins(self) -> None:
        self.chip.log("BlinkUp begins")
        self._cover_with(None)
        self.chip.led.off()

    def blinkup_failed(self, reason: str) -> None:
        self.chip.log(f"BlinkUp failed: {reason}")
        self._cover_with(self._complain())

    def _complain(self) -> Program:
        self.chip.led.hold(True, False)
        yield self.chip.character.ns("reception_error_red_s")
        self._uncover()

    def blinkup_received(self, settings: ImpSettings) -> None:
        chip = self.chip
        chip.log("BlinkUp received")
        chip.truth.online = False
        chip.flash.settings = None if settings.clear else settings
        chip.flash.hints = False
        self._main.stop()
        self._radio.off()
        self._main = Process(chip.timeline, self._configured())

    def _configured(self) -> Program:
        chip = self.chip
        self._cover_with(None)
        chip.led.hold(False, True)
        # LED and listener stay live for the attempt that follows.
        self._window_end_ns = max(
            self._window_end_ns,
            chip.timeline.now_ns + chip.character.ns("window_s") + chip.character.ns("blinkup_green_s"),
        )
        yield chip.character.ns("blinkup_green_s")
        self._shown = ""
        self._covered = False
        self._reconnecting = False
        settings = chip.flash.settings
        if settings is None:
            self._show("no_settings")
        else:
            yield from self._get_online(settings)
