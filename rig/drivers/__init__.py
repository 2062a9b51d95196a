"""Hands: the drivers of what stands on the table. They know their parts, and neither bench nor verdicts."""
