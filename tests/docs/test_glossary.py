"""The glossary explains words that are in use, each once, in one sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
ROWS = re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|$", GLOSSARY.read_text(encoding="utf-8"), flags=re.MULTILINE)
WORDS = {word: meaning for word, meaning in ROWS if word != "Word"}
SEARCHED = ("rig/**/*.py", "tests_hil/*.py", "fixtures/**/*.toml", "docs/**/*.md", "README.md", "CHANGELOG.md")


@pytest.fixture(scope="module")
def in_use() -> str:
    """Code and pages as one text in lower case, without line breaks."""
    paths = [path for pattern in SEARCHED for path in ROOT.glob(pattern) if path != GLOSSARY]
    text = " ".join(path.read_text(encoding="utf-8") for path in paths)
    return re.sub(r"\s+", " ", text).lower()


@pytest.mark.parametrize("word", WORDS)
def test_word_is_in_use(word: str, in_use: str) -> None:
    assert re.search(rf"\b{re.escape(word.lower())}", in_use), f"nothing says {word!r}: leave it out of the glossary"


def test_words_stand_once_and_have_one_sentence() -> None:
    words = [word.lower() for word, _ in ROWS if word != "Word"]
    assert sorted(words) == sorted(set(words))
    for word, meaning in WORDS.items():
        assert re.fullmatch(r"[A-Z][^.]*(?:\d\.\d[^.]*|`[^`]*`[^.]*)*\.", meaning), word
