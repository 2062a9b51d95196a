"""An emulated pigpiod: the real Python client and gpiozero talk to it over a socket and notice no difference."""

from rig.sim.pigpiod.daemon import DaemonOptions, PigpioDaemon

__all__ = ["DaemonOptions", "PigpioDaemon"]
