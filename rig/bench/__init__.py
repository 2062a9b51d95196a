"""The bench and the device under test: opening, self-test, acquisition, playback, sending, calibration."""
