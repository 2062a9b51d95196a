"""The simulated imp. Its LED table, its light reception and its timing are its own: it shares none with the judge."""
