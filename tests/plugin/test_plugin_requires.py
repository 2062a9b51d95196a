"""What tests require: words that nobody can have end the session, alike with and without workers; others skip."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from plugin_runs import FIXTURES, run_session

from rig.config.capabilities import BENCH_CAPABILITIES
from rig.config.device import DEVICE_CAPABILITIES
from rig.pytest_plugin import options

SHIPPED = (FIXTURES / "benches" / "simulated.toml").read_text(encoding="utf-8")
OFFICE = 'name = "office"\nssid = "Office"\npassword = "eight or more"\n'
ASKING = """
import pytest

@pytest.mark.requires({word!r})
def test_asks():
    open("a-test-ran", "w").close()

def test_does_not_ask():
    open("a-test-ran", "w").close()
"""
WAYS = pytest.mark.parametrize("workers", ["-n0", "-n2"])


def bench_file(folder: Path, listed: list[str]) -> str:
    """A simulated bench that lists these networks."""
    head, rest = SHIPPED.split("networks = [", 1)
    text = head + f"networks = {listed}\n" + rest.split("]\n", 1)[1]
    path = folder / "desk.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def run(pytester: pytest.Pytester, *arguments: str) -> tuple[int, str]:
    result = run_session(pytester, "-rs", *arguments)
    return int(result.ret), result.stdout.str() + result.stderr.str()


@WAYS
@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("suply.series", "unknown capability 'suply.series'; is 'supply.series' meant?"),
        ("network:hmoe", "is 'home' meant?"),
    ],
    ids=["capability", "network"],
)
def test_a_word_that_nobody_can_have_ends_the_session(
    pytester: pytest.Pytester, workers: str, word: str, meant: str
) -> None:
    pytester.makepyfile(test_words=ASKING.format(word=word))
    code, said = run(pytester, workers)
    assert code == options.CONFIG_INVALID, said
    assert meant in said
    assert said.count(f"{meant} ") == 1, "once, however many workers there are"
    assert "asked for by test_words.py::test_asks" in said
    assert "INTERNALERROR" not in said
    assert "Traceback" not in said
    assert not (pytester.path / "a-test-ran").exists()


def test_a_word_that_some_bench_has_only_skips(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_words=ASKING.format(word="supply.switched_dips"))
    code, said = run(pytester, "-n0")
    assert code == 0, said
    assert "lacks 'supply.switched_dips'" in said
    assert (pytester.path / "a-test-ran").exists()


def test_every_test_that_asks_is_named(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_a=ASKING.format(word="suply.series"), test_b=ASKING.format(word="suply.series"))
    code, said = run(pytester, "-n2", "--collect-only")
    assert code == options.CONFIG_INVALID, said
    assert {"test_a.py::test_asks", "test_b.py::test_asks"} <= set(re.findall(r"asked for by (\S+)", said))


def test_a_misspelt_network_of_a_test_is_its_mistake(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_asks(network):\n    network('no_dhcp')")
    code, said = run(pytester, "-n0")
    assert code == options.CONFIG_INVALID, said
    assert "1 failed" in said
    assert "no network is named 'no_dhcp'" in said
    assert "is 'no-dhcp' meant?" in said


def test_a_network_of_another_bench_skips_and_says_what_to_do(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.requires("network:no-dhcp")
        def test_marked():
            pass

        def test_asks(network):
            network("no-dhcp")
        """
    )
    path = bench_file(pytester.path, ["home"])
    code, said = run(pytester, "-n0", "--bench", path)
    assert code == 0, said
    step = f'(add "no-dhcp" to `networks` in {path}, or in a copy that --bench names)'
    assert f"bench 'simulated' lacks 'network:no-dhcp' {step}: test_marked, test_asks\n" in said


@WAYS
def test_a_network_of_ones_own_is_there_under_its_name(pytester: pytest.Pytester, workers: str) -> None:
    (pytester.path / "mine").mkdir()
    (pytester.path / "mine" / "third-floor.toml").write_text(OFFICE, encoding="utf-8")
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.requires("network:office")
        def test_marked(network):
            assert network("office").ssid == "Office"
        """
    )
    code, said = run(pytester, workers, "--bench", bench_file(pytester.path / "mine", ["third-floor.toml"]))
    assert code == 0, said
    assert "1 passed" in said


@pytest.mark.parametrize(
    ("workers", "listed", "text", "expected"),
    [
        ("-n2", "gone.toml", OFFICE, "networks: network file 'gone.toml' does not exist; tried "),
        ("-n0", "hmoe", OFFICE, "networks: no network named 'hmoe' in "),
        ("-n0", "office.toml", OFFICE.replace("password", "pasword"), "office.toml: pasword: unknown key"),
        ("-n0", "office.toml", OFFICE.replace("eight or more", "canary"), "office.toml: password = (hidden)"),
    ],
    ids=["no_file", "no_name", "key", "password"],
)
def test_a_listed_network_with_a_mistake_ends_the_session_before_any_test(
    pytester: pytest.Pytester, workers: str, listed: str, text: str, expected: str
) -> None:
    (pytester.path / "office.toml").write_text(text, encoding="utf-8")
    pytester.makepyfile("def test_asks_for_nothing():\n    open('a-test-ran', 'w').close()")
    path = bench_file(pytester.path, ["home", listed])
    code, said = run(pytester, workers, "--bench", path)
    assert code == options.CONFIG_INVALID, said
    assert f"configuration: {path}: networks: " in said
    assert expected in said
    assert "canary" not in said
    assert not (pytester.path / "a-test-ran").exists()


def test_the_steps_of_the_page_lead_to_a_green_test(pytester: pytest.Pytester) -> None:
    page = (FIXTURES.parent / "docs" / "networks.md").read_text(encoding="utf-8")
    section = page.split("## Your own\n", 1)[1].split("\n## ", 1)[0]
    blocks = {}
    for found in re.finditer(r"(?m)^    # mine/(\S+)\n((?:    .*\n|\n)+)", section):
        blocks[found[1]] = re.sub(r"(?m)^    ", "", found[2])
    assert sorted(blocks) == ["desk.toml", "office.toml", "test_office.py"]
    mine = pytester.mkdir("mine")
    for name in ("office.toml", "test_office.py"):
        (mine / name).write_text(blocks[name], encoding="utf-8")
    bench_file(mine, tomllib.loads(blocks["desk.toml"])["networks"])
    (command,) = re.findall(r"(?m)^    pytest (.*)$", section)
    code, said = run(pytester, "-n0", *command.split())
    assert code == 0, said
    assert "1 passed" in said


def test_the_page_lists_the_words_of_the_code() -> None:
    page = (FIXTURES.parent / "docs" / "devices.md").read_text(encoding="utf-8")
    section = page.split("## What tests may require\n", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:3] == "| `"]
    assert all(len(row) == 3 and row[1] in ("bench", "device") and len(row[2]) > 10 for row in rows)
    said = {owner: sorted(row[0].strip("`") for row in rows if row[1] == owner) for owner in ("bench", "device")}
    assert said == {"bench": sorted([*BENCH_CAPABILITIES, "network:NAME"]), "device": sorted(DEVICE_CAPABILITIES)}
