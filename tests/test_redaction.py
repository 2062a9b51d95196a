"""The last filter finds a secret in every usual form, and leaves all else as it is."""

from __future__ import annotations

import base64
import html
import json
import time
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.errors import BenchConnectionError, ConfigError, DeviceNotReady
from rig.redaction import forms_of, redacted, redacted_data
from rig.secret import Secret, none_remembered, remembered

AWKWARD = 'It\'s "50%" <safe> & s\u00fcnd/\\ ok'
TOKEN = "c0ffee5ec2e7ab1e"
RAW = bytes.fromhex(TOKEN)
FORMS = {
    "plain": AWKWARD,
    "repr": repr(AWKWARD)[1:-1],
    "ascii": ascii(AWKWARD)[1:-1],
    "bytes": repr(AWKWARD.encode())[2:-1],
    "JSON": json.dumps(AWKWARD)[1:-1],
    "JSON, not ASCII": json.dumps(AWKWARD, ensure_ascii=False)[1:-1],
    "HTML": html.escape(AWKWARD),
    "HTML, not quoted": html.escape(AWKWARD, quote=False),
    "XML": escape(AWKWARD, {'"': "&quot;"}),
    "URL": quote(AWKWARD),
    "URL, all": quote(AWKWARD, safe=""),
    "URL, query": quote_plus(AWKWARD),
    "hex": AWKWARD.encode().hex(),
    "HEX": AWKWARD.encode().hex().upper(),
    "hex, spaced": AWKWARD.encode().hex(" "),
    "hex, colons": AWKWARD.encode().hex(":"),
    "UTF-16, hex": AWKWARD.encode("utf-16-le").hex(),
    "UTF-16, as bytes read one by one": AWKWARD.encode("utf-16-le").decode("latin-1").replace("\xfc\x00", "\xfc\x00"),
    "UTF-16, base64": base64.b64encode(AWKWARD.encode("utf-16-be")).decode(),
}
TOKEN_FORMS = {
    "upper case": TOKEN.upper(),
    "bytes": repr(RAW)[2:-1],
    "bytes as in a packet": repr(RAW[::-1])[2:-1],
    "hex as in a packet": RAW[::-1].hex(),
    "base64 of the bytes": base64.b64encode(RAW).decode()[:10],
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_found(form: str) -> None:
    text = f"before {FORMS[form]} after"
    assert redacted(text) == text, "nothing is secret yet"
    Secret(AWKWARD)
    assert redacted(text).startswith("before ***"), form
    assert len(redacted(text)) < len("before *** after") + 4  # of base64 a last digit may be left, of UTF-16 a zero


@pytest.mark.parametrize("form", TOKEN_FORMS)
def test_each_form_of_hex_digits_is_found(form: str) -> None:
    Secret(TOKEN)
    assert "***" in redacted(f"before {TOKEN_FORMS[form]} after")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("shift", range(3))
@pytest.mark.parametrize("behind", range(3))
@pytest.mark.parametrize("variant", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_of_something_longer(encoding: str, shift: int, behind: int, variant: type[base64.b64encode]) -> None:
    Secret("hunter2?>hunter2")
    data = b"\xfb" * shift + "hunter2?>hunter2".encode(encoding) + b"\xfb" * behind
    text = variant(data).decode()
    left = redacted(text)
    assert "***" in left
    assert len(left.replace("***", "").rstrip("=")) <= 6, "digits that its neighbours have a part in, and theirs"


def test_several_secrets_and_the_longest_first() -> None:
    Secret("a firm hand")
    Secret("a firm handshake")
    assert redacted("a firm handshake, a firm hand; a firm han") == "***, ***; a firm han"


def test_short_values_tear_no_text() -> None:
    for text in ("", "a1c", "bench", "Bench", "1234567"):
        Secret(text)
    assert redacted("a1c of the bench, Bench 12345678") == "a1c of the bench, Bench 12345678"
    Secret(b"bench".hex())  # a WEP key in hex digits
    assert redacted("a bench, 62656e6368") == "a bench, ***"
    for text in ("c1ef", "password", "12345678"):
        Secret(text)
    assert redacted("abc1efg, passwords, 123456789") == "ab***g, ***s, ***9"


def test_pictures_are_left_alone() -> None:
    Secret("AAAAAAAA")
    picture = "data:image/png;base64," + "AAAAAAAAAAAA"
    assert redacted(f"AAAAAAAA {picture} AAAAAAAA") == f"*** {picture} ***"


@given(st.text(min_size=4), st.text(), st.text())
def test_any_text_is_found_anywhere(secret: str, before: str, after: str) -> None:
    with none_remembered():
        Secret(secret)
        left = redacted(before + secret + after)
        assert left != before + secret + after or secret not in remembered()
        assert secret not in left.split("***") or secret not in remembered()


def test_data_keeps_its_keys() -> None:
    Secret("measured")
    data = {"measured": ["it measured", ("measured", 1, None, True, 2.5)], "secret": Secret("measured")}
    assert redacted_data(data) == {"measured": ["it ***", ["***", 1, None, True, 2.5]], "secret": "***"}


@pytest.mark.parametrize("kind", [ConfigError, BenchConnectionError, DeviceNotReady])
def test_no_error_of_the_rig_tells_a_secret(kind: type[Exception]) -> None:
    Secret("a firm handshake")
    error = kind("no network is named 'a firm handshake'")
    assert (str(error), "firm" in repr(error)) == ("no network is named '***'", False)


def test_many_secrets_cost_little() -> None:
    """A filter that takes long would be switched off."""
    for n in range(2000):
        Secret(f"password number {n:06d}")
    assert redacted("password number 001234") == "***"
    begun_s = time.perf_counter()
    for _ in range(200):
        redacted("what an error says " * 10)
    assert time.perf_counter() - begun_s < 2.0


def test_number_of_forms_is_bounded() -> None:
    assert len(forms_of(AWKWARD)) < 80
