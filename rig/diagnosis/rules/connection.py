"""Rules about how far the device got on its way to the server, and whether it stayed there."""

from __future__ import annotations

from itertools import pairwise

from rig.diagnosis.features.radio import gave_up
from rig.diagnosis.features.stages import AMBER, CODE_VERDICTS, STAGE_RANK, blinkup_kind, is_red, same_light, tail
from rig.diagnosis.hypothesis import Candidate, Rule
from rig.diagnosis.outcome import EvidenceItem, FaultDomain, Verdict
from rig.diagnosis.scene import GREEN_ANSWERS, Scene, Seen

_SHORT_LOSS_S = 0.3  # one red of the pattern, less what the sensor's edges take
_RED_AFTER_GREEN = frozenset({"lost", "legacy_blinkup_fail"})
_LASTING = {Verdict.NO_SETTINGS: 2.0, Verdict.CONNECTED: 1.0, Verdict.SPI_FLASH_FAULT: 2.5, Verdict.FASTROM_FAULT: 4.1}
# Two cycles of the slowest of these patterns.
_LASTING_ELSE_S = 3.0
_WENT_ON_S = 0.2


def dark_after(scene: Scene, span: Seen) -> bool:
    """Whether the LED stayed dark from the end of `span` until the end of what was seen, for 2 s or more."""
    return scene.led_end_s - span.end_s >= 2.0 and scene.dark_share(span.end_s, scene.led_end_s) > 0.9


def _items(*spans: Seen) -> tuple[EvidenceItem, ...]:
    return tuple(span.item() for span in spans)


def _dark_item(scene: Scene, span: Seen) -> tuple[EvidenceItem, ...]:
    if not dark_after(scene, span):
        return ()
    return (EvidenceItem(span.end_s, scene.led_end_s, f"dark for {scene.led_end_s - span.end_s:.1f} s", "led"),)


def _drops(spans: tuple[Seen, ...], slow_s: float) -> tuple[list[Seen], int]:
    """The greens that were followed by red, and how many of these losses led through a slow new join."""
    greens: list[Seen] = []
    rejoined = 0
    green: Seen | None = None
    fell = False
    for span in spans:
        if span.code == "connected":
            green, fell = span, False
        elif span.code in _RED_AFTER_GREEN and green is not None:
            greens.append(green)
            green, fell = None, True
        elif span.code in STAGE_RANK and fell and span.duration_s >= slow_s:
            rejoined, fell = rejoined + 1, False
    return greens, rejoined


def _since_green(scene: Scene) -> tuple[Seen, ...]:
    mark_s = max((p.end_s for p in scene.patterns if p.code in GREEN_ANSWERS), default=float("-inf"))
    spans = tuple(p for p in scene.patterns if p.start_s >= mark_s and p.code not in GREEN_ANSWERS)
    return _with_short_losses(scene, spans)


def _red_after(scene: Scene, t_s: float) -> float:
    return sum(c.end_s - max(c.start_s, t_s) for c in scene.colours if c.letter == "R" and c.end_s > t_s)


def _with_short_losses(scene: Scene, spans: tuple[Seen, ...]) -> tuple[Seen, ...]:
    """Red between two stretches of green, too short to be named by its pattern, is a loss all the same."""
    found: list[Seen] = []
    for span in spans:
        before = found[-1] if found else None
        if before is not None and before.code == span.code == "connected":
            reds = [
                min(c.end_s, span.start_s) - max(c.start_s, before.end_s)
                for c in scene.colours
                if c.letter == "R" and c.end_s > before.end_s and c.start_s < span.start_s
            ]
            if sum(reds) >= _SHORT_LOSS_S:
                found.append(Seen(before.end_s, span.start_s, "lost", 0.9 * min(before.confidence, span.confidence)))
        found.append(span)
    return tuple(found)


def runtime_loop(scene: Scene) -> Candidate | None:
    """Green and red in turns, twice or more, without a slow new join between: the application code fails."""
    spans = _since_green(scene)
    greens, rejoined = _drops(spans, scene.facts.healthy_connect_s)
    if len(greens) < 2 or rejoined or spans[-1].code not in _RED_AFTER_GREEN | {"connected"} | set(STAGE_RANK):
        return None
    last = spans[-1]
    if last.code == "connected" and last.duration_s >= max(scene.facts.stuck_s, 2 * max(g.duration_s for g in greens)):
        return None
    used = tuple(s for s in spans if s.code in _RED_AFTER_GREEN | {"connected"})
    sure = min(s.confidence for s in used)
    reason = (
        f"green and then red {len(greens)} times within {last.end_s - greens[0].start_s:.0f} s, with no slow new join"
    )
    return Candidate(Verdict.RUNTIME_LOOP, 0.95 * sure, reason, _items(*used), (greens[0].start_s, last.end_s))


def lost(scene: Scene) -> Candidate | None:
    """Online before, and not any more; or the pattern of a lost connection alone, which has other readings too."""
    spans = tail(scene)
    if not spans or spans[-1].code not in STAGE_RANK.keys() | {"lost"}:
        return None
    last = spans[-1]
    online = [s for s in spans if s.code == "connected"]
    if online:
        since_s = scene.led_end_s - online[-1].end_s
        after = [s for s in spans if s.start_s >= online[-1].end_s]
        if last.code != "lost" and since_s < scene.facts.healthy_connect_s:
            return None
        again = f"; at last it showed {last.code}" if last.code != "lost" else ""
        reason = f"it was online until {online[-1].end_s:.1f} s and not in the {since_s:.1f} s after{again}"
        sure = min(online[-1].confidence, after[-1].confidence)
        score = (0.93 if last.code == "lost" or since_s >= scene.facts.stuck_s else 0.7) * sure
        greens, rejoined = _drops(_since_green(scene), scene.facts.healthy_connect_s)
        if len(greens) >= 2 and not rejoined:
            score = min(score, 0.6)  # it comes and goes: that is a loop, not a loss
        once = len(greens) == 1 and not rejoined
        reason += "; one stop of its application code would look the same" if once else ""
        evidence = _items(online[-1], *after) + _dark_item(scene, last)
        tags = frozenset({"once_lost"}) if once else frozenset[str]()
        window = (online[-1].start_s, last.end_s)
        return Candidate(Verdict.LOST_CONNECTION, score, reason, evidence, window, tags=tags)
    if last.code != "lost":
        return None
    if not scene.powered.cold:
        reason = "the pattern of a lost connection; the time when it was online lies before this recording"
        return Candidate(
            Verdict.LOST_CONNECTION, 0.8 * last.confidence, reason, _items(last), (last.start_s, last.end_s)
        )
    reason = (
        "red once a second from power-on without ever being online: impOS before 27 shows this for a network that it "
        "can't find, and boards short of current or badly soldered show it too"
    )
    return Candidate(
        Verdict.LOST_CONNECTION,
        0.55 * last.confidence,
        reason,
        _items(last),
        (last.start_s, last.end_s),
        FaultDomain.UNKNOWN,
        frozenset({"never_online"}),
    )


def rejected(scene: Scene) -> Candidate | None:
    """Online or at least on its way, then amber: the server sent it away."""
    spans = tail(scene)
    if not spans or spans[-1].code not in AMBER or (scene.blinkups and blinkup_kind(scene) == "clear"):
        return None
    last = spans[-1]
    online = [s for s in spans if s.code == "connected"]
    window = (online[-1].start_s if online else last.start_s, last.end_s)
    if online:
        sure = min(online[-1].confidence, last.confidence)
        reason = f"it reached the server (green until {online[-1].end_s:.1f} s) and then flashed amber only"
        return Candidate(Verdict.REJECTED_BY_SERVER, 0.95 * sure, reason, _items(online[-1], last), window)
    answers = [p for p in scene.patterns if p.code in GREEN_ANSWERS and p.end_s <= last.start_s]
    if not answers and not scene.blinkups and gave_up(scene, last.start_s, last.end_s):
        reason = "its radio ran before, which takes settings, and then it flashed amber only"
        return Candidate(Verdict.REJECTED_BY_SERVER, 0.85 * last.confidence, reason, _items(last), window)
    if not answers:
        return None
    stages = [s for s in spans if s.code in STAGE_RANK]
    if not stages and not scene.green_between(answers[-1].end_s, last.start_s):
        return None
    reason = "it took the settings, went on its way to the server, and then flashed amber only"
    return Candidate(
        Verdict.REJECTED_BY_SERVER,
        0.8 * min(answers[-1].confidence, last.confidence),
        reason,
        _items(answers[-1], *stages, last),
        (answers[-1].end_s, last.end_s),
    )


def decide_stage(spans: tuple[Seen, ...], healthy_s: float) -> tuple[Seen, str]:
    """The span that names the failure: the last one, or the furthest stage if the device keeps falling back from it."""
    last = spans[-1]
    stages = [s for s in spans if s.code in STAGE_RANK]
    if last.code not in STAGE_RANK:
        return last, ""
    top = max(STAGE_RANK[s.code or ""] for s in stages)
    furthest = [s for s in stages if STAGE_RANK[s.code or ""] == top]
    falls = sum(STAGE_RANK[a.code or ""] == top > STAGE_RANK[b.code or ""] for a, b in pairwise(stages))
    if last not in furthest and (falls >= 2 or (falls == 1 and last.duration_s < healthy_s)):
        return furthest[-1], f"; it fell back from there {falls} time(s)"
    return last, ""


def _answered(scene: Scene, decisive: Seen) -> bool:
    """Whether green had answered a BlinkUp before."""
    return any(p.code in GREEN_ANSWERS and p.end_s <= decisive.start_s for p in scene.patterns)


def _flash_before(scene: Scene, decisive: Seen) -> tuple[set[str], set[str]]:
    """Other codes of the SPI flash before the decisive one; and a tag if the flash went missing with a BlinkUp."""
    before = [p for p in scene.patterns if p.start_s < decisive.start_s and p.code != decisive.code]
    codes = {p.code: p.start_s for p in before if p.code and CODE_VERDICTS.get(p.code) is Verdict.SPI_FLASH_FAULT}
    since_s = codes.get("spi_error")
    gone = decisive.code == "spi_not_found" and since_s is not None
    sent = any(since_s is not None and since_s < b.end_s < decisive.end_s for b in scene.blinkups)
    return set(codes), {"spi_gone"} if gone and sent else set()


def last_pattern(scene: Scene) -> Candidate | None:
    """The last pattern before the LED went dark, or before the observation ended."""
    spans = tail(scene)
    if not spans:
        return None
    decisive, note = decide_stage(spans, scene.facts.healthy_connect_s)
    verdict, factor, alike = same_light(scene, spans, decisive)
    if verdict is None or decisive.code == "lost" or is_red(decisive):
        return None
    last = spans[-1]
    tags = {decisive.code or ""}
    score, reason = _lasting(scene, spans, decisive, verdict)
    score, reason = score * factor, reason + alike
    online_before = any(s.code == "connected" for s in spans[:-1])
    if online_before and decisive.code in STAGE_RANK | dict.fromkeys(AMBER, 0):
        score = min(score, 0.6)
        reason += "; but it had been online before"
    if verdict is Verdict.CONNECTED:
        if (red_s := _red_after(scene, last.end_s)) >= _SHORT_LOSS_S:
            score = min(score, 0.6)
            reason += f"; but it was red for {red_s:.1f} s after that, at the very end"
        greens, _ = _drops(_since_green(scene), scene.facts.healthy_connect_s)
        longest_s = max((g.duration_s for g in greens), default=0.0)
        if greens:
            stayed = last.duration_s >= max(scene.facts.stuck_s, 2 * longest_s)
            score = min(score, 0.8 if stayed else 0.65)
            reason += f"; it had lost the connection {len(greens)} time(s) before"
            tags.add("lost_before")
    if blinkup_kind(scene) == "clear" and verdict is not Verdict.NO_SETTINGS and _answered(scene, decisive):
        score = min(score, 0.6)
        reason += "; but its settings had just been cleared"
    domain = None
    if verdict is Verdict.SPI_FLASH_FAULT:
        before, gone = _flash_before(scene, decisive)
        tags |= before | gone
        reason += f"; before it was {', '.join(sorted(before))}" if before else ""
    if verdict in (Verdict.NETWORK_NOT_FOUND, Verdict.JOIN_REFUSED) and scene.proven:
        domain = FaultDomain.INFRASTRUCTURE
        reason += "; the same settings worked earlier in this recording"
        tags.add("settings_proven")
    if verdict is Verdict.NO_SETTINGS and scene.blinkups and blinkup_kind(scene) == "clear":
        if _answered(scene, decisive):
            domain, reason = FaultDomain.NONE, reason + "; its settings had just been cleared"
    elif verdict is Verdict.NO_SETTINGS and any(p.code in GREEN_ANSWERS for p in scene.patterns):
        kept = blinkup_kind(scene) in ("wifi", "wps") or any(s.code in STAGE_RANK for s in spans)
        score, reason = (min(score, 0.6), reason + "; but it had just confirmed settings") if kept else (score, reason)
    evidence = _items(decisive) if decisive is last else _items(decisive, last)
    evidence += _dark_item(scene, last)
    return Candidate(
        verdict,
        score * decisive.confidence,
        reason + note,
        evidence,
        (decisive.start_s, last.end_s),
        domain,
        frozenset(tags),
        "keep observing until the LED goes dark, or for at least "
        f"{scene.facts.stuck_s:.0f} s after the last BlinkUp or power-on",
    )


def _for_lasting(decisive: Seen, needed_s: float) -> float:
    return 0.9 if decisive.duration_s >= needed_s else 0.55 + 0.35 * decisive.duration_s / needed_s


def _left_behind(scene: Scene, decisive: Seen, reason: str) -> tuple[float, str]:
    """A step at which the LED went dark: not stuck if it had just begun, less so if light follows."""
    score = _for_lasting(decisive, _LASTING_ELSE_S)
    if score < 0.9:
        reason += f", for only {decisive.duration_s:.1f} s"
    lit_s = sum(c.duration_s for c in scene.colours if c.letter in "RAG" and c.start_s >= decisive.end_s)
    if lit_s >= _WENT_ON_S and score < 0.9:
        score, reason = 0.7 * score, reason + f"; but it lit for {lit_s:.1f} s more, too short to be read"
    return score, reason


def _lasting(scene: Scene, spans: tuple[Seen, ...], decisive: Seen, verdict: Verdict) -> tuple[float, str]:
    """How far the duration of a pattern supports its verdict (0..0.9), in words too."""
    gone = dark_after(scene, spans[-1])
    until = "until the LED went dark" if gone else "until the observation ended"
    if decisive.code in STAGE_RANK:
        total_s = sum(s.duration_s for s in spans if s.code in STAGE_RANK)
        reason = f"on its way to the server for {total_s:.1f} s, and at {decisive.code} {until}"
        if not gone:
            return min(0.9, 0.3 + 0.6 * total_s / scene.facts.stuck_s), reason
        return _left_behind(scene, decisive, reason)
    needed_s = _LASTING.get(verdict, _LASTING_ELSE_S)
    score = _for_lasting(decisive, needed_s)
    reason = f"the last pattern is {decisive.code}, for {decisive.duration_s:.1f} s {until}"
    if verdict is Verdict.CONNECTED and gone and scene.powered.cold:
        dark_at_s = spans[-1].end_s - scene.powered.start_s
        if dark_at_s < scene.facts.led_window_s - 5.0:
            score = min(score, 0.75)
            reason += f", already {dark_at_s:.0f} s after power-on (code may have switched the LED off)"
        else:
            reason += f", {dark_at_s:.0f} s after power-on: the end of the LED window, normal operation"
    return score, reason


NETWORK_RULES: tuple[Rule, ...] = (runtime_loop, lost, rejected, last_pattern)
