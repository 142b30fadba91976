"""A straight line through measurements, by least squares, and how sure its slope is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression


@dataclass(frozen=True)
class Slope:
    """A slope.

    Attributes:
        per_x: Growth per unit of x.
        error: Its standard error; infinite with fewer than three points.
    """

    per_x: float
    error: float

    def grows(self, slack: float) -> bool:
        """Tell whether it is surely (two errors) above nought, and above what nobody minds."""
        return self.per_x > max(2 * self.error, slack)


def slope(xs: Sequence[float], ys: Sequence[float]) -> Slope:
    """Fit a line; points whose y is nan are left out.

    The error takes each point for independent. Neighbouring samples are not, so it is too small
    rather than too large.
    """
    points = [(x, y) for x, y in zip(xs, ys, strict=True) if not math.isnan(y)]
    if len(points) < 3:
        return Slope(0.0, math.inf)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    line = linear_regression(xs, ys)
    left = sum((y - line.intercept - line.slope * x) ** 2 for x, y in points)
    middle = sum(xs) / len(xs)
    spread = sum((x - middle) ** 2 for x in xs)
    return Slope(line.slope, math.sqrt(left / (len(points) - 2) / spread))
