"""Pictures of observations, sweeps and maps, drawn by matplotlib without a display."""
