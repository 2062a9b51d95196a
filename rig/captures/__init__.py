"""Captures of instruments: recordings of ours, CSV, sigrok sessions, VCD."""

from rig.captures.capture import BadCapture, Capture
from rig.captures.reading import read_capture

__all__ = ["BadCapture", "Capture", "read_capture"]
