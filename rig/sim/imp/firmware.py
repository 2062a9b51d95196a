"""What runs on the imp between two resets: boot, connect, show it on the LED, listen for BlinkUp meanwhile."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

from rig.config.network import AnyNetwork
from rig.sim.imp import startup
from rig.sim.imp.chip import ImpChip
from rig.sim.imp.connector import Connector, link_for
from rig.sim.imp.listener import Listener
from rig.sim.imp.networks import SurroundingNetworks
from rig.sim.imp.radio import RadioFailed, RadioLoad
from rig.sim.imp.settings import ImpSettings
from rig.sim.imp.update import update
from rig.sim.physics.imp_sensor import ImpSensor
from rig.sim.physics.process import Process, Program
from rig.sim.physics.timeline import NS_PER_S

FULL_CODES_IMPOS = 27  # this impOS extended the LED codes (maker's blog)
OLDEST_STATES = {"searching": "lost"}  # before impOS 27: red once a second while no network is found (forum)
NO_BOOT_WINDOW_IMPOS = 42  # from this impOS on, code may end the BlinkUp window as soon as it runs (maker's page)


class Firmware:
    """One run of impOS. The window (LED and BlinkUp live) is 60 s from power-up or from the last connection attempt."""

    def __init__(self, chip: ImpChip, networks: SurroundingNetworks, sensor: ImpSensor, wifi_min_v: float) -> None:
        self.chip = chip
        self._networks = networks
        self._radio = RadioLoad(chip, wifi_min_v)
        self._connector = Connector(chip, self._radio, networks, self._show_step)
        self._reconnecting = False
        self._startup_fault: str | None = None
        self._shown = "normal_operation"
        self._overlaid = False
        self._window_end_ns = chip.timeline.now_ns + chip.individual.ns("window_s")
        self._overlay: Process | None = None
        self._listener = Listener(chip, sensor, self)
        self._window = Process(chip.timeline, self._watch_window())
        self._main = Process(chip.timeline, self._boot())
        crash_s = chip.defects.early_crash_s
        self._crash = None if crash_s is None else Process(chip.timeline, self._crash_early(crash_s))
        early = chip.defects.code_switches_blinkup_off and chip.individual.impos >= NO_BOOT_WINDOW_IMPOS
        self._code = Process(chip.timeline, self._code_runs_unconnected()) if early else None

    def stop(self) -> None:
        """End everything that runs, as a reset does."""
        for process in (self._main, self._window, self._overlay, self._crash, self._code):
            if process is not None:
                process.stop()
        self._listener.stop()

    # The LED: the state's pattern, or the answer to a BlinkUp that overlays it.

    def _show(self, state: str) -> None:
        if state == self._shown:
            return
        self._shown = state
        self.chip.log(f"shows {state}")
        if not self._overlaid:
            self.chip.led.show(state)

    def _show_step(self, state: str) -> None:
        # "1 Hz red means that it tries to reconnect": the steps of a later attempt are not shown.
        if not self._reconnecting:
            self._show(OLDEST_STATES.get(state, state) if self._oldest else state)

    @property
    def _oldest(self) -> bool:
        return self.chip.individual.impos < FULL_CODES_IMPOS and self.chip.legacy

    def _end_overlay(self) -> None:
        self._overlaid = False
        self.chip.led.show(self._shown)

    def _overlay_with(self, program: Program | None) -> None:
        if self._overlay is not None:
            self._overlay.stop()
        self._overlay = None
        self._overlaid = True
        if program is not None:
            self._overlay = Process(self.chip.timeline, program)

    # What runs beside one another.

    def _boot(self) -> Program:
        chip = self.chip
        chip.set_current("silicon", chip.individual["boot_a"])
        slower = chip.defects.boot_factor
        yield round(slower * chip.individual.ns("boot_to_red_s"))
        chip.led.hold(True, False)
        yield from startup.fastrom(chip)
        yield round(slower * chip.individual.ns("red_to_radio_s"))
        yield from startup.radio_firmware(chip)
        yield from startup.first_boot(chip)
        self._startup_fault = startup.fault(chip)
        if startup.listens(self._startup_fault):
            self._arm()
        yield from self._go_on()

    def _arm(self) -> None:
        self.chip.set_current("silicon", self.chip.individual["armed_a"])
        self._listener.start()

    def _go_on(self) -> Program:
        """What follows the start, and every BlinkUp."""
        settings = self.chip.flash.settings
        if self._startup_fault is not None:
            self._show(self._startup_fault)
            return
        link = None if settings is None else link_for(settings, self.chip)
        if settings is None or link is None:
            self._show("legacy_no_settings" if self.chip.legacy else "no_settings")
        else:
            yield from self._get_online(settings, link)

    def _crash_early(self, after_s: float) -> Program:
        yield round(after_s * NS_PER_S)
        self.chip.restart("early crash")

    def _code_runs_unconnected(self) -> Program:
        """Code starts after a while even without a connection, and may switch BlinkUp off."""
        yield self.chip.individual.ns("code_runs_s")
        self._end_window()

    def _get_online(self, settings: ImpSettings, link: str) -> Program:
        chip = self.chip
        keep_window = True
        while True:
            deadline_ns = chip.timeline.now_ns + chip.individual.ns("connect_timeout_s")
            if keep_window:
                wps_ns = chip.individual.ns("wps_timeout_s") if settings.wps_pin is not None else 0
                self._window_end_ns = max(self._window_end_ns, deadline_ns, chip.timeline.now_ns + wps_ns)
            result = yield from self._connector.connect(settings, link, deadline_ns)
            if result.how == "given_up" or result.network is None:
                # Assumed: it tries again later, with its LED dark by then.
                chip.log("gave up")
                yield chip.individual.ns("retry_s")
                keep_window = False
                continue
            self._reconnecting = False
            self._show("connected")
            if result.how == "rejected":
                chip.log("rejected by the server")
                yield chip.individual.ns("rejection_s")
                self._radio.off()
                self._show("no_settings")
                return
            chip.truth.online = True
            chip.log("online")
            lost = True
            try:
                lost = yield from self._online(result.network, link)
            except RadioFailed:
                chip.log("radio failed")
            self._radio.off()
            chip.truth.online = False
            if not lost:
                return
            chip.log("lost")
            self._reconnecting = keep_window = True
            self._show("lost")
            yield chip.individual.ns("radio_retry_s" if chip.defects.application == "runs" else "restart_s")

    def _online(self, network: AnyNetwork, link: str) -> Generator[int, None, bool]:
        """Until the connection is lost (True) or the application leaves it on purpose (False)."""
        chip = self.chip
        if chip.defects.outdated:
            yield from update(chip, self._radio, network, self._show)
        if self._code is not None:
            self._end_window()
        application = chip.defects.application
        if application == "crashes":
            yield from self._stay(link, chip.individual.ns("runs_before_crash_s"))
            chip.log("runtime error")
            return True
        if application == "leaves":
            yield from self._stay(link, chip.individual.ns("online_before_leaving_s"))
            chip.log("offline on purpose")
            self._show("offline")
            return False
        if network.drops_after_s is not None:
            yield from self._stay(link, round(network.drops_after_s * NS_PER_S))
            self._networks.remove(network)
            return True
        while link != "ethernet" or self._networks.cable is not None:
            yield from self._stay(link, NS_PER_S * 60)
        return True

    def _stay(self, link: str, duration_ns: int) -> Program:
        if link != "ethernet":
            yield from self._radio.idle(duration_ns)
            return
        end_ns = self.chip.timeline.now_ns + duration_ns
        while self.chip.timeline.now_ns < end_ns and self._networks.cable is not None:
            yield NS_PER_S // 5

    def _watch_window(self) -> Program:
        timeline = self.chip.timeline
        while timeline.now_ns < self._window_end_ns or self._listener.receiving:
            yield max(NS_PER_S // 50, self._window_end_ns - timeline.now_ns)
        self._listener.stop()
        self.chip.log("window over")
        self.chip.set_current("silicon", self.chip.individual["idle_a"])
        self._overlay_with(None)
        self.chip.led.off()

    def _end_window(self) -> None:
        """Code switches LED and BlinkUp off."""
        self._window_end_ns = self.chip.timeline.now_ns
        self._window.stop()
        self._window = Process(self.chip.timeline, self._watch_window())

    # What the listener reports (`rig.sim.imp.listener.ReceptionHandler`).

    def blinkup_begins(self) -> None:
        """A sync was found: the LED goes dark."""
        self.chip.log("BlinkUp begins")
        self._overlay_with(None)
        self.chip.led.off()

    def blinkup_failed(self, reason: str) -> None:
        """A reception failed: complain on the LED, then go on as before."""
        self.chip.log(f"BlinkUp failed: {reason}")
        self._overlay_with(self._complain())

    def _complain(self) -> Program:
        chip = self.chip
        if chip.legacy:
            chip.led.show("legacy_blinkup_fail")
            yield chip.individual.ns("legacy_fail_s")
        else:
            chip.led.hold(True, False)
            yield chip.individual.ns("reception_error_red_s")
        self._end_overlay()

    def blinkup_received(self, settings: ImpSettings) -> None:
        """Settings arrived: store them, confirm on the LED, and connect anew."""
        chip = self.chip
        chip.log("BlinkUp received")
        chip.truth.online = False
        if chip.defects.settings_stuck:
            chip.log("settings not stored")
        else:
            chip.flash.settings = _stored(chip.flash.settings, settings)
            chip.flash.hints = False
        self._startup_fault, answers = startup.after_blinkup(chip, self._startup_fault)
        self._main.stop()
        self._radio.off()
        self._main = Process(chip.timeline, self._configured(answers))

    def _configured(self, answers: bool) -> Program:
        chip = self.chip
        self._overlay_with(None)
        # LED and listener stay live for the attempt that follows.
        self._window_end_ns = max(
            self._window_end_ns,
            chip.timeline.now_ns + chip.individual.ns("window_s") + chip.individual.ns("blinkup_green_s"),
        )
        if answers:
            chip.led.hold(False, True)
            yield from self._confirm()
        self._shown = ""
        self._overlaid = False
        self._reconnecting = False
        yield from self._go_on()

    def _confirm(self) -> Program:
        """Green for 3 s. A legacy device flashes it: for 3 s by the guide, once by what users saw; drawn for each."""
        chip = self.chip
        if not chip.legacy:
            yield chip.individual.ns("blinkup_green_s")
        elif chip.individual["legacy_single_flash"] < 0.5:
            chip.led.show("legacy_blinkup_ok")
            yield chip.individual.ns("blinkup_green_s")
        else:
            yield chip.individual.ns("legacy_flash_s")
        chip.led.off()


def _stored(before: ImpSettings | None, new: ImpSettings) -> ImpSettings | None:
    """What is in the flash after a BlinkUp. One that names no network leaves the stored one alone."""
    if new.clear:
        return None
    if before is not None and new.ssid is None and new.wps_pin is None:
        return replace(before, token=new.token or before.token, plan=new.plan or before.plan)
    return new
