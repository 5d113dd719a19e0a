"""Differences within strata: what a group's other mix of labels explains does not count."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from fer_analysis.statistics.estimate import Estimate


def stratified_difference(
    correct: np.ndarray, inside: np.ndarray, strata: np.ndarray
) -> tuple[Estimate, float]:
    """Compare a group's share of correct predictions with the rest's, within each stratum.

    The mean of the strata's differences with Mantel-Haenszel weights (Greenland & Robins 1985,
    "Estimation of a common effect parameter from sparse follow-up data"), and the test of Cochran,
    Mantel & Haenszel (1959) of "no difference in any stratum". A stratum that is all inside or
    all outside the group says nothing, and has no weight.

    Args:
        correct: bool `(n,)`.
        inside: bool `(n,)`, which images are of the group.
        strata: int64 `(n,)`, e.g. labels.

    Returns:
        The difference, inside minus outside, with a 95 % interval (n: images in strata with
        weight), and the two-sided p. Undefined, with p = 1, where no stratum has both.
    """
    k = int(strata.max(initial=0)) + 1
    inner, outer = (np.bincount(strata[each], minlength=k) for each in (inside, ~inside))
    both = (inner > 0) & (outer > 0)
    if not both.any():
        return Estimate(None, n=0), 1.0
    hit_in, hit_out = (
        np.bincount(strata[each & correct], minlength=k)[both] for each in (inside, ~inside)
    )
    inner, outer = inner[both].astype(float), outer[both].astype(float)
    n = inner + outer
    weight = inner * outer / n
    one, other = hit_in / inner, hit_out / outer
    value = float(weight @ (one - other) / weight.sum())
    spread = one * (1 - one) / inner + other * (1 - other) / outer
    half = 1.96 * float(np.sqrt(weight**2 @ spread)) / float(weight.sum())
    ends = max(value - half, -1.0), min(value + half, 1.0)
    return Estimate(value, *ends, int(n.sum())), _p(hit_in, hit_in + hit_out, inner, n)


def _p(hit_in: np.ndarray, hits: np.ndarray, inner: np.ndarray, n: np.ndarray) -> float:
    """Return p of the sum of hypergeometric counts, each stratum's margins given."""
    excess = abs(float((hit_in - inner * hits / n).sum()))
    variance = inner * (n - inner) * hits * (n - hits) / (n**2 * np.maximum(n - 1, 1))
    if variance.sum() == 0:
        return 1.0
    return min(1.0, 2 * float(ndtr(-excess / np.sqrt(variance.sum()))))
