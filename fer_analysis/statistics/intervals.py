"""Intervals of shares that were counted on n images."""

from __future__ import annotations

import math
from statistics import NormalDist

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
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    middle = (successes + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * math.sqrt(successes * (n - successes) / n + z**2 / 4)
    low = middle - half if successes > 0 else 0.0
    return low, middle + half if successes < n else 1.0


def proportion(count: int, n: int) -> Estimate:
    """Return `count` of `n` as a share with its Wilson interval; undefined where n is 0."""
    return Estimate(count / n, *wilson(round(count), n), n) if n else Estimate(None, n=0)


def difference_of_proportions(first: tuple[int, int], second: tuple[int, int]) -> Estimate:
    """Return the first share less the second, of independent images, with its 95 % interval.

    The interval is the hybrid one of two Wilson intervals (Newcombe 1998, method 10), which is
    valid for small n and for shares of 0 and 1.

    Args:
        first: Count and number of images.
        second: The same.
    """
    if not (first[1] and second[1]):
        return Estimate(None, n=first[1] + second[1])
    one, other = proportion(*first), proportion(*second)
    value = one.value - other.value
    low = value - math.hypot(one.value - one.low, other.high - other.value)
    high = value + math.hypot(one.high - one.value, other.value - other.low)
    return Estimate(value, low, high, first[1] + second[1])
