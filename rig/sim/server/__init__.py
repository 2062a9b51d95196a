"""The simulated bench served to other processes: pigpiod's port, SCPI, and a control socket."""
