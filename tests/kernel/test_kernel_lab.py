"""The tests of tests/drivers/kernel against a kernel: its GPIO lines, its I2C bus, and programs that die."""

from __future__ import annotations

import re
import shlex
import subprocess
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


BOOTS_WITHIN_S = 120.0  # and starts a program of Python: several times what it takes where the tests below make sense


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory) -> lab.Lab:
    """The lab, once it has shown that it can boot here: what a machine can't emulate is no fault of the rig."""
    try:
        made = lab.Lab(tmp_path_factory.mktemp("lab"))
        said = made.run(f"{shlex.quote(sys.executable)} -c 'import gpiod'", ROOT, within_s=BOOTS_WITHIN_S)
    except (subprocess.SubprocessError, OSError) as trouble:
        pytest.skip(f"no kernel lab here: the guest can't be made or does not boot in time ({trouble!s:.200})")
    if lab.PASSED not in said:
        pytest.skip(f"no kernel lab here: the guest does not run a program: {said[-200:]!r}")
    return made


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
