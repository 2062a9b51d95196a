"""Faults of the bench and defects of the device, each by name, put into the simulated world."""
