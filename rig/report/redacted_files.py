"""Secrets taken out of finished report files: of their texts, never of the words of their formats."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

from rig.redaction import redacted, redacted_data
from rig.report.private import Readers, write_whole

_PROGRAM = re.compile(r"(<(script|style)\b.*?</\2>)", re.DOTALL | re.IGNORECASE)
_BLOB = re.compile(r'(data-jsonblob=")([^"]*)(")')
_TEXTS = re.compile(r'(?<=>)[^<]+|(?<![\w-])(?!(?:class|id|type)=)[\w:-]+="[^"]*"')
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def redacted_markup(text: str) -> str:
    """HTML or XML: text between tags and the values of attributes; the programs and styles of a page are left alone."""
    parts = _PROGRAM.split(text)  # text, program, its tag, text, ...
    return "".join(part if n % 3 == 1 else "" if n % 3 == 2 else _markup(part) for n, part in enumerate(parts))


def _markup(text: str) -> str:
    blobs: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        blobs.append(found[1] + _blob(found[2]) + found[3])
        return f"<{len(blobs) - 1}\0>"

    kept = _TEXTS.sub(lambda found: redacted(found[0]), _BLOB.sub(put_aside, text))
    return re.sub(r"<(\d+)\0>", lambda found: blobs[int(found[1])], kept)


def _blob(escaped: str) -> str:
    """The rows of pytest-html, as JSON in an attribute; the HTML in them is filtered as text."""
    try:
        data = json.loads(html.unescape(escaped))
    except ValueError:
        return redacted(escaped)
    clean = redacted_data(data)
    return escaped if clean == data else html.escape(json.dumps(clean))


def redacted_json(text: str) -> str:
    """A JSON document, or one a line."""
    try:
        data = json.loads(text)
    except ValueError:
        return "".join(_line(line) for line in text.splitlines(keepends=True))
    clean = redacted_data(data)
    return text if clean == data else json.dumps(clean)


def _line(line: str) -> str:
    try:
        data = json.loads(line)
    except ValueError:
        return redacted(line)
    clean = redacted_data(data)
    return line if clean == data else json.dumps(clean) + "\n"


def redact_file(path: Path, readers: Readers | None = None) -> None:
    """Take the secrets out of a finished file. `readers` may read it afterwards; None leaves that as it is.

    Raises:
        OSError: it can't be read or written.
    """
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    clean = _by_suffix(path.suffix.lower(), text)
    if clean == text:
        return
    if readers is None:
        path.write_text(clean, encoding="utf-8", errors="surrogateescape")
    else:
        write_whole(path, clean, readers)


def _by_suffix(suffix: str, text: str) -> str:
    if suffix in (".html", ".htm", ".xml"):
        return redacted_markup(text)
    return redacted_json(text) if suffix in (".json", ".jsonl") else redacted(text)
