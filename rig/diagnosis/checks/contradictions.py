"""What speaks against a reading of the light: current, order of events, colours of the start.

One sensor sees one number, so exchanged or broken colours pass for other patterns. A verdict that the rest of the
recording contradicts loses confidence, and LED and calibration are named as suspects.
"""

from __future__ import annotations

from rig.diagnosis.features.colours import Colour, joined
from rig.diagnosis.features.current_dropouts import FEWEST, breaks
from rig.diagnosis.features.radio import ample, gave_up, radio_never, radio_on, transmits, turned, usual_ma
from rig.diagnosis.features.stages import CODE_VERDICTS, STAGE_RANK, tail
from rig.diagnosis.hypothesis import Candidate
from rig.diagnosis.outcome import Verdict
from rig.diagnosis.rules.crash_loop import red_takes_less
from rig.diagnosis.scene import GREEN_ANSWERS, RED_ANSWERS, Scene

SUSPECTS = "suspect the LED's colours (a dead, dim or exchanged die) or the sensor's calibration"
_RADIO = frozenset(
    {
        Verdict.CONNECTED,
        Verdict.LOST_CONNECTION,
        Verdict.RUNTIME_LOOP,
        Verdict.REJECTED_BY_SERVER,
        Verdict.NETWORK_NOT_FOUND,
        Verdict.JOIN_REFUSED,
        Verdict.NO_ADDRESS,
        Verdict.NAME_NOT_RESOLVED,
        Verdict.SERVER_UNREACHABLE,
        Verdict.PROXY_FAULT,
        Verdict.WPS_WAITING,
        Verdict.DELIBERATELY_OFFLINE,
        Verdict.CELLULAR_SIM,
        Verdict.CELLULAR_REGISTERING,
        Verdict.CELLULAR_DENIED,
        Verdict.CELLULAR_PPP,
        Verdict.CELLULAR_PPP_CHECK,
    }
)
_ON_THE_WAY = frozenset(CODE_VERDICTS[code] for code in STAGE_RANK)
_UNANSWERED = frozenset({Verdict.BLINKUP_NOT_RECEIVED, Verdict.BLINKUP_REFUSED})
# Verdicts that don't rest on red or green: those of the last three lines have rows whose colours nobody knows.
_COLOURLESS = frozenset(
    {
        Verdict.NO_SETTINGS,
        Verdict.BROWNOUT_LOOP,
        Verdict.SUPPLY_TOO_LOW,
        Verdict.DEAD,
        Verdict.UNDECIDED,
        *(Verdict.WAITING_FOR_ETHERNET, Verdict.WPS_WAITING, Verdict.PROXY_FAULT),
        *(Verdict.CELLULAR_MODEM, Verdict.CELLULAR_SIM, Verdict.CELLULAR_REGISTERING),
        *(Verdict.CELLULAR_DENIED, Verdict.CELLULAR_PPP, Verdict.CELLULAR_PPP_CHECK),
    }
)
# Verdicts that restarts belong to.
_RESTARTS = frozenset(
    {
        Verdict.BROWNOUT_LOOP,
        Verdict.SUPPLY_TOO_LOW,
        Verdict.MODULE_FAULT,
        Verdict.FASTROM_FAULT,
        Verdict.RUNTIME_LOOP,
        Verdict.DEAD,
        Verdict.UNDECIDED,
    }
)
_TAKES_IN = frozenset({"imp003", "imp004m", "imp005", "imp006"})  # their flash at the first start (LED guide)
_NO_RED = frozenset({"polarity", "imp003_no_wlan"})  # forum 4395: "no red at all"
_START_S = 0.9  # sooner than any connection (1.1 s, forum 3626)
_FLASH_S = 0.015
_EDGE_S = 0.05
_SHORT_START_S = 0.08  # noise may turn the colour of so short a flash
_START_GREEN_S = 1.0  # a start is shorter; some codes of imp003 begin with a longer green
_AFTER_POWER_ON_S = 1.0
_ANSWER_S = 2.8  # dark for longer than any pattern is, an imp004m's blank flash (2.5 s) included; the green lasts 3 s
_GREEN_ANSWER_S = 2.4  # the red answer lasts 0.5 to 2 s (forum 6888)
_SOON_S = 0.3
_RED_STEPS_S = 0.4
_UNSUPPORTED_S = 6.0  # of a cycle of 6.6 to 9.3 s
_DARK = 0.95
_DARK_PART_S = 1.0  # the LED may go off in the dark part of a cycle
_IMPOSSIBLE, _ODD, _UNUSUAL = 0.4, 0.6, 0.8
FULL_CODES_IMPOS = 27  # maker's blog: it extended the LED codes


def contradictions(scene: Scene, candidate: Candidate) -> tuple[float, str]:
    """Factor (0..1) on a candidate's score, and what speaks against it in words; (1, '') if nothing does."""
    factor, notes = 1.0, ""
    for check in (
        _never_off,
        _start_as_red,
        _no_radio,
        _radio_without_settings,
        _answered_by_current,
        _dark_after_it,
        _dark_too_early,
        _start_colours,
        _red_from_the_start,
        _lost_after_clearing,
        _from_power_on,
        _part_of_a_cycle,
    ):
        weight, note = check(scene, candidate)
        factor *= weight
        notes += note
    return factor, notes


def _never_off(scene: Scene, c: Candidate) -> tuple[float, str]:
    """A device that shows one thing all along draws current all along."""
    start_s, end_s = c.decisive_s
    count = sum(start_s <= t <= end_s for t in breaks(scene))
    if (c.verdict in _RESTARTS and "stuck_red" not in c.tags) or count < FEWEST:
        return 1.0, ""
    return _IMPOSSIBLE, f"; but it drew nothing at {count} moments meanwhile, so it restarted there"


def _start_as_red(scene: Scene, c: Candidate) -> tuple[float, str]:
    """The codes of SPI flash show a short red in each cycle, and so does a start that breaks off soon."""
    if c.verdict is not Verdict.SPI_FLASH_FAULT or not red_takes_less(scene, *c.decisive_s):
        return 1.0, ""
    return _IMPOSSIBLE, "; but less current flows with the red than in the dark, so a start is what shows it"


def _no_radio(scene: Scene, c: Candidate) -> tuple[float, str]:
    """Being connected, or on the way there, takes a radio; a supply too low for it explains that it doesn't run."""
    start_s, end_s = scene.powered.start_s, c.decisive_s[1]
    verdict = _goes_on_as(scene) if c.verdict in _UNANSWERED else c.verdict
    # A radio that runs later on, after a BlinkUp, does not explain what was online before.
    online = [p.end_s for p in scene.patterns if p.code == "connected" and start_s <= c.decisive_s[0] <= p.start_s]
    end_s = min([end_s, *online])
    if "busy" in c.tags or verdict not in _RADIO or not scene.powered.cold or not scene.supply.steady or scene.wired:
        return 1.0, ""
    if not radio_never(scene, start_s, end_s) or not ample(scene):
        return 1.0, ""
    amps = usual_ma(scene, start_s, end_s)
    return _IMPOSSIBLE, f"; but the current ({amps:.0f} mA) shows that its radio never ran: {SUSPECTS}"


def _goes_on_as(scene: Scene) -> Verdict | None:
    """What the last pattern would mean without a BlinkUp: that it was not answered rests on what is shown."""
    spans = tail(scene)
    return CODE_VERDICTS.get(spans[-1].code or "") if spans else None


def _radio_without_settings(scene: Scene, c: Candidate) -> tuple[float, str]:
    start_s, end_s = c.decisive_s
    busy = radio_on(scene, start_s, end_s) and transmits(scene, start_s, end_s)
    if c.verdict is Verdict.NO_SETTINGS and not busy and not scene.blinkups and scene.powered.cold:
        tried = gave_up(scene, start_s, end_s)
        return (_ODD, "; but its radio ran before, which takes settings") if tried else (1.0, "")
    if c.verdict is not Verdict.NO_SETTINGS or not busy:
        return 1.0, ""
    amps = usual_ma(scene, start_s, end_s)
    return _IMPOSSIBLE, f"; but its radio transmits meanwhile ({amps:.0f} mA, with bursts): {SUSPECTS}"


def _answered_by_current(scene: Scene, c: Candidate) -> tuple[float, str]:
    """A radio that starts or stops at a BlinkUp shows that it was taken, whatever the LED showed."""
    word = turned(scene)
    cleared = word == "stopped" and scene.blinkups[-1].details.get("what") == "clear"
    if cleared and c.verdict in _RADIO | {Verdict.SETTINGS_NOT_KEPT}:
        return _IMPOSSIBLE, f"; but its radio stopped with the clearing, so that was kept: {SUSPECTS}"
    if c.verdict not in _UNANSWERED or not word or "busy" in c.tags:  # it goes online after its update
        return 1.0, ""
    return _IMPOSSIBLE, f"; but its radio {word} with the BlinkUp, so it was taken and its answer not seen: {SUSPECTS}"


def _dark_after_it(scene: Scene, c: Candidate) -> tuple[float, str]:
    """No pattern is dark for long, so darkness between a BlinkUp and a pattern is an answer in a colour not seen."""
    if c.verdict is not Verdict.BLINKUP_NOT_RECEIVED or not scene.blinkups or "late" in c.tags:
        return 1.0, ""
    sent_s = scene.blinkups[-1].end_s
    lit = [run.start_s for run in joined(scene.colours) if run.letter in "RAG" and run.end_s > sent_s]
    dark = [r for r in joined(scene.colours) if r.letter == "D" and r.start_s <= sent_s + _SOON_S and r.end_s > sent_s]
    if not lit or not dark or dark[0].end_s - sent_s < _ANSWER_S or lit[0] < dark[0].end_s - _SOON_S:
        return 1.0, ""
    return _IMPOSSIBLE, f"; but its LED stayed dark for {dark[0].end_s - sent_s:.1f} s after the BlinkUp: {SUSPECTS}"


def _dark_too_early(scene: Scene, c: Candidate) -> tuple[float, str]:
    """The LED shows steps for its window; only code switches it off before, and code starts after 10 s or online."""
    on_s, lit = scene.powered.start_s, [run for run in scene.colours if run.letter in "RAG"]
    if c.verdict not in _ON_THE_WAY or not scene.powered.cold or scene.blinkups or not lit:
        return 1.0, ""
    last_s = lit[-1].end_s
    dark = scene.led_end_s - last_s >= scene.facts.min_dark_s and scene.dark_share(last_s, scene.led_end_s) > _DARK
    if not dark or last_s > on_s + scene.facts.stuck_s - _DARK_PART_S:
        return 1.0, ""
    return _IMPOSSIBLE, f"; but its LED was dark from {last_s - on_s:.1f} s after power-on: {SUSPECTS}"


def _start(scene: Scene) -> list[Colour]:
    """What was lit since the power-on, if it was recorded from before that."""
    if not scene.start_seen:
        return []
    lit = [run for run in joined(scene.colours) if run.letter in "RAG" and run.duration_s >= _FLASH_S]
    return [] if lit and lit[0].start_s < scene.powered.start_s else lit


def green_start(scene: Scene) -> bool:
    """Whether the start showed green where red is due."""
    lit = _start(scene)
    # A short red on a slow sensor may look amber at its edges, but not green.
    first = next((run for run in lit if run.letter in "RG"), None)
    if first is not None and any(r.letter == "R" and 0.0 <= r.start_s - first.end_s < _EDGE_S for r in lit):
        return False  # one flash, of which the red is surer than its edge
    if first is None or first.letter != "G" or first.duration_s >= _START_GREEN_S:
        return False
    if first.start_s <= scene.powered.start_s:
        return False  # it goes back before the power-on
    at = next((p for p in scene.patterns if p.start_s - _SOON_S <= first.start_s <= p.end_s), None)
    if at is not None and CODE_VERDICTS.get(at.code or "") in _COLOURLESS - {Verdict.NO_SETTINGS}:
        return False  # a start that is soon over, before a row whose colours nobody knows
    return first.start_s <= scene.powered.start_s + _START_S


def _red_before(scene: Scene, t_s: float) -> bool:
    """Whether steps with red in them were decided before: then both colours work, and the start was misread."""
    steps = [p for p in scene.patterns if p.code in STAGE_RANK and p.end_s <= t_s + _SOON_S]
    reds = [c for c in scene.colours if c.letter == "R" and any(p.start_s <= c.start_s < p.end_s for p in steps)]
    return sum(c.duration_s for c in reds) >= _RED_STEPS_S


def _start_colours(scene: Scene, c: Candidate) -> tuple[float, str]:
    """A start shows red before anything else (troubleshooting guide: boots, turns the red LED on, then Wi-Fi)."""
    answered = any(p.code in GREEN_ANSWERS | RED_ANSWERS for p in scene.patterns)
    if c.tags & _NO_RED or (c.verdict in _COLOURLESS and not (c.verdict is Verdict.NO_SETTINGS and answered)):
        return 1.0, ""
    told_apart = any(p.code == "blinkup_ok" and p.duration_s >= _GREEN_ANSWER_S for p in scene.patterns)
    told_apart = told_apart or (c.verdict is Verdict.CONNECTED and _red_before(scene, c.decisive_s[0]))
    if green_start(scene) and not told_apart:
        short = next(r.duration_s for r in _start(scene) if r.letter == "G") < _SHORT_START_S
        return _ODD if short else _IMPOSSIBLE, f"; but the start showed green where red is due: {SUSPECTS}"
    lit = _start(scene)
    never = bool(lit) and all(run.letter == "G" for run in lit) and "busy" not in c.tags
    if never and c.decisive_s[1] - scene.powered.start_s > _AFTER_POWER_ON_S:
        # An update has to be fetched first, which takes longer than a start.
        takes_in = scene.facts.model in _TAKES_IN or any("flash_ingest" in p.alternatives for p in scene.patterns)
        at_once = c.verdict is Verdict.UPDATING and not takes_in and lit[0].start_s <= scene.powered.start_s + _START_S
        factor = _UNUSUAL if takes_in and c.verdict is Verdict.UPDATING else _IMPOSSIBLE if at_once else _ODD
        return factor, f"; but no red at all was seen, not even at the start: {SUSPECTS}"
    return 1.0, ""


def _red_from_the_start(scene: Scene, c: Candidate) -> tuple[float, str]:
    """Today's impOS shows the steps of a first attempt, and red once a second only after it was online."""
    impos = scene.facts.impos
    if c.verdict is not Verdict.LOST_CONNECTION or "never_online" not in c.tags or impos is None:
        return 1.0, ""
    if impos < FULL_CODES_IMPOS or any(p.code in STAGE_RANK for p in scene.patterns):
        return 1.0, ""
    note = f"; but impOS {impos} shows the steps of a first attempt, not this"
    if not any(run.letter in "AG" for run in scene.colours):
        note += f", and neither green nor amber was seen: {SUSPECTS}"
    return _UNUSUAL, note


def _lost_after_clearing(scene: Scene, c: Candidate) -> tuple[float, str]:
    """A device without settings connects to nothing; its amber without green has the rhythm of a lost connection."""
    cleared = bool(scene.blinkups) and scene.blinkups[-1].details.get("what") == "clear"
    if c.verdict is not Verdict.LOST_CONNECTION or not cleared or "never_online" not in c.tags:
        return 1.0, ""
    shown = [p for p in scene.patterns if p.code == "lost"]
    if not shown or shown[0].start_s < scene.blinkups[-1].start_s:
        return 1.0, ""
    return _IMPOSSIBLE, f"; but this began with a clearing of its settings, after which amber is due: {SUSPECTS}"


def _from_power_on(scene: Scene, c: Candidate) -> tuple[float, str]:
    """A start shows red, and a step behind joining comes a second later: from the very start it is something else."""
    late = c.verdict in (Verdict.PROXY_FAULT, Verdict.SERVER_UNREACHABLE, Verdict.NAME_NOT_RESOLVED, Verdict.NO_ADDRESS)
    if not late or not scene.powered.cold or not scene.start_seen:
        return 1.0, ""
    if c.decisive_s[0] > scene.powered.start_s + _EDGE_S:
        return 1.0, ""
    return _IMPOSSIBLE, f"; but it was shown from power-on, before any step can be reached: {SUSPECTS}"


def _part_of_a_cycle(scene: Scene, c: Candidate) -> tuple[float, str]:
    """The green of an update, broken off by a start, begins as this row of codes does."""
    last = c.evidence[-1] if c.evidence else None
    if c.verdict is not Verdict.SPI_FLASH_FAULT or last is None or "imp003_flash_unsupported" not in last.text:
        return 1.0, ""
    shown = [p.duration_s for p in scene.patterns if p.code == "imp003_flash_unsupported"]
    if max(shown, default=0.0) >= _UNSUPPORTED_S:
        return 1.0, ""
    return _IMPOSSIBLE, "; but less than one cycle of it was seen, and an update that starts anew looks the same"
