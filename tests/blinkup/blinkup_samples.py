"""Configurations for the BlinkUp tests: the SDK's vectors, and strategies for every valid configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from rig.blinkup import ClearConfig, Config, Proxy, StaticIP, WifiConfig, WpsConfig

VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "blinkup" / "vectors.json").read_text(encoding="utf-8")
)

TOKEN = "0123456789abcdef"
PLAN = "fedcba9876543210"

steady = settings(derandomize=True, deadline=None, database=None, max_examples=200)


def config_of_vector(vector: dict[str, Any]) -> Config:
    if vector.get("clear"):
        return ClearConfig()
    return WifiConfig(
        vector["ssid"],
        vector["password"],
        vector["token"],
        vector["plan"],
        StaticIP(**vector["addressing"]) if "addressing" in vector else None,
        Proxy(**vector["proxy"]) if "proxy" in vector else None,
    )


def _utf8(low: int, high: int) -> st.SearchStrategy[str]:
    text = st.text(st.characters(exclude_categories=["Cs"]), min_size=min(low, 1), max_size=high)
    return text.filter(lambda t: low <= len(t.encode()) <= high)


hex_ids = st.text("0123456789abcdefABCDEF", min_size=16, max_size=16)
addresses = st.ip_addresses(v=4).map(str)
passwords = st.one_of(
    st.just(""),
    st.text("abcXYZ0189 !", min_size=5, max_size=5),
    st.text("0123456789ABCDEFabcdef", min_size=64, max_size=64),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=63),
    st.builds(lambda a, b: a + "ü" * b, st.text("abc", min_size=8, max_size=13), st.integers(0, 25)),
)
static_ips = st.builds(StaticIP, addresses, addresses, addresses, addresses, st.none() | addresses)
proxies = st.builds(
    lambda server, port, user, password: Proxy(server, port, user, password if user else None),
    _utf8(1, 20),
    st.integers(1, 65535),
    st.none() | _utf8(0, 12),
    st.none() | _utf8(0, 12),
)
networks = st.tuples(st.just(""), st.just("")) | st.tuples(_utf8(1, 32), passwords)
wifi_configs = st.builds(
    lambda network, token, plan, static_ip, proxy: WifiConfig(network[0], network[1], token, plan, static_ip, proxy),
    networks,
    hex_ids,
    hex_ids,
    st.none() | static_ips,
    st.none() | proxies,
)
wps_configs = st.builds(WpsConfig, st.just("") | st.text("0123456789", min_size=8, max_size=8), hex_ids, hex_ids)
configs = st.one_of(wifi_configs, wps_configs, st.just(ClearConfig()))
