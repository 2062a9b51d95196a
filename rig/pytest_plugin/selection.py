"""Which bench and device a session runs on. `--bench` beats `RIG_BENCH` beats `rig_bench` in the ini file."""

from __future__ import annotations

import contextlib

import pytest

from rig.bench.backend import check_defect
from rig.config.bench import BenchConfig, load_bench
from rig.config.bench_networks import DeclaredNetworks, declared_networks
from rig.config.device import DeviceProfile, load_device
from rig.config.lookup import FIXTURES_INI, session_fixtures
from rig.config.simulated_bench import SimulatedDefect
from rig.errors import ConfigError
from rig.pytest_plugin.options import BENCH_VARIABLE, bench_name

CHOSEN = pytest.StashKey["tuple[BenchConfig, DeviceProfile]"]()
NETWORKS = pytest.StashKey[DeclaredNetworks]()


def chosen(config: pytest.Config) -> tuple[BenchConfig, DeviceProfile]:
    """The bench and device of this session, read once.

    Raises:
        ConfigError: there is no such bench or device, or a file has a mistake, one of a listed network too.
    """
    if CHOSEN not in config.stash:
        use_fixtures(config)
        name, source = bench_name(config)
        try:
            bench = load_bench(name)
        except ConfigError as error:
            raise ConfigError(f"{error}  [bench chosen by {source}]") from None
        networks = declared_networks(bench)
        device = load_device(config.getoption("dut") or bench.dut.device)
        if config.getoption("require_hardware") and (bench.kind == "simulated" or bench.emulated):
            raise ConfigError(
                f"--require-hardware: bench {bench.name!r} (chosen by {source}) is "
                f"{'emulated' if bench.emulated else 'simulated'}; "
                f"name a real one with --bench or {BENCH_VARIABLE}"
            )
        config.stash[NETWORKS] = networks
        config.stash[CHOSEN] = (_with_defects(bench, config.getoption("sim_defect") or []), device)
    return config.stash[CHOSEN]


def use_fixtures(config: pytest.Config) -> None:
    """Ask the folders of the ini key `rig_fixtures` for data files until this session ends."""
    folders = contextlib.ExitStack()
    folders.enter_context(session_fixtures(config.getini(FIXTURES_INI)))
    config.add_cleanup(folders.close)


def networks(config: pytest.Config) -> DeclaredNetworks:
    """The networks of this session's bench, read when it began.

    Raises:
        ConfigError: as `chosen`.
    """
    chosen(config)
    return config.stash[NETWORKS]


def _with_defects(bench: BenchConfig, wanted: list[str]) -> BenchConfig:
    if not wanted:
        return bench
    if bench.simulation is None:
        raise ConfigError(
            f"--sim-defect {wanted[0]}: bench {bench.name!r} is real; only a simulated device can be given one"
        )
    defects = (*bench.simulation.defects, *(_defect(text) for text in wanted))
    return bench.model_copy(update={"simulation": bench.simulation.model_copy(update={"defects": defects})})


def _defect(text: str) -> SimulatedDefect:
    """`NAME,KEY=NUMBER,...` as data."""
    name, *pairs = text.split(",")
    try:
        check_defect(name)
        numbers = {key: float(value) for key, _, value in (pair.partition("=") for pair in pairs)}
    except ConfigError as error:
        raise ConfigError(f"--sim-defect {text}: {error}") from None
    except ValueError:
        raise ConfigError(f"--sim-defect {text}: expected numbers, as in led.dim,factor=0.3") from None
    if "name" in numbers:
        raise ConfigError(f"--sim-defect {text}: {name!r} has no parameter 'name'; expected as in led.dim,factor=0.3")
    return SimulatedDefect(name=name, **numbers)


def is_simulated(config: pytest.Config) -> bool:
    """Whether the bench of this session is simulated."""
    return chosen(config)[0].kind == "simulated"


def device_id(config: pytest.Config) -> str:
    """The bench file's name for the one device on it; empty for a simulated device of another type."""
    bench, device = chosen(config)
    return "" if bench.kind == "simulated" and device.name != bench.dut.device else bench.dut.id


def announcement(config: pytest.Config) -> str:
    """One line that says what is being tested on what; a simulated bench says so loudly."""
    bench, device = chosen(config)
    _, source = bench_name(config)
    what = f"{device.name} {device_id(config)}".rstrip()
    said = f"bench: {bench.name} ({bench.stands_for}; chosen by {source}), device: {what}"
    defects = bench.simulation.defects if bench.simulation is not None else ()
    return said + (f", WITH DEFECTS: {', '.join(d.name for d in defects)}" if defects else "")
