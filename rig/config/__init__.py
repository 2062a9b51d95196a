"""Devices and networks as data, checked when loaded."""
