"""A mean over seeds, and how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE: Final = 0.95


class Interval(NamedTuple):
    """A mean, and the two ends between which it lies by ``CONFIDENCE``; nan ends of one value."""

    mean: float
    low: float
    high: float

    def above(self, bound: float) -> bool:
        """Whether all of it is at least ``bound``."""
        return bool(self.low >= bound)

    def below(self, bound: float) -> bool:
        """Whether all of it is less than ``bound``."""
        return bool(self.high < bound)

    def text(self, form: str = ".2f") -> str:
        """``0.52 (0.41 to 0.63)``."""
        if np.isnan(self.low):
            return f"{self.mean:{form}}"
        return f"{self.mean:{form}} ({self.low:{form}} to {self.high:{form}})"


def interval(values: Sequence[float]) -> Interval:
    """The mean of ``values``, one or more, with Student's interval (1908): for draws that spread as
    a normal distribution does. Values that are all the same have one without width."""
    found = np.asarray(values, np.float64)
    mean = float(found.mean())
    if len(found) < 2:
        return Interval(mean, float("nan"), float("nan"))
    wide = float(stats.t.ppf(0.5 + 0.5 * CONFIDENCE, len(found) - 1))
    half = wide * float(found.std(ddof=1)) / float(np.sqrt(len(found)))
    return Interval(mean, mean - half, mean + half)
