"""The bench that isn't there: one physical model behind an emulated pigpiod and register-level chips."""
