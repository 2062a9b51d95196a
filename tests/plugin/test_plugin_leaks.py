"""Whatever a test does with a configuration or a password, nothing that its session says or writes holds a secret."""

from __future__ import annotations

import importlib.util
import stat
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from plugin_runs import REPORTING
from test_plugin_canary import PASSWORD, PLAN, fixtures_with_canaries, told

from rig.report import journal

SUITE = """
import base64, logging, sys, urllib.parse, warnings
from dataclasses import asdict, astuple, replace

import pytest

from rig import Proxy, Secret, WifiConfig

def online(dut, network):
    dut.power_on()
    dut.watch_for(0.3)
    return dut.wifi(network("home"))

def test_compares_what_was_decoded(dut, network):
    assert online(dut, network) == WifiConfig("Bench-Home", "another one", "0" * 16, "1" * 16)

def test_compares_a_password(dut, network):
    assert online(dut, network).password == "another one"

def test_compares_the_text_of_a_password(dut, network):
    assert dut.wifi(network("home")).password.get_secret_value() == "another one"

def test_compares_enrolment(dut):
    assert dut.bench.enrolment() == ("one", "two")

def test_compares_what_dataclasses_make(dut, network):
    config = dut.wifi(network("home"))
    assert (vars(config), asdict(config), astuple(config)) == ({}, {}, ())

def test_compares_models(network):
    assert network("home").model_dump() == network("open").model_dump()

def test_has_texts_among_its_variables(dut, network):
    password = network("home").password.get_secret_value()
    token, plan = (secret.get_secret_value() for secret in dut.bench.enrolment())
    quoted, data, wide = urllib.parse.quote(password), password.encode(), password.encode("utf-16-le").hex()
    packed = base64.b64encode(b"x" + data)
    listed = {password: [token, plan]}
    raise ValueError(f"{password} {token} {plan} {data!r}")

def test_chains_exceptions(dut, network):
    try:
        raise KeyError(network("home").password.get_secret_value())
    except KeyError as error:
        raise RuntimeError("second") from error

def test_prints_and_logs(dut, network, record_property):
    password = network("home").password.get_secret_value()
    print("stdout", password)
    print("stderr", password, file=sys.stderr)
    logging.getLogger("a").warning("log %s", password)
    try:
        raise KeyError(password)
    except KeyError:
        logging.getLogger("a").exception("failed")
    warnings.warn(f"warned of {password}")
    record_property("property", password)

def test_skips(network):
    pytest.skip(network("home").password.get_secret_value())

def test_fails_as_expected(network):
    pytest.xfail(network("home").password.get_secret_value())

def test_notes_a_password(measure, network):
    measure.note("x", network("home").password.get_secret_value(), "V")

def test_notes_under_a_password(measure, network):
    measure.note(network("home").password.get_secret_value(), 1.0, "V")

def test_measures_under_a_password(measure, network):
    measure(network("home").password.get_secret_value(), 1.0, "V")

def test_asks_for_a_network_by_its_password(network):
    network(network("home").password.get_secret_value())

def test_replaces(dut, network):
    config = replace(dut.wifi(network("home")), proxy=Proxy("proxy.lan", 1, "u", Secret("pr0xy-c4nary-77")))
    assert config is None

def test_fixture_fails(broken):
    pass

@pytest.fixture
def broken(network):
    yield 1
    raise OSError(network("home").password.get_secret_value())
"""
OPTIONS = {
    "long": ("-vv", "--showlocals", "--tb=long", "-rA", "-o", "log_level=DEBUG"),
    "full": ("-vv", "--showlocals", "--full-trace", "--color=yes"),
    "native": ("-vv", "--showlocals", "--tb=native", "-o", "log_cli=true"),
    "quiet": ("-q",),
    "workers": ("-n2", "-vv", "--showlocals", "--full-trace"),
}


def other_reports(out: Path) -> Sequence[str]:
    """The options of other plugins that write reports, where they are installed."""
    wanted = [f"--junit-xml={out / 'junit.xml'}", f"--log-file={out / 'log.txt'}"]
    if importlib.util.find_spec("pytest_reportlog"):
        wanted.append(f"--report-log={out / 'log.jsonl'}")
    if importlib.util.find_spec("pytest_jsonreport"):
        wanted += ["--json-report", f"--json-report-file={out / 'report.json'}"]
    return wanted


def leaks_in(where: str, data: bytes) -> list[str]:
    more = {"plan": PLAN.encode(), "proxy password": b"pr0xy-c4nary-77", "UTF-16": PASSWORD.encode("utf-16-le")}
    found = [f"{where}: {name}" for name, secret in more.items() if secret.lower() in data.lower()]
    return [*found, *told(where, data)]


@pytest.mark.parametrize("options", OPTIONS)
def test_no_secret_leaves_a_session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: str) -> None:
    monkeypatch.setenv("RIG_FIXTURES", str(fixtures_with_canaries(pytester.path)))
    monkeypatch.setenv("RIG_PLAN", PLAN)
    pytester.makeconftest(REPORTING)
    pytester.makepyfile(test_leaks=SUITE)
    out = pytester.path / "out"
    out.mkdir()
    result = pytester.runpytest_subprocess(
        *("-p", "no:cacheprovider", "-p", "no:randomly", "--rig-reports", str(out / "runs")),
        *(("-n0",) if options != "workers" else ()),
        *OPTIONS[options],
        *other_reports(out),
        timeout=300,
    )
    result.assert_outcomes(passed=3, failed=12, skipped=1, xfailed=1, errors=1)
    said = result.stdout.str() + result.stderr.str()
    assert "***" in said
    assert "INTERNALERROR" not in said
    found = leaks_in("stdout", result.stdout.str().encode()) + leaks_in("stderr", result.stderr.str().encode())
    files = [path for path in out.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {"report.html", journal.NAME, "junit.xml"}
    for path in files:
        found += leaks_in(path.name, path.read_bytes())
    assert found == []
    (run,) = (out / "runs").glob("*/")
    assert "***" in (run / "report.html").read_text(encoding="utf-8")
    assert len(journal.read(run / journal.NAME)) >= 18


def test_the_leak_finder_finds() -> None:
    assert leaks_in("here", PASSWORD.encode())
    assert leaks_in("here", PLAN.upper().encode())
    assert leaks_in("here", PASSWORD.encode("utf-16-le"))
    assert leaks_in("here", b"nothing") == []


MISTAKES = {
    "a proxy with credentials": ('proxy = "http://user:{}@proxy.lan"', "proxy = (hidden)"),
    "a list of extenders": ('extenders = ["{}"]', "extenders.0 = (hidden)"),
    "security": ('security = "{}"', "security = (hidden)"),
    "a wrong link": ('link = "{}"', "link = (hidden)"),
    "a channel": ('channel = "{}"', "channel = (hidden)"),
    "a key of the proxy": ('[proxy]\nserver = "h"\nport = "{}"', "proxy.port = (hidden)"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_no_mistake_in_a_network_file_is_told_with_a_secret(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, mistake: str
) -> None:
    monkeypatch.setenv("RIG_FIXTURES", str(fixtures_with_canaries(pytester.path)))
    line, expected = MISTAKES[mistake]
    home = pytester.path / "fixtures" / "networks" / "home.toml"
    kept = [old for old in home.read_text(encoding="utf-8").splitlines() if not old.startswith(line.split(" ")[0])]
    head = [old for old in kept if not old.startswith("[")]
    home.write_text("\n".join([*head, line.format("Unheard-0f-secret")]) + "\n", encoding="utf-8")
    pytester.makepyfile("def test_never(bench):\n    pass")
    done = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-n0", "-vv", "--showlocals", "--full-trace")
    said = done.stdout.str() + done.stderr.str()
    assert done.ret == 12, said
    assert expected in said
    assert "Unheard" not in said


@pytest.mark.parametrize(
    ("readable_by", "file_mode", "folder_mode"), [("owner", 0o600, 0o700), ("group", 0o640, 0o750)]
)
def test_who_may_read_a_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, readable_by: str, file_mode: int, folder_mode: int
) -> None:
    fixtures = fixtures_with_canaries(pytester.path)
    bench = fixtures / "benches" / "simulated.toml"
    bench.write_text(
        bench.read_text(encoding="utf-8") + f'\n[reports]\nreadable_by = "{readable_by}"\n', encoding="utf-8"
    )
    monkeypatch.setenv("RIG_FIXTURES", str(fixtures))
    pytester.makeconftest(REPORTING)
    pytester.makepyfile("def test_looks(dut):\n    dut.power_on()\n    dut.watch_for(0.3)")
    out = pytester.path / "new" / "runs"
    assert pytester.runpytest_subprocess("-p", "no:cacheprovider", "-n0", "--rig-reports", str(out)).ret == 0
    paths = [out.parent, out, *out.rglob("*")]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file() and not path.is_symlink()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()}
    assert (modes, folders) == ({file_mode}, {folder_mode})
    assert {path.suffix for path in paths} >= {".html", ".npz", ".jsonl"}


def test_packets_are_told_apart_within_one_run_only(pytester: pytest.Pytester) -> None:
    """The hash of a packet that could be compared with a guess would tell the password of whoever has the plan id."""
    pytester.makeconftest(REPORTING)
    pytester.makepyfile(
        "from rig import ClearConfig\n"
        "def test_sends(dut):\n"
        "    dut.power_on()\n"
        "    dut.send(ClearConfig(), rate_hz=142.0)\n"
        "    dut.send(ClearConfig(), rate_hz=142.0)"
    )
    packets = []
    for name in ("first", "second"):
        done = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-n0", "--rig-reports", name)
        done.assert_outcomes(passed=1)
        (path,) = (pytester.path / name).glob(f"*/{journal.NAME}")
        records = journal.read(path)
        packets.append(records[1]["volatile"]["packets"])
        assert packets[-1][0] not in "".join(journal.comparable(records))
    assert [len(kept) for kept in packets] == [2, 2]
    assert packets[0][0] == packets[0][1] != packets[1][0]


def test_filtering_costs_little(pytester: pytest.Pytester) -> None:
    """A page of a long run has some megabytes."""
    from rig.redaction import redacted
    from rig.secret import Secret

    for n in range(20):
        Secret(f"password {n:02d} of twenty")
    text = "<td>what a report says</td>" * 40_000
    begun_s = time.perf_counter()
    assert redacted(text) == text
    assert time.perf_counter() - begun_s < 5.0
