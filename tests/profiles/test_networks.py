"""Network files of three kinds: what is in them, what is refused, and what never shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.bench.config import load_bench
from rig.errors import ConfigError
from rig.profiles.network import CellularNetwork, NetworkProfile, WiredNetwork, load_any_network, load_network

FOLDER = Path(__file__).parents[2] / "fixtures" / "networks"
PAGE = Path(__file__).parents[2] / "docs" / "networks.md"


def write(folder: Path, text: str) -> str:
    path = folder / "x.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_file_loads_and_has_a_title(path: Path) -> None:
    network = load_any_network(path.stem)
    assert network.name == path.stem
    assert network.title


def test_every_file_stands_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    assert [path.stem for path in FOLDER.glob("*.toml") if f"`{path.stem}`" not in text] == []


def test_the_simulated_bench_has_them_all() -> None:
    """What it doesn't declare is skipped, and nobody would see it."""
    assert sorted(load_bench("simulated").networks) == sorted(path.stem for path in FOLDER.glob("*.toml"))


def test_ssids_are_told_apart() -> None:
    networks = [load_any_network(path.stem) for path in FOLDER.glob("*.toml")]
    ssids = [n.ssid for n in networks if isinstance(n, NetworkProfile)]
    assert len(set(ssids)) == len(ssids)


def test_the_link_chooses_the_kind() -> None:
    assert isinstance(load_any_network("home"), NetworkProfile)
    assert isinstance(load_any_network("wired"), WiredNetwork)
    assert isinstance(load_any_network("mobile"), CellularNetwork)
    with pytest.raises(ConfigError, match="'mobile' is reached by cellular; expected a Wi-Fi network"):
        load_network("mobile")


def test_points_are_its_own_and_its_extenders() -> None:
    own, other = load_network("two-access-points").points
    assert (own.channel, own.signal_dbm, other.channel, other.signal_dbm) == (13, -40, 1, -65)


WIFI = 'name = "x"\nssid = "X"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"\nlink = "radio"', r"link = 'radio'; expected one of wifi, ethernet, cellular"),
        ('name = "x"\nlink = 3', r"link = 3; expected one of"),
        ('name = "x"\nlink = "ethernet"\nssid = "X"', r"ssid: unknown key; .*docs/networks\.md"),
        ('name = "x"\nlink = "cellular"\nsim = "lost"', r"sim = 'lost'.*'accepted' or 'missing'"),
        (WIFI + 'band_ghz = "5"', r"channel 6 is not in the 5 GHz band; expected 36 to 165"),
        (WIFI + "channel = 36", r"channel 36 is not in the 2\.4 GHz band; expected 1 to 14"),
        (WIFI + 'security = "open"\npassword = "canary-4711"', r"an open network has no password"),
        (WIFI + 'security = "wep"\npassword = "canary-4711"', r"5 or 13 characters, or 10 or 26 hex digits"),
        (WIFI + "[[extenders]]\nchannel = 40", r"extenders\.0: channel 40 is not in the 2\.4 GHz band"),
        (WIFI + "[proxy]\nserver = 'p'\nport = 70000", r"proxy\.port = 70000"),
        (WIFI + "subnet = '192.168.1.7/24'", r"subnet"),
    ],
)
def test_mistakes_are_named_and_passwords_are_not(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        load_any_network(write(tmp_path, text))
    assert "canary" not in str(caught.value)


def test_a_proxy_keeps_its_password(tmp_path: Path) -> None:
    network = load_any_network("proxy-only")
    assert network.proxy is not None
    assert network.proxy.password.get_secret_value() == "let me through"
    assert "let me through" not in repr(network) + str(network.model_dump())
    with pytest.raises(ConfigError) as caught:
        load_any_network(write(tmp_path, WIFI + "[proxy]\nserver='p'\nport=1\npassword=[4711]"))
    assert "4711" not in str(caught.value)
