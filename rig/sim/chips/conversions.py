"""Back-to-back conversions that nobody counts until somebody reads."""

from __future__ import annotations

from dataclasses import dataclass

NEVER_NS = 1 << 62


@dataclass(slots=True)
class Conversions:
    """`count` conversions (None: for ever) of `period_ns` each, the first from `start_ns` on."""

    start_ns: int
    period_ns: int
    count: int | None = None

    def completed(self, now_ns: int) -> int:
        """How many conversions have ended by `now_ns`."""
        done = (now_ns - self.start_ns) // self.period_ns
        if done <= 0:
            return 0
        return done if self.count is None or done < self.count else self.count

    def end_ns(self, number: int) -> int:
        """When the `number`-th conversion ends, the first being 1; `NEVER_NS` if there is no such conversion."""
        if self.count is not None and number > self.count:
            return NEVER_NS
        return self.start_ns + number * self.period_ns
