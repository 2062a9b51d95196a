"""A BlinkUp configuration from the options and secret sources that `rig blinkup` commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from rig.blinkup import ClearConfig, Config, Proxy, StaticIP, WifiConfig, WpsConfig
from rig.cli.secrets import PIN_VARIABLE, PROXY_PASSWORD_VARIABLE, enrolment, secret, wifi_password
from rig.errors import ConfigError
from rig.secret import Secret


@dataclass(frozen=True)
class NetworkOptions:
    """What to send: a Wi-Fi network, or the command that clears the stored configuration."""

    ssid: Annotated[str | None, typer.Option("--ssid", help="Name of the Wi-Fi network.")] = None
    clear: Annotated[bool, typer.Option("--clear", help="Clear the stored configuration.")] = False
    open_network: Annotated[bool, typer.Option("--open", help="The network has no password.")] = False
    password_file: Annotated[
        Path | None, typer.Option("--password-file", metavar="FILE", help="File whose only line is the Wi-Fi password.")
    ] = None
    password_keyring: Annotated[
        str | None, typer.Option("--password-keyring", metavar="SERVICE:USER", help="Wi-Fi password from the keyring.")
    ] = None


@dataclass(frozen=True)
class ConfigurationOptions(NetworkOptions):
    """What to send: every kind of configuration, with a fixed address and a proxy."""

    no_wifi: Annotated[bool, typer.Option("--no-wifi", help="Enrol only: Ethernet and cellular imps.")] = False
    wps: Annotated[bool, typer.Option("--wps", help="Settings by WPS; PIN from RIG_WPS_PIN (empty: push button).")] = (
        False
    )
    static_ip: Annotated[
        str | None,
        typer.Option("--static-ip", metavar="IP,MASK,GATEWAY,DNS[,DNS]", help="Fixed address instead of DHCP."),
    ] = None
    proxy: Annotated[str | None, typer.Option("--proxy", metavar="HOST:PORT", help="HTTP proxy.")] = None
    proxy_user: Annotated[
        str | None, typer.Option("--proxy-user", help="User of the proxy; its password is RIG_PROXY_PASSWORD.")
    ] = None

    @property
    def any_given(self) -> bool:
        """Whether at least one option says something."""
        return any(vars(self).values())


def configuration(options: NetworkOptions, enrolment: Callable[[], tuple[Secret, Secret]] = enrolment) -> Config:
    """What the options say, not yet checked; asks for the secrets that it needs.

    `enrolment` returns (token, plan).

    Raises:
        ConfigError: options that exclude each other, or a secret that no source has.
    """
    chosen = options if isinstance(options, ConfigurationOptions) else ConfigurationOptions(**vars(options))
    _check(chosen)
    if chosen.clear:
        return ClearConfig()
    if chosen.wps:
        return WpsConfig(secret(PIN_VARIABLE, "WPS PIN (none for push button)"), *enrolment())
    password = _password(chosen)
    address = None if chosen.static_ip is None else _address(chosen.static_ip)
    server = None if chosen.proxy is None else _proxy(chosen.proxy, chosen.proxy_user)
    return WifiConfig(chosen.ssid or "", password, *enrolment(), address, server)


def _check(options: ConfigurationOptions) -> None:
    """Check the combination of options.

    Raises:
        ConfigError: the first mistake in it.
    """
    kinds = {
        "--ssid": options.ssid is not None,
        "--no-wifi": options.no_wifi,
        "--wps": options.wps,
        "--clear": options.clear,
    }
    chosen = [name for name, given in kinds.items() if given]
    if len(chosen) != 1:
        raise ConfigError(f"{' and '.join(chosen) or 'nothing'} given; expected one of {', '.join(kinds)}")
    stored_password = bool(options.password_file or options.password_keyring)
    addressed = bool(options.static_ip or options.proxy or options.proxy_user)
    mistakes = (
        ((options.clear or options.wps) and addressed, f"{chosen[0]} goes without --static-ip and --proxy"),
        (
            options.ssid is None and (options.open_network or stored_password),
            f"{chosen[0]} has no Wi-Fi password; drop --open and the password's source",
        ),
        (
            options.open_network and stored_password,
            "--open says that there is no password; drop it or the password's source",
        ),
        (
            options.ssid == "",
            "--ssid is empty (an unset variable of the shell?); name the network, or use --no-wifi",
        ),
        (bool(options.proxy_user) and options.proxy is None, "--proxy-user goes with --proxy HOST:PORT"),
    )
    for wrong, message in mistakes:
        if wrong:
            raise ConfigError(message)


def _password(options: ConfigurationOptions) -> Secret:
    """The password of the Wi-Fi network, "" for an open one or none at all."""
    if options.ssid is None or options.open_network:
        return Secret("")
    password = wifi_password(options.ssid, file=options.password_file, keyring=options.password_keyring)
    if not password:
        raise ConfigError(f"the password of {options.ssid!a} is empty; if the network is open say so with --open")
    return password


def _address(text: str) -> StaticIP:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (4, 5):
        raise ConfigError(f"--static-ip has {len(parts)} addresses; expected IP,MASK,GATEWAY,DNS[,DNS]")
    return StaticIP(*parts)


def _proxy(text: str, user: str | None) -> Proxy:
    server, _, port = text.rpartition(":")
    if "@" in text or "/" in text or ":" in server:
        raise ConfigError(
            f"--proxy: expected HOST:PORT and nothing else; the user goes to --proxy-user, the password to "
            f"{PROXY_PASSWORD_VARIABLE} or the prompt (the value is not repeated here, it may hold a password)"
        )
    if not server or not port.isdigit():
        raise ConfigError(f"--proxy is {text!a}; expected HOST:PORT")
    password = secret(PROXY_PASSWORD_VARIABLE, f"Password of {user!a} at the proxy") if user else None
    return Proxy(server, int(port), user, password)
