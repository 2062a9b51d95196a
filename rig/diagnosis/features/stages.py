"""What single light codes mean, and what the stretch that is judged shows of them."""

from __future__ import annotations

from rig.diagnosis.feature import feature
from rig.diagnosis.outcome import EvidenceItem
from rig.diagnosis.scene import GREEN_ANSWERS, RED_ANSWERS, Scene, SceneSpan
from rig.diagnosis.thresholds import COLOUR_SHARE, MOSTLY_DARK, SHARED_LIGHT, TOLD_BY_WHAT_CAME_BEFORE, WENT_DARK_S
from rig.diagnosis.verdicts import Verdict
from rig.recording.actions import BlinkUpKind

CODE_VERDICTS: dict[str, Verdict] = {
    "no_settings": Verdict.NO_SETTINGS,
    "legacy_no_settings": Verdict.NO_SETTINGS,
    "searching": Verdict.NETWORK_NOT_FOUND,
    "joining": Verdict.JOIN_REFUSED,
    "getting_ip": Verdict.NO_ADDRESS,
    "resolving": Verdict.NAME_NOT_RESOLVED,
    "connecting_server": Verdict.SERVER_UNREACHABLE,
    "proxy_addr": Verdict.PROXY_FAULT,
    "proxy_cred": Verdict.PROXY_FAULT,
    "modem": Verdict.CELLULAR_MODEM,
    "sim": Verdict.CELLULAR_SIM,
    "registering": Verdict.CELLULAR_REGISTERING,
    "reg_denied": Verdict.CELLULAR_DENIED,
    "ppp": Verdict.CELLULAR_PPP,
    "ppp_check": Verdict.CELLULAR_PPP_CHECK,
    "eth_wait": Verdict.WAITING_FOR_ETHERNET,
    "wps": Verdict.WPS_WAITING,
    "offline": Verdict.DELIBERATELY_OFFLINE,
    "connected": Verdict.CONNECTED,
    "lost": Verdict.LOST_CONNECTION,
    "update": Verdict.UPDATING,
    "legacy_download": Verdict.UPDATING,
    "legacy_install": Verdict.UPDATING,
    "flash_ingest": Verdict.UPDATING,
    "fastrom": Verdict.FASTROM_FAULT,
    "spi_not_found": Verdict.SPI_FLASH_FAULT,
    "spi_error": Verdict.SPI_FLASH_FAULT,
    "imp004m_flash_blank": Verdict.SPI_FLASH_FAULT,
    "imp003_flash_unsupported": Verdict.SPI_FLASH_FAULT,
    "imp003_no_wlan": Verdict.MODULE_FAULT,
    "bless_failed": Verdict.MODULE_FAULT,
    "power_fault": Verdict.BROWNOUT_LOOP,
}

# Order on the way to the server; the guide: what counts is the pattern at the point of failure.
STAGE_RANK: dict[str, int] = {
    "modem": 1,
    "sim": 2,
    "searching": 3,
    "registering": 3,
    "reg_denied": 3,
    "joining": 4,
    "ppp": 4,
    "ppp_check": 5,
    "getting_ip": 6,
    "resolving": 7,
    "proxy_addr": 8,
    "proxy_cred": 8,
    "connecting_server": 8,
}
# Pairs of rows that look alike as long as nobody knows their colours.
_SAME_LIGHT = (("wps", "offline"), ("modem", "ppp"))
AMBER = frozenset({"no_settings", "legacy_no_settings"})


@feature
def patterns_since_settings(scene: Scene) -> tuple[SceneSpan, ...]:
    """Patterns since the device last took settings (or since power-on), answers to a BlinkUp left out."""
    mark_s = max((p.end_s for p in scene.patterns if p.code in GREEN_ANSWERS), default=float("-inf"))
    return tuple(p for p in scene.patterns if p.start_s >= mark_s and p.code not in GREEN_ANSWERS | RED_ANSWERS)


def _lit(scene: Scene, span: SceneSpan) -> frozenset[str]:
    """The colours that a span is lit in for a fifth of its light or more."""
    shares = dict.fromkeys("RAG", 0.0)
    for c in scene.colours:
        if c.letter in shares:
            shares[c.letter] += max(0.0, min(c.end_s, span.end_s) - max(c.start_s, span.start_s))
    total_s = sum(shares.values())
    return frozenset(letter for letter, lit_s in shares.items() if lit_s >= COLOUR_SHARE * total_s > 0)


def same_light(scene: Scene, spans: tuple[SceneSpan, ...], span: SceneSpan) -> tuple[Verdict | None, float, str]:
    """Verdict, factor on its score and a note for a code that may share its light with another one.

    The colours of these rows are unknown, so that only what was sent or seen before tells them apart.
    """
    verdict = CODE_VERDICTS.get(span.code or "")
    pair = next((p for p in _SAME_LIGHT if span.code in p and any(a in p for a in span.alternatives)), None)
    if pair is None:
        return verdict, 1.0, ""
    before = {s.code for s in spans if s.start_s < span.start_s}
    chosen = ""
    if "wps" in pair:
        # Only code goes offline on purpose, and it starts after a connection or after 10 s (boot procedure page).
        early = scene.powered.cold and span.start_s < scene.powered.start_s + scene.facts.stuck_s
        wps = blinkup_kind(scene) == BlinkUpKind.WPS or (early and not before)
        chosen = "wps" if wps else ("offline" if "connected" in before else "")
    elif before & {"sim", "registering"}:
        chosen = "ppp"
    elif earlier := [s for s in spans if s.code in pair and s.end_s < span.start_s]:
        # The two rows can differ in their colours only, so the same ones are a new attempt.
        chosen = "modem" if _lit(scene, earlier[0]) == _lit(scene, span) else "ppp"
    elif scene.powered.cold and not before:
        chosen = "modem"
    if chosen:
        return (
            CODE_VERDICTS[chosen],
            TOLD_BY_WHAT_CAME_BEFORE,
            f"; the same light can mean {' or '.join(pair)}, what came before says {chosen}",
        )
    return verdict, SHARED_LIGHT, f"; the same light can mean {' or '.join(pair)}"


def is_red(span: SceneSpan) -> bool:
    """Solid or very fast red that may mean the supply: solid red of a factory fixture looks the same."""
    return span.code == "power_fault" or (span.code == "bless_failed" and "power_fault" in span.alternatives)


def blinkup_kind(scene: Scene) -> str:
    """What the last BlinkUp of the stretch was for: wifi, clear or wps; empty if none was sent."""
    return str(scene.blinkups[-1].details.get("what", "")) if scene.blinkups else ""


def dark_after(scene: Scene, span: SceneSpan) -> bool:
    """Whether the LED stayed dark from the end of `span` until the end of what was seen."""
    return scene.led_end_s - span.end_s >= WENT_DARK_S and scene.dark_share(span.end_s, scene.led_end_s) > MOSTLY_DARK


def items_of(*spans: SceneSpan) -> tuple[EvidenceItem, ...]:
    """Spans as evidence."""
    return tuple(span.item() for span in spans)


def dark_item(scene: Scene, span: SceneSpan) -> tuple[EvidenceItem, ...]:
    """The darkness that followed a span until the end, as evidence; nothing if the LED did not stay dark."""
    if not dark_after(scene, span):
        return ()
    return (EvidenceItem(span.end_s, scene.led_end_s, f"dark for {scene.led_end_s - span.end_s:.1f} s", "led"),)
