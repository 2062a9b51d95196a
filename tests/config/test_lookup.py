"""Folders of data files lie over one another: one's own first, then what is built in."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_files import FIXTURES

from rig.config.device import load_device
from rig.config.lookup import data_files, find_data_file, fixtures_folders, session_fixtures
from rig.config.network import load_network
from rig.errors import ConfigError


def network(folder: Path, name: str, ssid: str) -> Path:
    """A fixtures folder with one more network."""
    (folder / "networks").mkdir(parents=True, exist_ok=True)
    text = f'name = "{name}"\nssid = "{ssid}"\nsecurity = "open"\n'
    (folder / "networks" / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty present folder."""
    monkeypatch.delenv("RIG_FIXTURES", raising=False)
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def test_an_empty_folder_has_what_is_built_in(here: Path) -> None:
    assert fixtures_folders() == (FIXTURES,)
    assert find_data_file("benches", "simulated") == FIXTURES / "benches" / "simulated.toml"


def test_the_nearer_folder_counts_and_the_farther_ones_stay(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert load_network("home").ssid == "Bench-Home"
    network(here / "fixtures", "home", "Present folder")
    assert load_network("home").ssid == "Present folder"
    ini = network(tmp_path / "ini", "home", "Ini file")
    with session_fixtures([ini]):
        assert load_network("home").ssid == "Ini file"
        monkeypatch.setenv("RIG_FIXTURES", str(network(tmp_path / "variable", "home", "Variable")))
        assert load_network("home").ssid == "Variable"
        assert load_network(str(ini / "networks" / "home.toml")).ssid == "Ini file"  # a path is what it is
        names = [folder.parent.name if folder.name == "fixtures" else folder.name for folder in fixtures_folders()]
        assert names == ["variable", "ini", "here", FIXTURES.parent.name]
    assert len(fixtures_folders()) == 3
    assert load_network("no-dhcp").dhcp == "silent"  # still there


def test_a_folder_of_ones_own_adds_to_the_list(here: Path) -> None:
    network(here / "fixtures", "office", "Office")
    assert set(data_files("networks")) == {path.stem for path in (FIXTURES / "networks").glob("*.toml")} | {"office"}
    assert list(data_files("networks")) == sorted(data_files("networks"))


def test_a_device_of_ones_own_extends_a_built_in_one(here: Path) -> None:
    (here / "fixtures" / "devices").mkdir(parents=True)
    text = 'name = "thermostat"\nextends = "imp003"\nled_window_s = 30.0\n'
    (here / "fixtures" / "devices" / "thermostat.toml").write_text(text, encoding="utf-8")
    device = load_device("thermostat")
    assert (device.imp, device.led_window_s) == ("imp003", 30.0)
    assert device.limits == load_device("imp003").limits


def test_a_mistake_names_the_folders_that_were_asked(here: Path) -> None:
    own = network(here / "fixtures", "office", "Office")
    with pytest.raises(ConfigError) as refused:
        find_data_file("networks", "ofice")
    assert f"in {own / 'networks'} or {FIXTURES / 'networks'}; is 'office' meant?" in str(refused.value)


def test_a_folder_of_another_projects_fixtures_is_left_alone(here: Path) -> None:
    (here / "fixtures").mkdir()
    (here / "fixtures" / "users.json").write_text("{}")
    assert fixtures_folders() == (FIXTURES,)


def test_what_is_no_folder_is_said_with_who_named_it(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session_fixtures([tmp_path / "gone"]), pytest.raises(ConfigError, match="rig_fixtures in the ini file="):
        fixtures_folders()
    monkeypatch.setenv("RIG_FIXTURES", str(tmp_path / "gone"))
    with pytest.raises(ConfigError, match=r"RIG_FIXTURES=.*gone'"):
        fixtures_folders()
