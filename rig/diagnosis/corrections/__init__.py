"""Explicit readings of the light at other levels, and of a decoded scene: dimmed, weak, steady, ambiguous."""
