"""Pins and buses by the kernel of the machine that the rig runs on: any Pi and OS, and nothing of pigpiod."""
