"""Shared by all tests of the rig."""

pytest_plugins = ["pytester"]
