"""What can be wrong with a BlinkUp, one class per cause. No text here ever contains a password, token or PIN."""

from __future__ import annotations

from rig.errors import BlinkUpError, CapabilityMissing


class PacketTooLong(BlinkUpError, ValueError):
    """The entries take more bytes than the length byte can say (255)."""


class InvalidSsid(BlinkUpError, ValueError):
    """The network name can't be sent."""


class InvalidPassword(BlinkUpError, ValueError):
    """No security mode takes a password of this length, or there is no network for it."""


class InvalidEnrolment(BlinkUpError, ValueError):
    """The token or the plan ID is not 16 hex digits."""


class InvalidAddress(BlinkUpError, ValueError):
    """A static address is not dotted IPv4."""


class InvalidProxy(BlinkUpError, ValueError):
    """Server, port, user or password of the proxy can't be sent."""


class InvalidPin(BlinkUpError, ValueError):
    """The WPS PIN is neither empty nor eight digits."""


class InvalidOption(BlinkUpError, ValueError):
    """An encoding, line code, leg or damage option has a value that doesn't exist."""


class BadLength(BlinkUpError, ValueError):
    """A packet has more or fewer bytes than its length byte announces."""


class BadCrc(BlinkUpError, ValueError):
    """A packet's checksum doesn't match its bytes."""


class TruncatedEntry(BlinkUpError, ValueError):
    """An entry claims more bytes than its packet holds."""


class UnknownEntry(BlinkUpError, ValueError):
    """An entry type this rig doesn't know or doesn't send."""


class MalformedPacket(BlinkUpError, ValueError):
    """A packet with a right checksum whose entries make no configuration."""


class InvalidRate(BlinkUpError, ValueError):
    """A symbol rate that no receiver can follow."""


class NoGreyLeg(BlinkUpError, CapabilityMissing):
    """Tri-level needs a second LED leg for grey and the bench has none. Also a LookupError."""


class InvalidSamples(BlinkUpError, ValueError):
    """Samples of light that no receiver can use: times that fall, shapes that differ, numbers that are none."""
