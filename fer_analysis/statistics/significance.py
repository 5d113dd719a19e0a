"""Exact tests on counts, and the correction for making many of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr
from scipy.stats import norm

POWER = 0.8
"""A difference that n could show is one that it would show four times out of five."""


def sign_test(one: int, other: int) -> float:
    """Return the exact two-sided p that two counts differ though either was as likely.

    Of paired predictions, with the images that only one of two models gets right, this is
    McNemar's exact test (McNemar 1947).

    Args:
        one: A count, 0 or more.
        other: The count that it is held against.
    """
    n = int(one + other)
    return min(1.0, 2 * float(bdtr(int(min(one, other)), n, 0.5)))


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Correct p-values for their number by Holm's step-down method (Holm 1979).

    Args:
        p_values: `(m,)`.

    Returns:
        float64 `(m,)`, in the same order: what may be read as if it were the only test.
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
    1987), at the share of discordant images that was seen.

    Args:
        discordant: Images that one of the two models gets right and the other does not.
        n: Images.

    Returns:
        A share of 1; NaN without images.
    """
    if n == 0:
        return float("nan")
    share = discordant / n
    # Fewer than six images, all on one side, pass no exact test.
    return max(float(detectable(np.sqrt(share / n))), 6 / n)


def detectable(deviation: float) -> float:
    """Return the smallest difference that an estimate with this standard deviation would show."""
    return (norm.ppf(0.975) + norm.ppf(POWER)) * deviation
