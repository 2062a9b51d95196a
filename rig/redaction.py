"""The last filter: takes every secret of this process out of a text, in each form that tools usually write it in.

Forms: plain; escaped for Python, JSON, HTML, XML and URLs; hex (in either case, spaced, with colons) and base64 (at
each of its three alignments) of the text as UTF-8 and as UTF-16, and of the bytes that a text of hex digits stands for.
A piece that some tool has cut out of a secret is not known.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from rig.secret import MASK, SHORTEST, Secret, changes, is_common, remembered

SHORTEST_ENCODED = 6  # characters of base64 or hex; fewer turn up in pictures by chance

_PICTURE_START = "data:image/png;base64,"
_PICTURE = re.compile(rf"({_PICTURE_START}[A-Za-z0-9+/=]+)")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){4,}")


class _Index:
    """The forms of all secrets by their first characters, the longest first; grows as secrets become known."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen = 0
        self._secrets: tuple[str, ...] = ()
        self.forms: tuple[str, ...] = ()
        self.by_start: dict[str, list[str]] = {}

    def update(self) -> _Index:
        """Take in what has become known since."""
        if self._seen == changes():
            return self
        with self._lock:
            now, known = changes(), remembered()
            if known[: len(self._secrets)] != self._secrets:
                self._secrets, self.forms, self.by_start = (), (), {}
            for secret in known[len(self._secrets) :]:
                self._add(secret)
            self._seen, self._secrets = now, known
            self.forms = tuple(form for same in self.by_start.values() for form in same)
        return self

    def _add(self, secret: str) -> None:
        for form in forms_of(secret):
            same = self.by_start.setdefault(form[:SHORTEST], [])
            if form not in same:
                same.append(form)
                same.sort(key=len, reverse=True)


_index = _Index()


def redacted(text: str) -> str:
    """`text` with *** for each form of each secret that this process knows. Pictures in it are not looked into."""
    index = _index.update()
    if index.forms and _PICTURE_START in text:
        return "".join(part if n % 2 else _filtered(index, part) for n, part in enumerate(_PICTURE.split(text)))
    return _filtered(index, text)


def _filtered(index: _Index, text: str) -> str:
    if not index.forms or (len(text) > len(index.forms) and not any(form in text for form in index.forms)):
        return text
    kept: list[str] = []
    at = done = 0
    while at <= len(text) - SHORTEST:
        form = next((f for f in index.by_start.get(text[at : at + SHORTEST], ()) if text.startswith(f, at)), None)
        if form is None:
            at += 1
            continue
        kept += text[done:at], MASK
        at = done = at + len(form)
    return "".join((*kept, text[done:])) if kept else text


def redacted_data(value: Any) -> Any:
    """`value` (of JSON's kinds) with every text in it filtered; keys stay, as they are the format's own words."""
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Secret):
        return str(value)
    if isinstance(value, Mapping):
        return {key: redacted_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redacted_data(item) for item in value]
    return value


def forms_of(secret: str) -> frozenset[str]:
    """Every form of a secret that the filter looks for."""
    plain = secret.encode("utf-8", "surrogatepass")
    found = {secret, "\0".join(secret), *_escaped(secret, plain)}
    encodings = [plain, *(secret.encode(name, "surrogatepass") for name in ("utf-16-le", "utf-16-be"))]
    if _HEX.fullmatch(secret):
        found |= {secret.lower(), secret.upper()}
        encodings += [bytes.fromhex(secret), bytes.fromhex(secret)[::-1]]
        found |= {repr(data)[2:-1] for data in encodings[-2:]}
    encoded = {form for data in encodings for form in _encoded(data)}
    return frozenset(
        {form for form in found if not is_common(form)} | {form for form in encoded if len(form) >= SHORTEST_ENCODED}
    )


def _escaped(secret: str, plain: bytes) -> Iterator[str]:
    yield repr(secret)[1:-1]
    yield ascii(secret)[1:-1]
    yield repr(plain)[2:-1]
    for text in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], secret):
        yield text
        yield html.escape(text)
        yield html.escape(text).replace("&#x27;", "&#39;")
        yield html.escape(text).replace("&#x27;", "&apos;")
        yield html.escape(text, quote=False)
        yield html.escape(text, quote=False).replace('"', "&quot;")
    for safe in ("", "/", "~"):
        yield quote(plain, safe=safe)
        yield quote(plain, safe=safe).lower() if "%" in quote(plain, safe=safe) else quote(plain, safe=safe)
        yield quote_plus(plain, safe=safe)


def _encoded(data: bytes) -> Iterator[str]:
    for digits in (data.hex(), data.hex(" "), data.hex(":"), data.hex("-")):
        yield digits
        yield digits.upper()
    for shift in range(3):  # base64 of something longer that has the secret anywhere in it
        text = base64.b64encode(bytes(shift) + data).decode()
        inner = text[-(-8 * shift // 6) : 8 * (shift + len(data)) // 6]  # what no neighbour has a part in
        yield inner
        yield inner.replace("+", "-").replace("/", "_")
    yield base64.b64encode(data).decode()
