"""A secret shows as *** however it is turned into text, and only one method gives it away."""

from __future__ import annotations

import copy
import json
import pickle
import pprint
import traceback
from dataclasses import asdict, astuple, replace

import pytest
from pydantic import ValidationError

from rig.blinkup import Proxy, WifiConfig, WpsConfig, encode, parse
from rig.config.bench import Dut
from rig.config.network import HttpProxy, NetworkProfile
from rig.secret import Secret, keyed_hash, remembered, secret_or_none
from rig.sim.imp.settings import ImpSettings, StoredProxy

PASSWORD, TOKEN, PLAN, PIN = "Canary-Pa55word", "c0ffee5ec2e7ab1e", "0badc0de0badc0de", "90217863"
HOLDERS = {
    "Wi-Fi": WifiConfig("imp", PASSWORD, TOKEN, PLAN, proxy=Proxy("p", 1, "u", PASSWORD)),
    "WPS": WpsConfig(PIN, TOKEN, PLAN),
    "bench file": Dut(token=Secret(TOKEN), plan=Secret(PLAN)),
    "network file": NetworkProfile(
        name="n", ssid="s", password=Secret(PASSWORD), proxy=HttpProxy(server="h", port=1, password=Secret(PASSWORD))
    ),
    "flash": ImpSettings(password=Secret(PASSWORD), token=Secret(TOKEN), plan=Secret(PLAN), wps_pin=Secret(PIN)),
    "flash's proxy": StoredProxy("p", 1, "u", Secret(PASSWORD)),
}


def leaks(text: str) -> list[str]:
    return [secret for secret in (PASSWORD, TOKEN, PLAN, PIN) if secret in text.lower() or secret in text]


def as_texts(value: object) -> list[str]:
    found = [
        repr(value),
        str(value),
        f"{value}",
        f"{value!r:>80}",
        f"{value} {value!r}",
        pprint.pformat(value),
    ]
    found += [repr(vars(value)), pprint.pformat(vars(value), width=20)] if hasattr(value, "__dict__") else []
    if hasattr(value, "__dataclass_fields__"):
        found += [repr(asdict(value)), repr(astuple(value))]  # type: ignore[call-overload]
    if hasattr(value, "model_dump"):
        found += [repr(value.model_dump()), value.model_dump_json()]
    return found


@pytest.mark.parametrize("name", HOLDERS)
def test_whatever_holds_a_secret_shows_none(name: str) -> None:
    for text in as_texts(HOLDERS[name]):
        assert leaks(text) == []
    assert "***" in repr(HOLDERS[name])


def test_one_method_gives_the_text() -> None:
    secret = Secret(PASSWORD)
    assert secret.get_secret_value() == PASSWORD
    assert Secret(secret).get_secret_value() == PASSWORD
    for text in (*as_texts(secret), f"{secret:>40}", format(secret, "s")):
        assert leaks(text) == []
    assert not hasattr(secret, "__dict__")
    assert [name for name in dir(secret) if not name.startswith("_")] == ["get_secret_value"]


def test_secrets_compare_by_their_text() -> None:
    assert Secret(PASSWORD) == Secret(PASSWORD) == PASSWORD
    assert Secret(PASSWORD) != Secret(TOKEN)
    assert Secret(PASSWORD) != "another"
    assert Secret("lone \ud800") == Secret("lone \ud800")
    assert Secret("") != 0
    assert len({Secret(PASSWORD), Secret(PASSWORD), PASSWORD}) == 1
    assert (bool(Secret("")), len(Secret("four")), str(Secret("")), secret_or_none(None)) == (False, 4, "", None)


def test_a_secret_is_text() -> None:
    with pytest.raises(TypeError, match="not bytes"):
        Secret(b"bytes")  # type: ignore[arg-type]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_pickle_carries_a_secret(protocol: int) -> None:
    for value in (Secret(PASSWORD), *HOLDERS.values()):
        with pytest.raises(TypeError, match="can't be pickled"):
            pickle.dumps(value, protocol)


def test_a_copy_is_as_secret() -> None:
    for value in (Secret(PASSWORD), *HOLDERS.values()):
        assert copy.deepcopy(value) == copy.copy(value) == value
        assert leaks(repr(copy.deepcopy(value))) == []
    with pytest.raises(TypeError):
        json.dumps(Secret(PASSWORD))


def test_the_encoder_gets_the_text() -> None:
    config = HOLDERS["Wi-Fi"]
    assert isinstance(config, WifiConfig)
    packet = encode(config)
    assert PASSWORD.encode() in packet
    assert parse(packet) == config == replace(config, password=Secret(PASSWORD), plan=Secret(PLAN.upper()))
    assert replace(config, token=PLAN) != config  # type: ignore[arg-type]


@pytest.mark.parametrize("model", [Dut, HttpProxy, NetworkProfile])
def test_pydantics_own_error_shows_no_input(model: type[Dut]) -> None:
    with pytest.raises(ValidationError) as caught:
        model.model_validate({"token": PASSWORD, "password": [PASSWORD], "security": PASSWORD})
    assert leaks("".join(traceback.format_exception(caught.value))) == []


def test_what_was_ever_secret_is_remembered() -> None:
    assert remembered() == ()
    for text in ("abc", "bench", PASSWORD, PASSWORD, TOKEN.upper()):
        Secret(text)
    assert remembered() == (PASSWORD, TOKEN.upper())
    WifiConfig("imp", "another password", TOKEN.upper(), PLAN)
    assert {"another password", TOKEN, PLAN} <= set(remembered())


def test_the_hash_of_a_packet_is_no_oracle() -> None:
    assert keyed_hash(b"packet") == keyed_hash(b"packet") != keyed_hash(b"Packet")
    assert len(keyed_hash(b"")) == 64
