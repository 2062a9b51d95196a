"""Sends a BlinkUp frame during an acquisition, and records what left the LED."""

from __future__ import annotations

import math
from dataclasses import replace

from rig.bench.acquisition import Acquisition
from rig.bench.bench import Bench
from rig.bench.supply_player import Playback
from rig.blinkup.frame import Frame
from rig.drivers.optical.light_receipt import seen_by_sensor
from rig.drivers.optical.receipt import Receipt
from rig.drivers.optical.transmitter import POLL_S
from rig.errors import BenchFault
from rig.recording import Action, Blanked
from rig.recording.actions import ActionKind

SEND_GRACE_S = 1.0


def send_during(
    acquisition: Acquisition, bench: Bench, frame: Frame, playback: Playback | None = None, playback_at_s: float = 0.0
) -> Receipt:
    """Send a frame while sampling; `playback` begins `playback_at_s` seconds after the frame's first symbol.

    The light of the frame's data is hidden from everything that is decoded, stored or drawn.

    Raises:
        BenchFault: the daemon never finishes sending.
        BlinkUpError: the LED can't send this frame.
    """
    sending = bench.optical.start(frame)
    if playback is not None:
        playback.begin_at(sending.start_s + playback_at_s)
    try:
        secret_end_s = sending.start_s + frame.secret_end_s + bench.config.led.settle_s
        acquisition.hide(Blanked(sending.start_s + frame.secret_start_s, secret_end_s, "BlinkUp data"))
        if not acquisition.run_until(lambda: not sending.busy, frame.duration_s + SEND_GRACE_S, every_s=POLL_S * 4):
            raise BenchFault(
                f"BlinkUp LED: a frame of {frame.duration_s:.2f} s is not over after "
                f"{frame.duration_s + SEND_GRACE_S:.2f} s; LED switched off. Is pigpiod's clock right?"
            )
    except BaseException:
        bench.optical.off()
        raise
    receipt = _with_light(acquisition, bench, frame, sending.finish())
    acquisition.record(Action(ActionKind.BLINKUP, receipt.start_s, receipt.end_s, _details(frame, receipt)))
    return receipt


def _with_light(acquisition: Acquisition, bench: Bench, frame: Frame, receipt: Receipt) -> Receipt:
    """The receipt with what the rig's own sensor saw of the LED."""
    __tracebackhide__ = True
    led = acquisition.light(receipt.start_s, receipt.end_s, raw=True)
    if frame.code == "trilevel":
        receipt = replace(receipt, grey_fraction=bench.config.blinkup.grey_fraction)
    return seen_by_sensor(receipt, frame, led.times_s - receipt.start_s, led.values)


def _details(frame: Frame, receipt: Receipt) -> dict[str, object]:
    """The details of the action `blinkup`: never the packet itself, nor a hash of it."""
    return {
        "what": frame.what,
        "code": frame.code,
        "rate_hz": frame.rate_hz,
        "sent_as_planned": receipt.sent_as_planned,
        "worst_edge_us": receipt.worst_edge_us if math.isfinite(receipt.worst_edge_us) else None,
        "crosstalk_v": receipt.contrast_v,
        "difference": receipt.difference,
        "damage": frame.damage,
    }
