"""A BlinkUp configuration from the options and secret sources that `rig blinkup` commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from rig.blinkup import ClearConfig, Config, Proxy, StaticIP, WifiConfig, WpsConfig
from rig.cli.secrets import PIN_VARIABLE, PROXY_PASSWORD_VARIABLE, enrolment, secret, wifi_password
from rig.errors import ConfigError

Ssid = Annotated[str | None, typer.Option("--ssid", help="Name of the Wi-Fi network.")]
Open = Annotated[bool, typer.Option("--open", help="The network has no password.")]
Wired = Annotated[bool, typer.Option("--no-wifi", help="Enrol only: Ethernet and cellular imps.")]
Wps = Annotated[bool, typer.Option("--wps", help="Settings by WPS; PIN from RIG_WPS_PIN (empty: push button).")]
Clear = Annotated[bool, typer.Option("--clear", help="Clear the stored configuration.")]
StaticAddress = Annotated[
    str | None, typer.Option("--static-ip", metavar="IP,MASK,GATEWAY,DNS[,DNS]", help="Fixed address instead of DHCP.")
]
ProxyServer = Annotated[str | None, typer.Option("--proxy", metavar="HOST:PORT", help="HTTP proxy.")]
ProxyUser = Annotated[
    str | None, typer.Option("--proxy-user", help="User of the proxy; its password is RIG_PROXY_PASSWORD.")
]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", metavar="FILE", help="File whose only line is the Wi-Fi password.")
]
PasswordKeyring = Annotated[
    str | None, typer.Option("--password-keyring", metavar="SERVICE:USER", help="Wi-Fi password from the keyring.")
]


def configuration(
    ssid: str | None = None,
    open_network: bool = False,
    no_wifi: bool = False,
    wps: bool = False,
    clear: bool = False,
    static_ip: str | None = None,
    proxy: str | None = None,
    proxy_user: str | None = None,
    password_file: Path | None = None,
    password_keyring: str | None = None,
    *,
    enrolment: Callable[[], tuple[str, str]] = enrolment,
) -> Config:
    """What the options say, not yet checked; asks for the secrets that it needs.

    Raises:
        ConfigError: options that exclude each other, or a secret that no source has.
    """
    kinds = {"--ssid": ssid is not None, "--no-wifi": no_wifi, "--wps": wps, "--clear": clear}
    chosen = [name for name, given in kinds.items() if given]
    if len(chosen) != 1:
        raise ConfigError(f"{' and '.join(chosen) or 'nothing'} given; expected one of {', '.join(kinds)}")
    if (clear or wps) and (static_ip or proxy or proxy_user):
        raise ConfigError(f"{chosen[0]} goes without --static-ip and --proxy")
    if ssid is None and (open_network or password_file or password_keyring):
        raise ConfigError(f"{chosen[0]} has no Wi-Fi password; drop --open and the password's source")
    if open_network and (password_file or password_keyring):
        raise ConfigError("--open says that there is no password; drop it or the password's source")
    if ssid == "":
        raise ConfigError("--ssid is empty (an unset variable of the shell?); name the network, or use --no-wifi")
    if proxy_user and proxy is None:
        raise ConfigError("--proxy-user goes with --proxy HOST:PORT")
    if clear:
        return ClearConfig()
    if wps:
        return WpsConfig(secret(PIN_VARIABLE, "WPS PIN (none for push button)"), *enrolment())
    password = ""
    if ssid is not None and not open_network:
        password = wifi_password(ssid, file=password_file, keyring=password_keyring)
        if not password:
            raise ConfigError(f"the password of {ssid!a} is empty; if the network is open say so with --open")
    address = None if static_ip is None else _address(static_ip)
    server = None if proxy is None else _proxy(proxy, proxy_user)
    return WifiConfig(ssid or "", password, *enrolment(), address, server)


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
