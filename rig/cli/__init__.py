"""The command line `rig`: thin, calls the rest. No command here touches hardware unless its help says so."""
