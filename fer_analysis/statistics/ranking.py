"""How well a label's probability ranks its images above the others, with intervals."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import expit, logit
from scipy.stats import rankdata
from scipy.stats import t as student

from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.intervals import wilson


def auroc(scores: np.ndarray, positive: np.ndarray) -> Estimate:
    """Return the area under the ROC curve and its 95 % interval.

    It is the chance that a random image of the label has a higher score than a random image of
    another, ties counting a half (Hanley & McNeil 1982). The variance is DeLong's (DeLong et
    al. 1988), which needs no resampling; the interval is made on the logit scale, with
    Student's quantile for the number of images in the smaller group, so that it stays within 0
    to 1 and also covers the true value with few images.

    Args:
        scores: float `(n,)`.
        positive: bool `(n,)`.

    Returns:
        The area, with n the images of the label; undefined if one group is empty.
    """
    positive = np.asarray(positive, dtype=bool)
    p, n = int(positive.sum()), int((~positive).sum())
    if not p or not n:
        return Estimate(None, n=p)
    ranks = rankdata(scores)
    # For each image, the share of the other group that it is ranked correctly against.
    of_positive = (ranks[positive] - rankdata(scores[positive])) / n
    of_negative = 1 - (ranks[~positive] - rankdata(scores[~positive])) / p
    value = float(of_positive.mean())
    variance = _variance_of_mean(of_positive) + _variance_of_mean(of_negative)
    return Estimate(value, *_logit_interval(value, math.sqrt(variance), min(p, n)), p)


def average_precision(scores: np.ndarray, positive: np.ndarray) -> Estimate:
    """Return the average precision and its 95 % interval.

    It is the mean precision at each image of the label, going down the ranking, without
    interpolation, as scikit-learn defines it. The interval is the logit interval of Boyd, Eng
    & Page (2013); the bootstrap covers too rarely if a label is rare.

    Args:
        scores: float `(n,)`.
        positive: bool `(n,)`.

    Returns:
        The value, with n the images of the label; undefined if one group is empty.
    """
    positive = np.asarray(positive, dtype=bool)
    p = int(positive.sum())
    if p in (0, len(positive)):
        return Estimate(None, n=p)
    own = scores[positive]
    # Images of equal score are one step of the ranking: all of them are at its end.
    through = len(scores) - rankdata(scores, method="min")[positive] + 1
    own_through = p - rankdata(own, method="min") + 1
    value = float((own_through / through).mean())
    return Estimate(value, *_logit_interval(value, math.sqrt(value * (1 - value) / p), p), p)


def _variance_of_mean(values: np.ndarray) -> float:
    return float(values.var(ddof=1) / len(values)) if len(values) > 1 else 0.25


def _logit_interval(value: float, deviation: float, n: int) -> tuple[float, float]:
    """Return the interval of a share with a standard deviation, on the logit scale.

    At 0 and 1 the deviation is 0: the Wilson interval of the n images is used instead.
    """
    if value in (0.0, 1.0):
        return wilson(round(value * n), n)
    half = student.ppf(0.975, max(n - 1, 1)) * deviation / (value * (1 - value))
    low, high = expit(logit(value) + np.array([-half, half]))
    return float(low), float(high)
