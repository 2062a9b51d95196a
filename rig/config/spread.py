"""Values that are known only as a range: drawn once per seed, so that nothing can lean on one value."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import model_validator

from rig.config.strict import StrictModel

# doc: the maker's text; prod: a product's support page; forum: its staff or users; inferred and assumed: by us.
CertaintyLevel = Literal["doc", "prod", "forum", "inferred", "assumed", "unknown"]


class Spread(StrictModel):
    """A range `low`..`high` with how sure we are of it and who says so. A plain number in a file is exact."""

    low: float
    high: float
    certainty: CertaintyLevel = "assumed"
    source: str = ""

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, data: Any) -> Any:
        if isinstance(data, int | float) and not isinstance(data, bool):
            return {"low": data, "high": data}
        if isinstance(data, list) and len(data) == 2:
            return {"low": data[0], "high": data[1]}
        return data

    @model_validator(mode="after")
    def _in_order(self) -> Spread:
        if self.low > self.high:
            raise ValueError(f"low must not exceed high (low {self.low}, high {self.high})")
        return self

    def draw(self, rng: np.random.Generator) -> float:
        """One value, uniform over the range; the same number of random draws for every range."""
        return float(self.low + (self.high - self.low) * rng.random())


def spread(low: float, high: float | None = None, certainty: CertaintyLevel = "assumed", source: str = "") -> Spread:
    """A range of values, or one value without a range."""
    return Spread(low=low, high=low if high is None else high, certainty=certainty, source=source)
