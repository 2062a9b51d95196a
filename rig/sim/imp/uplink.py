"""From the first hop to the server: address, name, proxy, TCP, TLS; each step meets what the network has for it."""

from __future__ import annotations

from ipaddress import IPv4Address

from rig.config.network import AnyNetwork, NetworkProfile, Uplink
from rig.secret import Secret
from rig.sim.imp.attempt import ConnectionAttempt, Step
from rig.sim.imp.individual import Individual
from rig.sim.imp.settings import ImpSettings, StaticIp, StoredProxy


def uplink(attempt: ConnectionAttempt, settings: ImpSettings, network: AnyNetwork, *, addressed: bool = False) -> Step:
    """True when the server answers; False when the deadline came first. `addressed`: the first hop gave an address."""
    heard = not (isinstance(network, NetworkProfile) and network.mac_filter)
    static = settings.static_ip
    if not addressed:
        attempt.show("getting_ip")
        if static is None and not (heard and network.dhcp == "works"):
            yield from attempt.retry_until_deadline()
            return False
        yield from attempt.network_step(network.delays.dhcp_s)
    attempt.show("resolving")
    if not (heard and _resolves(network, static, attempt.chip.individual)):
        yield from attempt.retry_until_deadline()
        return False
    yield from attempt.network_step(network.delays.dns_s)
    proxy = None if addressed else settings.proxy  # not used on mobile networks (maker's page)
    if proxy is not None and (refused := _refused_by(network, proxy)):
        attempt.show(refused)
        yield from attempt.retry_until_deadline()
        return False
    attempt.show("connecting_server")
    if not (_reaches_server(network, static) if proxy is None else True):
        yield from attempt.retry_until_deadline()
        return False
    yield from attempt.network_step(network.delays.tcp_s)
    yield from attempt.network_step(network.delays.tls_s)
    return True


def _resolves(network: Uplink, static: StaticIp | None, individual: Individual) -> bool:
    if network.dns == "silent":
        return False
    if network.dns == "relayed" and individual.impos <= individual["relay_confuses_to_impos"]:
        return False
    return static is None or _asks_name_server(network, static)


def _asks_name_server(network: Uplink, static: StaticIp) -> bool:
    """Whether a device with fixed addresses gets a question to a name server, and its answer back."""
    if not _belongs(network, static):
        return False
    servers = [IPv4Address(text) for text in (static.dns1, static.dns2) if text is not None]
    usable = [s for s in servers if network.dns_server is None or s == network.dns_server]
    local = network.subnet is not None and any(s in network.subnet for s in usable)
    return bool(usable) and (local or _leaves(network, static))


def _belongs(network: Uplink, static: StaticIp) -> bool:
    return network.subnet is None or IPv4Address(static.ip) in network.subnet


def _leaves(network: Uplink, static: StaticIp) -> bool:
    return network.gateway is None or IPv4Address(static.gateway) == network.gateway


def _refused_by(network: Uplink, asked: StoredProxy) -> str:
    """The LED state of a proxy that isn't there or refuses the device; empty if it lets it through."""
    there = network.proxy
    if there is None or (there.server, there.port) != (asked.server, asked.port):
        return "proxy_addr"
    known = (there.user, there.password)
    return "proxy_cred" if there.user and known != (asked.user or "", asked.password or Secret("")) else ""


def _reaches_server(network: Uplink, static: StaticIp | None) -> bool:
    if network.dns == "wrong" or network.portal == "all" or network.port_31314 == "blocked":
        return False
    return static is None or _leaves(network, static)
