"""Which networks a bench file lists, found by name or by path, and what is said of one that it doesn't list."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_files import FIXTURES, SIMULATED

from rig.bench.bench import open_bench
from rig.config.bench import BenchConfig, load_bench
from rig.config.bench_networks import DeclaredNetworks, declared_networks
from rig.config.network import NetworkProfile
from rig.errors import CapabilityMissing, ConfigError

OFFICE = 'name = "office"\nssid = "Office"\npassword = "eight or more"\n'


def bench(folder: Path, *listed: str) -> BenchConfig:
    """A simulated bench in `folder` that lists these."""
    head, rest = SIMULATED.split("networks = [", 1)
    text = head + f"networks = {list(listed)}\n" + rest.split("]\n", 1)[1]
    path = folder / "desk.toml"
    path.write_text(text, encoding="utf-8")
    return load_bench(str(path))


def put(folder: Path, text: str = OFFICE, file: str = "office.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file
    path.write_text(text, encoding="utf-8")
    return path


def refusal(config: BenchConfig) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        declared_networks(config)
    return str(caught.value).splitlines()


def test_a_file_is_known_by_the_name_in_it(tmp_path: Path) -> None:
    put(tmp_path / "nets", file="third-floor.toml")
    there = declared_networks(bench(tmp_path, "home", "nets/third-floor.toml"))
    assert there.names() == ("home", "office")
    office = there.provide("office")
    assert isinstance(office, NetworkProfile)
    assert office.ssid == "Office"


def test_a_path_counts_from_the_bench_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner, elsewhere = tmp_path / "inner", tmp_path / "elsewhere"
    put(elsewhere, OFFICE.replace("Office", "Not this one"), "office.toml")
    put(inner)
    monkeypatch.chdir(elsewhere)
    config = bench(inner, "office.toml")
    assert declared_networks(config).provide("office").ssid == "Office"
    monkeypatch.chdir(tmp_path)
    assert declared_networks(load_bench("inner/desk.toml")).provide("office").ssid == "Office"
    (inner / "office.toml").unlink()
    (line,) = refusal(config)
    assert line.startswith(f"{inner / 'desk.toml'}: networks: network file 'office.toml' does not exist; ")
    assert f"tried {inner / 'office.toml'}, as paths count from the bench file's folder" in line


def test_an_absolute_path_is_itself(tmp_path: Path) -> None:
    path = put(tmp_path / "far" / "away")
    assert declared_networks(bench(tmp_path, str(path))).names() == ("office",)


def test_two_files_with_one_name_are_a_mistake(tmp_path: Path) -> None:
    put(tmp_path, OFFICE.replace('"office"', '"home"'), "own.toml")
    (line,) = refusal(bench(tmp_path, "home", "own.toml"))
    assert f"'home' and '{tmp_path / 'own.toml'}' are both named 'home'; rename one of them" in line
    assert declared_networks(bench(tmp_path, "home", "home")).names() == ("home",)


def test_every_mistake_is_told_at_once_and_no_password(tmp_path: Path) -> None:
    put(tmp_path, OFFICE.replace("password", "pasword"), "key.toml")
    put(tmp_path, OFFICE.replace("eight or more", "canary"), "short.toml")
    lines = refusal(bench(tmp_path, "key.toml", "hmoe", "short.toml"))
    assert [line.partition(": networks: ")[0] for line in lines] == [str(tmp_path / "desk.toml")] * 3
    assert f"{tmp_path / 'key.toml'}: pasword: unknown key; is 'password' meant?" in lines[0]
    assert "no network named 'hmoe' in" in lines[1]
    assert "is 'home' meant? there are: 5ghz, " in lines[1]
    assert f"{tmp_path / 'short.toml'}: password = (hidden): it has 6 characters" in lines[2]
    assert "canary" not in "".join(lines)


def test_a_bench_does_not_open_with_a_broken_network(tmp_path: Path) -> None:
    put(tmp_path, OFFICE + "channel = 15\n")
    bench(tmp_path, "office.toml")
    with pytest.raises(ConfigError, match=r"office\.toml: channel 15 is not in the 2\.4 GHz band"):
        open_bench(str(tmp_path / "desk.toml"))


def test_an_open_bench_has_its_own_networks(tmp_path: Path) -> None:
    put(tmp_path)
    bench(tmp_path, "office.toml", "wired")
    with open_bench(str(tmp_path / "desk.toml")) as opened:
        assert {"network", "network:office"} <= opened.capabilities
        opened.require("network:office")
        opened.networks.provide("office")
        assert [n.name for n in opened.world.networks.present] == ["office"]
        with pytest.raises(CapabilityMissing, match=r"'imp003' lacks 'ethernet' to reach network 'wired'"):
            opened.require("network:wired")
        for ask in (opened.networks.provide, lambda name: opened.require(f"network:{name}")):
            with pytest.raises(CapabilityMissing, match="lacks 'network:no-dhcp'"):
                ask("no-dhcp")
            with pytest.raises(ConfigError, match=r"no network is named 'ofice', .*; is 'office' meant\?"):
                ask("ofice")


def of(config: BenchConfig) -> DeclaredNetworks:
    return declared_networks(config)


def test_one_that_could_be_had_names_the_next_step(tmp_path: Path) -> None:
    said = str(of(bench(tmp_path, "home")).missing_network_error("no-dhcp"))
    step = f'add "no-dhcp" to `networks` in {tmp_path / "desk.toml"}, or in a copy that --bench names'
    assert said == f"bench 'simulated' lacks 'network:no-dhcp' ({step}); networks that it has: home"
    real = of(load_bench("example-pi4")).missing_network_error("home")
    assert isinstance(real, CapabilityMissing)
    assert f'(if it is really there, add "home" to `networks` in {FIXTURES}' in str(real)


def test_what_is_built_in_is_known_with_another_folder_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    put(own / "networks")
    config = bench(tmp_path, "office")
    monkeypatch.setenv("RIG_FIXTURES", str(own))
    lacking = of(config).missing_network_error("no-dhcp")
    assert isinstance(lacking, CapabilityMissing)
    assert f'(add "no-dhcp" to `networks` in {tmp_path / "desk.toml"}' in str(lacking)  # nothing need be copied
    of(config).check_capability("network:no-dhcp")
    with pytest.raises(ConfigError, match="is 'no-dhcp' meant"):
        of(config).check_capability("network:no-dchp")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("network:hmoe", "no network is named 'hmoe'.*; is 'home' meant?"),
        ("network:no_dhcp", "is 'no-dhcp' meant?"),
        ("network:atlantis", "there are 5ghz, .*, office, "),
        ("network:office.toml", "asked for by its name, not by its file"),
        ("network:", "no network is named ''"),
        ("suply.series", "unknown capability 'suply.series'; is 'supply.series' meant?"),
    ],
)
def test_a_word_that_nobody_can_have_is_refused(tmp_path: Path, word: str, said: str) -> None:
    put(tmp_path)
    there = of(bench(tmp_path, "office.toml"))
    for fine in ("network", "network:office", "network:no-dhcp", "supply.series", "radio.wifi"):
        there.check_capability(fine)
    with pytest.raises(ConfigError, match=said):
        there.check_capability(word)


def test_benches_know_their_file_and_made_ones_have_none() -> None:
    config = load_bench("simulated")
    assert config.file == FIXTURES / "benches" / "simulated.toml"
    assert config.model_copy(update={"title": "x"}).file == config.file
    made = BenchConfig.model_validate(config.model_dump() | {"networks": ["hmoe"]})
    assert made.file is None
    assert refusal(made)[0].startswith("bench 'simulated': networks: no network named 'hmoe'")
