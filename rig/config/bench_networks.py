"""The networks that a bench file lists, by their names; and what to say of one that isn't among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rig.config.bench import BenchConfig
from rig.config.capabilities import check_capability_name
from rig.config.lookup import data_files, fixtures_folders, is_path
from rig.config.network import AnyNetwork, load_any_network
from rig.config.suggest import did_you_mean
from rig.errors import CapabilityMissing, ConfigError, RigError

NETWORK_PREFIX = "network:"


@dataclass(frozen=True)
class DeclaredNetworks:
    """The networks of a bench, by name. On a real bench they simply exist; nothing here can change them."""

    config: BenchConfig
    by_name: Mapping[str, AnyNetwork]

    def names(self) -> tuple[str, ...]:
        """The names of the networks, in the order of the bench file."""
        return tuple(self.by_name)

    def provide(self, name: str) -> AnyNetwork:
        """
        Raises:
            CapabilityMissing: the bench doesn't list it, though there is a file of that name.
            ConfigError: there is no network of that name anywhere.
        """
        if name not in self.by_name:
            raise self.missing_network_error(name)
        return self.by_name[name]

    def check_capability(self, capability: str) -> None:
        """Whether some bench could have this capability; for `network:NAME`, whether there is such a network.

        Raises:
            ConfigError: none could; says which word was probably meant.
        """
        check_capability_name(capability)
        name = capability.removeprefix(NETWORK_PREFIX)
        if name != capability and name not in self.by_name:
            error = self.missing_network_error(name)
            if isinstance(error, ConfigError):
                raise error

    def missing_network_error(self, name: str) -> RigError:
        """Why a network that isn't listed can't be had, and the next step: `CapabilityMissing` or `ConfigError`.

        Raises:
            ConfigError: `RIG_FIXTURES` or the ini key `rig_fixtures` names something that is no folder.
        """
        where = self.config.file or f"the file of bench {self.config.name!r}"
        files = data_files("networks")
        if name in files:
            if_there = "" if self.config.kind == "simulated" else "if it is really there, "
            lacks = f"bench {self.config.name!r} lacks '{NETWORK_PREFIX}{name}'"
            step = f'{if_there}add "{name}" to `networks` in {where}, or in a copy that --bench names'
            has = ", ".join(self.by_name) or "none"
            return CapabilityMissing(f"{lacks} ({step}); networks that it has: {has}")
        if is_path(name):
            return ConfigError(f"network {name!r}: a network is asked for by its name, not by its file; see {where}")
        names = sorted({*self.by_name, *files})
        folders = " or ".join(str(folder / "networks") for folder in fixtures_folders())
        return ConfigError(
            f"no network is named {name!r}, neither among `networks` in {where} nor in {folders}; "
            f"{did_you_mean(name, names) or 'there are ' + ', '.join(names) + '.'} "
            "If it is one of your own, list its file in `networks` (docs/networks.md)"
        )


def declared_networks(config: BenchConfig, said_by: str = "") -> DeclaredNetworks:
    """Read every network that a bench lists. Paths count from the folder of the bench file.

    Raises:
        ConfigError: one line for each mistake: bench file (or `said_by`), key, network file, what is wrong with it.
    """
    __tracebackhide__ = True  # pytest can print a frame's variables
    found: dict[str, AnyNetwork] = {}
    files: dict[str, str] = {}
    mistakes: list[str] = []
    for listed in config.networks:
        try:
            file = _file(config, listed)
            network = load_any_network(file)
        except ConfigError as error:
            mistakes += str(error).splitlines()
            continue
        if files.setdefault(network.name, file) != file:
            mistakes.append(f"{files[network.name]!r} and {file!r} are both named {network.name!r}; rename one of them")
        found[network.name] = network
    if mistakes:
        where = said_by or config.file or f"bench {config.name!r}"
        raise ConfigError("\n".join(f"{where}: networks: {mistake}" for mistake in mistakes))
    return DeclaredNetworks(config, found)


def _file(config: BenchConfig, listed: str) -> str:
    """A name as it is; a path from the bench file's folder on."""
    if not is_path(listed):
        return listed
    path = (config.file.parent if config.file else Path()).resolve() / listed
    if not path.exists():
        raise ConfigError(
            f"network file {listed!r} does not exist; tried {path}, as paths count from the bench file's folder"
        )
    return str(path)
