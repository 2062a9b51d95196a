"""What register-level chips have in common: words with a sign, bytes beyond a register, and a clock that is off."""

from __future__ import annotations

from rig.errors import ConfigError


def signed_word(value: int) -> int:
    """A 16-bit register, 0 to 0xFFFF, as a number in two's complement."""
    return value - 0x10000 if value & 0x8000 else value


def padded(data: bytes, count: int) -> bytes:
    """The first `count` bytes of a register; beyond its end nobody drives the wire, which reads 0xFF."""
    return data.ljust(count, b"\xff")[:count]


def checked_oscillator_error(error: float) -> float:
    """A chip's relative clock error: -0.1 converts ten per cent slower than nominal.

    Raises:
        ConfigError: beyond +-0.5.
    """
    if not -0.5 <= error <= 0.5:
        raise ConfigError(f"oscillator_error is {error!r}; expected a fraction such as -0.1 or 0.1")
    return error
