"""What a measured quantity of a device may be: data of its profile, so that a test carries no number of its own."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field, model_validator

from rig.config.spread import CertaintyLevel
from rig.config.strict import StrictModel

Grade = Literal["pass", "marginal", "fail"]
MARGINAL_SHARE = 0.1


class Limit(StrictModel):
    """Bounds of one quantity, in `unit`. `marginal` is how far inside a bound a value is still too close to it.

    Without `marginal` it is a tenth of the way between the bounds, or of the only bound.
    """

    unit: str
    low: float | None = None
    high: float | None = None
    marginal: float | None = Field(default=None, ge=0)
    certainty: CertaintyLevel = "assumed"
    source: str = ""

    @model_validator(mode="after")
    def _usable(self) -> Limit:
        if self.low is None and self.high is None:
            raise ValueError("expected low, high or both")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"expected low below high (low {self.low:g}, high {self.high:g})")
        if self.low is not None and self.high is not None and 2 * self.band >= self.high - self.low:
            raise ValueError(
                f"marginal = {self.band:g} leaves nothing between {self.low:g} and {self.high:g} that passes"
            )
        return self

    @property
    def band(self) -> float:
        """Width of the marginal band inside each bound."""
        if self.marginal is not None:
            return self.marginal
        if self.low is not None and self.high is not None:
            return MARGINAL_SHARE * (self.high - self.low)
        bound = self.high if self.low is None else self.low
        assert bound is not None
        return MARGINAL_SHARE * abs(bound)

    def grade(self, value: float, uncertainty: float = 0.0) -> Grade:
        """`value` beyond a bound fails; one that is nearer to it than the band or than its uncertainty is marginal."""
        if not math.isfinite(value):
            return "fail"
        room = min(
            value - self.low if self.low is not None else math.inf,
            self.high - value if self.high is not None else math.inf,
        )
        if room < 0:
            return "fail"
        return "marginal" if room < max(self.band, uncertainty) else "pass"

    @property
    def allowed(self) -> str:
        """The bounds in words, without the unit."""
        if self.low is None:
            return f"up to {self.high:g}"
        return f"{self.low:g} or more" if self.high is None else f"{self.low:g} to {self.high:g}"

    def __str__(self) -> str:
        low = "" if self.low is None else f"{self.low:g}"
        high = "" if self.high is None else f"{self.high:g}"
        return f"[{low}..{high}]"
