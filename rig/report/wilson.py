"""How sure a success rate from few attempts is."""

from __future__ import annotations

import math

Z_95 = 1.959964


def wilson(successes: int, attempts: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson's score interval of a success rate, 95 % unless `z` says otherwise; (0, 1) if nothing was tried.

    Unlike the normal approximation it holds for few attempts, and where all or none succeed (E. B. Wilson, 1927).

    Raises:
        ValueError: more successes than attempts, or fewer than none.
    """
    if not 0 <= successes <= attempts:
        raise ValueError(f"{successes} successes of {attempts} attempts")
    if attempts == 0:
        return 0.0, 1.0
    share, weight = successes / attempts, z * z / attempts
    centre = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(share * (1 - share) / attempts + weight / (4 * attempts))
    return max(0.0, centre - half), min(1.0, centre + half)
