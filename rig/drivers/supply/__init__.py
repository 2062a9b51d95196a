"""Sources of the device's supply behind one seam: regulator, plain switch, SCPI instrument, each guarded by limits."""
