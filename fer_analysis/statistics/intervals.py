"""Intervals of shares that were counted on n images."""

from __future__ import annotations

import math

from scipy.special import ndtri

from fer_analysis.statistics.estimate import Estimate


def wilson(successes: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a share (Wilson 1927).

    Unlike the normal approximation it stays within 0 to 1 and is valid at 0 of n and for small n.

    Args:
        successes: How many of `n`.
        n: Number of images.
        confidence: Confidence level.

    Returns:
        Lower and upper end, shares of 1; (nan, nan) where n is 0.
    """
    if n == 0:
        return math.nan, math.nan
    z = float(ndtri((1 + confidence) / 2))
    middle = (successes + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * math.sqrt(successes * (n - successes) / n + z**2 / 4)
    low = middle - half if successes > 0 else 0.0
    return low, middle + half if successes < n else 1.0


def proportion(count: int, n: int) -> Estimate:
    """Return `count` of `n` as a share with its Wilson interval; undefined where n is 0."""
    return Estimate(count / n, *wilson(round(count), n), n) if n else Estimate(None, n=0)
