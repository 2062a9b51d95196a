"""The fixture `faults`: there on simulated benches, a skip with the reason elsewhere."""

from __future__ import annotations

import pytest

BROKEN = """
import pytest
from rig.bench.dut import DeviceUnderTest

def test_sensor_goes_away(dut, faults):
    injected = faults.inject("i2c.nack", address=0x48, after_s=1)
    dut.power_on()
    dut.watch_for(3.0)
"""
REAL = """
import pytest
from types import SimpleNamespace

@pytest.fixture
def bench():
    return SimpleNamespace(world=None, config=SimpleNamespace(name="table-3"))

def test_on_a_real_bench(faults):
    raise AssertionError("never reached")
"""
OPTIONS = ("-n0", "-p", "no:cacheprovider", "-rs")


def test_injected_fault_ends_in_a_bench_fault(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(BROKEN)
    done = pytester.runpytest_inprocess(*OPTIONS)
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*BenchFault: ADS1115 at 0x48, input 0 stopped answering*"])
    assert done.ret == 10


def test_real_bench_skips_with_the_reason(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(REAL)
    done = pytester.runpytest_inprocess(*OPTIONS)
    done.assert_outcomes(skipped=1)
    done.stdout.fnmatch_lines(["*bench 'table-3' is real: its faults can't be made by software*"])
