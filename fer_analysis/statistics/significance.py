"""Exact tests on counts, and the correction for multiple tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr
from scipy.stats import norm

POWER = 0.8
"""A difference is detectable if a test would show it in this share of cases."""


def sign_test(one: int, other: int) -> float:
    """Return the exact two-sided p of two counts, if both are equally likely.

    With the numbers of images that only one of two models predicts correctly, this is
    McNemar's exact test (McNemar 1947).

    Args:
        one: A count, 0 or more.
        other: The count that it is compared with.
    """
    n = int(one + other)
    return min(1.0, 2 * float(bdtr(int(min(one, other)), n, 0.5)))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Correct p-values for their number by Holm's step-down method (Holm 1979).

    Args:
        p_values: `(m,)`.

    Returns:
        float64 `(m,)`, in the same order: each may be interpreted like the p of a single test.
    """
    p_values = np.asarray(p_values, dtype=float)
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(len(p_values), 0, -1)
    corrected = np.empty_like(p_values)
    corrected[order] = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1)
    return corrected


def detectable_difference(discordant: int, n: int) -> float:
    """Return the smallest difference of two accuracies that n paired images would show.

    The normal approximation to McNemar's test at the 5 % level with a power of 80 % (Connor
    1987), at the observed share of discordant images.

    Args:
        discordant: Images that only one of the two models predicts correctly.
        n: Images.

    Returns:
        A share of 1; NaN without images.
    """
    if n == 0:
        return float("nan")
    share = discordant / n
    # Fewer than six images, all on one side, are never significant in the exact test.
    return max(float(detectable(np.sqrt(share / n))), 6 / n)


def detectable(deviation: float) -> float:
    """Return the smallest difference that an estimate with this standard deviation would show."""
    return (norm.ppf(0.975) + norm.ppf(POWER)) * deviation
