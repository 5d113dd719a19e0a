"""How far a share that was counted on n images can be trusted."""

from __future__ import annotations

import math

from scipy.stats import binomtest

from fer_analysis.statistics.estimate import Estimate


def wilson(successes: int, n: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return the Wilson score interval of a share (Wilson 1927).

    Unlike the textbook interval it stays within 0 to 1 and is honest at 0 of n and on small n.

    Args:
        successes: How many of `n`.
        n: Number of images.
        confidence: Confidence level.

    Returns:
        Lower and upper end, shares of 1; (nan, nan) where n is 0.
    """
    if n == 0:
        return math.nan, math.nan
    interval = binomtest(int(successes), int(n)).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)


def proportion(count: int, n: int) -> Estimate:
    """Return `count` of `n` as a share with its Wilson interval; undefined where n is 0."""
    return Estimate(count / n, *wilson(round(count), n), n) if n else Estimate(None, n=0)
