"""Each test ends with the supply off, whatever it used and however it ended, before its report is made."""

from __future__ import annotations

import pytest

SUITE = """
import pytest

BENCHES = []


@pytest.fixture
def seen(bench):
    BENCHES.append(bench)
    yield bench
    assert not bench.world.rail.switch_on, "on until its fixtures end"


@pytest.fixture
def switches_on_at_the_end(bench):
    BENCHES.append(bench)
    yield
    on(bench.supply)


def on(supply):
    supply.set(3.3)
    supply.enable()


def test_supply_alone(seen, supply):
    on(supply)


def test_fails(seen, supply):
    on(supply)
    assert False


def test_exits(seen, supply):
    on(supply)
    raise SystemExit(3)


def test_its_light_cannot_be_ended(seen, dut, monkeypatch):
    def broken():
        raise KeyError(65536)

    dut.power_on()
    monkeypatch.setattr(dut.bench.optical, "off", broken)


def test_switches_on_in_a_teardown(switches_on_at_the_end):
    pass


@pytest.fixture
def powers_and_fails(seen):
    on(seen.supply)
    raise RuntimeError("set-up")


def test_set_up_fails(powers_and_fails):
    pass


def test_none_is_on():
    assert [bench.world.rail.switch_on for bench in BENCHES] == [False] * 6
"""


def test_off_after_each_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_suite=SUITE)
    done = pytester.runpytest_subprocess("-n0", "-rA")
    done.assert_outcomes(passed=3, failed=3, errors=1)
    done.stdout.fnmatch_lines(["PASSED *::test_supply_alone", "PASSED *::test_none_is_on"])
    assert "on until its fixtures end" not in done.stdout.str()


def test_off_before_the_picture_is_drawn(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_suite="""
        from rig.pytest_plugin import evidence

        def test_it(dut, monkeypatch):
            real = evidence._drawing
            rail = dut.bench.world.rail

            def looked():
                assert not rail.switch_on, "on while the picture is drawn"
                return real()

            evidence._drawing = looked
            dut.power_on()
            dut.watch_for(0.5)
            assert rail.switch_on
        """
    )
    done = pytester.runpytest_subprocess("-n0", "--rig-reports", "out")
    done.assert_outcomes(passed=1)
    page = next((pytester.path / "out").glob("*/report.html")).read_text(encoding="utf-8")
    assert "no picture" not in page
    assert "rig-picture" in page


def test_a_fixture_of_a_session_may_use_a_real_bench(pytester: pytest.Pytester) -> None:
    """As promised of fixtures: the scope of a real bench is the session."""
    pytester.makefile(".toml", real='name = "real"\nkind = "raspberry-pi"\n')
    pytester.makepyfile(
        test_suite="""
        import pytest

        @pytest.fixture(scope="session")
        def whole(bench):
            return bench

        def test_it(whole):
            pass
        """
    )
    done = pytester.runpytest_subprocess("-n0", "--bench", "example-pi4")
    assert "ScopeMismatch" not in done.stdout.str()
    done.stdout.fnmatch_lines(["*BenchConnectionError: no pigpiod answers*"])
    assert done.ret == 10
