"""The BlinkUp transmitter as most of the rig knows it: the seam, its receipts, and how a bench opens its own."""

from __future__ import annotations

from rig.bench.optics.opening import open_optical
from rig.bench.optics.receipt import Receipt
from rig.bench.optics.seam import POLL_S, OpticalTx, Transmission

__all__ = ["POLL_S", "OpticalTx", "Receipt", "Transmission", "open_optical"]
