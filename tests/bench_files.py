"""Bench files with one thing changed, made from the ones that are shipped."""

from __future__ import annotations

from pathlib import Path

FIXTURES = Path(__file__).parents[1] / "fixtures"
SIMULATED = (FIXTURES / "benches" / "simulated.toml").read_text(encoding="utf-8")
HOME = (FIXTURES / "networks" / "home.toml").read_text(encoding="utf-8")
IMP003 = (FIXTURES / "devices" / "imp003.toml").read_text(encoding="utf-8")


def changed(text: str, old: str, new: str) -> str:
    """`text` with its only `old` replaced; a test that changes nothing would prove nothing."""
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
    return text.replace(old, new)


def edited(text: str, edits: list[tuple[str, str]]) -> str:
    for old, new in edits:
        text = changed(text, old, new)
    return text
