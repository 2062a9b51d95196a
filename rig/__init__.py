"""Hardware-in-the-loop bench for Electric Imp products.

What is named here, and in `rig.testing`, is the public API: tests of a product and programs that use the bench import
nothing deeper. A name is loaded when it is used first, because every pytest session imports this package.
Importing it, or any module of it, touches no hardware and starts nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rig.bench.bench import Bench, open_bench
    from rig.bench.dut import DeviceUnderTest
    from rig.blinkup import FAST_HZ, STANDARD_HZ, ClearConfig, Proxy, StaticIP, WifiConfig, WpsConfig
    from rig.diagnosis import (
        BenchFacts,
        EvidenceItem,
        FaultDomain,
        JudgedDevice,
        Observation,
        Outcome,
        Verdict,
        diagnose,
    )
    from rig.drivers.optical.receipt import Receipt
    from rig.errors import (
        BenchConnectionError,
        BenchError,
        BenchFault,
        BlinkUpError,
        CapabilityMissing,
        ConfigError,
        DeviceNotReady,
        RigError,
        SafetyTrip,
        SupplyError,
        SupplyLimitError,
    )
    from rig.recording import Action, Recording, Trace
    from rig.secret import Secret

__version__ = "0.1.0"

_HOMES = {
    "rig.bench.bench": ("Bench", "open_bench"),
    "rig.bench.dut": ("DeviceUnderTest",),
    "rig.blinkup": ("FAST_HZ", "STANDARD_HZ", "ClearConfig", "Proxy", "StaticIP", "WifiConfig", "WpsConfig"),
    "rig.diagnosis": (
        "BenchFacts",
        "EvidenceItem",
        "FaultDomain",
        "JudgedDevice",
        "Observation",
        "Outcome",
        "Verdict",
        "diagnose",
    ),
    "rig.drivers.optical.receipt": ("Receipt",),
    "rig.errors": (
        "BenchConnectionError",
        "BenchError",
        "BenchFault",
        "BlinkUpError",
        "CapabilityMissing",
        "ConfigError",
        "DeviceNotReady",
        "RigError",
        "SafetyTrip",
        "SupplyError",
        "SupplyLimitError",
    ),
    "rig.recording": ("Action", "Recording", "Trace"),
    "rig.secret": ("Secret",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "FAST_HZ",
    "STANDARD_HZ",
    "Action",
    "Bench",
    "BenchConnectionError",
    "BenchError",
    "BenchFacts",
    "BenchFault",
    "BlinkUpError",
    "CapabilityMissing",
    "ClearConfig",
    "ConfigError",
    "DeviceNotReady",
    "DeviceUnderTest",
    "EvidenceItem",
    "FaultDomain",
    "JudgedDevice",
    "Observation",
    "Outcome",
    "Proxy",
    "Receipt",
    "Recording",
    "RigError",
    "SafetyTrip",
    "Secret",
    "StaticIP",
    "SupplyError",
    "SupplyLimitError",
    "Trace",
    "Verdict",
    "WifiConfig",
    "WpsConfig",
    "diagnose",
    "open_bench",
]


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
