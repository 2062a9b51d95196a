"""The light codes that somebody can wait for, as a type: a misspelt one is an error in the editor.

`codes.toml` is where they are defined; a test holds this list against it. A code that is only a sequence of others
(`rejected`, `runtime_loop`) has no light of its own and can't be waited for.
"""

from __future__ import annotations

from typing import Literal

LedCode = Literal[
    "no_settings",
    "legacy_no_settings",
    "blinkup_ok",
    "legacy_blinkup_ok",
    "legacy_blinkup_fail",
    "reception_error",
    "eth_wait",
    "wps",
    "searching",
    "joining",
    "proxy_addr",
    "proxy_cred",
    "modem",
    "sim",
    "registering",
    "reg_denied",
    "ppp",
    "ppp_check",
    "getting_ip",
    "resolving",
    "connecting_server",
    "connected",
    "lost",
    "offline",
    "update",
    "legacy_download",
    "legacy_install",
    "normal_operation",
    "fastrom",
    "spi_not_found",
    "spi_error",
    "imp004m_flash_blank",
    "imp003_no_wlan",
    "imp003_flash_unsupported",
    "flash_ingest",
    "blessed",
    "bless_failed",
    "power_fault",
]
