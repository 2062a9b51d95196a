"""Network files of three kinds: what is in them, what is refused, and what never shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from rig.config.bench import load_bench
from rig.config.network import CellularNetwork, NetworkProfile, WiredNetwork, load_any_network, load_network
from rig.errors import ConfigError

FOLDER = Path(__file__).parents[2] / "fixtures" / "networks"
PAGE = Path(__file__).parents[2] / "docs" / "networks.md"


WPA = ("wpa", "wpa2", "wpa-mixed", "wpa3", "wpa3-transition")


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


WIFI = 'name = "x"\nssid = "X"\npassword = "canary-4711"\n'
NO_PASSWORD = WIFI.replace('password = "canary-4711"\n', "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"\nlink = "radio"', r"link = 'radio'; expected one of wifi, ethernet, cellular"),
        ('name = "x"\nlink = 3', r"link = 3; expected one of"),
        ('name = "x"\nlink = "ethernet"\nssid = "X"', r"ssid: unknown key; .*docs/networks\.md"),
        ('name = "x"\nlink = "cellular"\nsim = "lost"', r"sim = 'lost'.*'accepted' or 'missing'"),
        (WIFI + 'band_ghz = "5"', r"channel 6 is not in the 5 GHz band; expected 36 to 165"),
        (WIFI + "channel = 36", r"channel 36 is not in the 2\.4 GHz band; expected 1 to 14"),
        (WIFI + "band_ghz = 6", r"band_ghz = 6: expected '2\.4' or '5'"),
        (WIFI + "band_ghz = true", r"band_ghz = True: expected"),
        (WIFI + 'security = "open"', r"x\.toml: password: an open network has no password"),
        (WIFI + 'security = "wep"', r"x\.toml: password: .*5 or 13 characters, or 10 or 26 hex digits"),
        *(
            (f'{NO_PASSWORD}security = "{word}"', rf'x\.toml: password: missing; .*security is "{word}".*"open"')
            for word in WPA
        ),
        (NO_PASSWORD, r'x\.toml: password: missing; .*security is "wpa2"'),
        (NO_PASSWORD + 'password = "canary7"', r"x\.toml: password = \(hidden\): .*7 characters; expected 8 to 63"),
        *((f'{NO_PASSWORD}password = "{"canary" * 11:.{n}}"', rf"{n} characters; expected 8 to 63") for n in (64, 65)),
        (NO_PASSWORD + f'password = "{"a5" * 31}a"\nsecurity = "wep"', r"a WEP key"),
        (WIFI + "[[extenders]]\nchannel = 40", r"extenders\.0: channel 40 is not in the 2\.4 GHz band"),
        (WIFI + "[proxy]\nserver = 'p'\nport = 70000", r"proxy\.port = 70000"),
        (WIFI + "subnet = '192.168.1.7/24'", r"subnet"),
    ],
)
def test_mistakes_are_named_and_passwords_are_not(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        load_any_network(write(tmp_path, text))
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("security", WPA)
@pytest.mark.parametrize("password", ["8 signs.", "x" * 63, "A5" * 32, "\u00e4" * 4])
def test_what_wpa_takes(tmp_path: Path, security: str, password: str) -> None:
    text = f'{NO_PASSWORD}password = "{password}"\nsecurity = "{security}"'
    assert load_network(write(tmp_path, text)).password.get_secret_value() == password


@pytest.mark.parametrize(("written", "band", "channel"), [("5", "5", 36), ("5.0", "5", 36), ("2.4", "2.4", 6)])
def test_a_band_needs_no_quotes(tmp_path: Path, written: str, band: str, channel: int) -> None:
    for text in (written, f'"{band}"'):
        network = load_network(write(tmp_path, f"{WIFI}band_ghz = {text}\nchannel = {channel}"))
        assert network.band_ghz == band
        two = f"{WIFI}[[extenders]]\nband_ghz = {text}\nchannel = {channel}"
        assert load_network(write(tmp_path, two)).extenders[0].band_ghz == band


def test_a_name_in_the_folder_is_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "networks").mkdir()
    write(tmp_path / "networks", WIFI.replace('"x"', '"y"'))
    monkeypatch.setenv("RIG_FIXTURES", str(tmp_path))
    with pytest.raises(ConfigError, match=r"networks/x\.toml: name = 'y': expected 'x', as the file is called"):
        load_any_network("x")
    assert load_any_network(str(tmp_path / "networks" / "x.toml")).name == "y"


def test_a_proxy_keeps_its_password(tmp_path: Path) -> None:
    network = load_any_network("proxy-only")
    assert network.proxy is not None
    assert network.proxy.password.get_secret_value() == "let me through"
    assert "let me through" not in repr(network) + str(network.model_dump())
    with pytest.raises(ConfigError) as caught:
        load_any_network(write(tmp_path, WIFI + "[proxy]\nserver='p'\nport=1\npassword=[4711]"))
    assert "4711" not in str(caught.value)
