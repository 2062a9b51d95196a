"""Light to colours: bins, noise, PWM and the levels of dark, red, amber and green."""
