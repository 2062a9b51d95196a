"""Every kind that a bench file may name has a driver, and no driver is there that no file could name."""

from __future__ import annotations

from typing import get_args

import pytest

from rig.config.bench import BlinkUpWiring, SupplyWiring
from rig.drivers.optical.factory import TRANSMITTERS, open_optical
from rig.drivers.supply.factory import SUPPLY_KINDS
from rig.errors import BenchConnectionError


def test_supply_kinds_are_those_of_the_bench_file() -> None:
    assert set(SUPPLY_KINDS) == set(get_args(SupplyWiring.model_fields["kind"].annotation))


def test_transmitters_are_those_of_the_bench_file() -> None:
    assert set(TRANSMITTERS) == set(get_args(BlinkUpWiring.model_fields["via"].annotation))


def test_waves_need_a_connection_to_the_daemon() -> None:
    wiring = BlinkUpWiring.model_validate({"gpio": 17})
    with pytest.raises(BenchConnectionError, match="needs a connection to pigpiod"):
        open_optical(wiring, None, None, None)  # type: ignore[arg-type]
