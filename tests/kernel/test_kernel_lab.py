"""The tests of tests/drivers/kernel against a kernel: its GPIO lines, its I2C bus, and programs that die."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import lab
import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests" / "drivers" / "kernel"
PLUGINS = " ".join(
    f"-p no:{name}" for name in ("rig", "xdist", "html", "metadata", "hypothesispytest", "cacheprovider")
)
PYTEST = f"{shlex.quote(sys.executable)} -m pytest -v -s -o addopts= {PLUGINS} --confcutdir={TESTS}"
MATRIX = "low_in_time or refuses_a_kernel or keeps_outputs"
ENVIRONMENT = "export RIG_IN_KERNEL_LAB=1 PYTHONDONTWRITEBYTECODE=1 OPENBLAS_NUM_THREADS=1"

# Not alone: an emulated CPU is slow on an idle machine too, and what is asserted of its times allows for that.
pytestmark = pytest.mark.skipif(bool(lab.why_not()), reason=lab.why_not())


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> lab.Lab:
    return lab.Lab(tmp_path_factory.mktemp("lab"))


def passed(said: str) -> int:
    """How many tests have passed in the guest, and no other has failed."""
    assert lab.PASSED in said, said[-4000:]
    assert not re.search(r"\d+ (failed|error)", said), said[-4000:]
    found = re.search(r"(\d+) passed", said)
    assert found is not None, said[-4000:]
    return int(found.group(1))


def test_the_kernel_holds_to_the_same_tests_as_the_fakes(guest: lab.Lab) -> None:
    files = " ".join(str(TESTS / f"test_kernel_{name}.py") for name in ("lines", "i2c", "pins"))
    assert passed(guest.run(f"{ENVIRONMENT}; {PYTEST} {files}", ROOT)) >= 25


def test_the_line_is_low_in_time_whatever_dies(guest: lab.Lab) -> None:
    script = f"{ENVIRONMENT} RIG_KILLS=2; {PYTEST} {TESTS / 'test_keeper.py'} -k '{MATRIX}'"
    said = guest.run(script, ROOT)
    print(*re.findall(r"\w+: low after .* ms", said), sep="\n")
    assert passed(said) == 11
