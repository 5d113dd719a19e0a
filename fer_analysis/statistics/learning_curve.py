"""A learning curve: how a share of correct predictions rises with the number of images.

The law is a power law of the log-odds, `log(r / (1 - r)) = level - drop * n ** -exponent`: errors
fall by a power of the number of training images towards a level of their own (Hestness et al.
2017), and no share leaves 0 to 1. The exponent 0 stands for `level + drop * log(n)`; a negative
one lets the log-odds rise faster than that, as they do while a label is hardly predicted yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fer_analysis.statistics.bootstrap import DRAWS, percentile_interval
from fer_analysis.statistics.estimate import Estimate

FEWEST = 3
"""Numbers of images that make a curve."""
FARTHEST = 2.0
"""Times the largest number that was tried: nothing is said beyond."""
EXPONENTS = np.linspace(-0.5, 1.5, 41)
"""Exponents that are tried; 0 is one of them."""
KNOWN = 5
"""Correct and wrong predictions below which the log-odds of a share are not known."""
DOUBT = 0.01
"""Of studies that follow the law, this share is taken not to follow it."""


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """A fitted curve, and the curves of `DRAWS` studies like the one it was fitted to.

    Args:
        counts: `(d,)`, numbers of images that it is fitted to, rising.
        recalls: `(d,)`, the share of correct predictions with each.
        parameters: `(1 + DRAWS, 3)`: the log-odds at the largest number, their slope there by the
            log of the number, and the exponent; row 0 is the curve.
        p: How often studies that follow the law lie farther from it than this one.
    """

    counts: np.ndarray
    recalls: np.ndarray
    parameters: np.ndarray
    p: float

    @property
    def follows(self) -> bool:
        """Whether the numbers that were tried are compatible with the law."""
        return self.p >= DOUBT

    @property
    def largest(self) -> float:
        """The largest number of images that was tried."""
        return float(self.counts[-1])

    def at(self, n: float) -> np.ndarray:
        """Return the share at n images, `(1 + DRAWS,)`: the curve's, then that of each draw.

        Raises:
            ValueError: Beyond `FARTHEST` times the largest number that was tried.
        """
        if n > FARTHEST * self.largest * (1 + 1e-9):
            raise ValueError(f"{n} images: the curve ends at {FARTHEST * self.largest:.0f}")
        level, drop, exponent = self.parameters.T
        return 1 / (1 + np.exp(-(level + drop * _power(n / self.largest, exponent))))

    def gain(self, n: float) -> Estimate:
        """Return what n images bring, beside the largest number that was tried."""
        gained = self.at(n) - self._now
        return Estimate(gained[0], *percentile_interval(gained[1:]))

    def images_for(self, gain: float) -> Estimate:
        """Return how many images bring a gain, within `FARTHEST` times the largest number.

        The value or an end of the interval is None where that is not enough.
        """
        tried = np.linspace(1, FARTHEST, 201)[1:] * self.largest
        reached = np.stack([self.at(n) for n in tried]) - self._now >= gain
        needed = np.where(reached.any(axis=0), tried[reached.argmax(axis=0)], np.inf)
        low, high = np.quantile(needed[1:], (0.025, 0.975), method="nearest")
        return Estimate(needed[0], low, high)

    @cached_property
    def _now(self) -> np.ndarray:
        return self.at(self.largest)


def fit_curve(
    counts: np.ndarray, recalls: np.ndarray, by_seed: np.ndarray, n: int, *, seed: int = 0
) -> LearningCurve | None:
    """Fit a curve by weighted least squares of the log-odds.

    The intervals are those of a parametric bootstrap: studies are drawn around the curve. How far
    recalls of one number of images differ between seeds, beyond what all numbers of a seed have in
    common, is estimated for all numbers together, in units of `sqrt(r (1 - r))`, with the
    uncertainty that few seeds leave; it is at least that of drawing n images.

    Args:
        counts: `(d,)`, numbers of training images, rising; different.
        recalls: `(d,)`, the share of correct predictions with each.
        by_seed: `(d, seeds)`, the same of each seed.
        n: Images that the recalls are computed from.
        seed: Of the draws.

    Returns:
        The curve; None with one seed, or fewer than `FEWEST` numbers of images: those with fewer
        than `KNOWN` correct or wrong predictions do not count, and are left out.
    """
    known = np.minimum(recalls, 1 - recalls) * n >= KNOWN - 1e-6  # a number, but for rounding
    counts, recalls, by_seed = (np.asarray(v, float)[known] for v in (counts, recalls, by_seed))
    d, seeds = by_seed.shape
    if d < FEWEST or seeds < 2 or n < 1:
        return None
    odds, scale = np.log(recalls / (1 - recalls)), 1 / np.sqrt(recalls * (1 - recalls))
    fitted, parameters = _least_squares(counts, odds[None], scale**-2)
    z = (by_seed - by_seed.mean(axis=1, keepdims=True)) * scale[:, None]
    z = z - z.mean(axis=0)
    free = (d - 1) * (seeds - 1)
    rng = np.random.default_rng([seed, d, seeds, n])
    spread = (z**2).sum() / rng.chisquare(free, DRAWS)
    noise = np.sqrt(np.maximum(spread / seeds, 1 / n))[:, None] * scale
    drawn = fitted + noise * rng.standard_normal((DRAWS, d))
    refitted, more = _least_squares(counts, drawn, scale**-2)
    far = (((odds - fitted[0]) / scale) ** 2).sum()
    as_far = (((drawn - refitted) / scale) ** 2).sum(axis=1) >= far
    p = float((as_far.sum() + 1) / (DRAWS + 1))
    return LearningCurve(counts, recalls, np.concatenate([parameters, more]), p)


def _power(ratio: float | np.ndarray, exponent: float | np.ndarray) -> np.ndarray:
    """Return a power of a ratio of numbers with value 0 and slope 1, by its log, at 1."""
    flat = np.where(np.abs(exponent) < 1e-9, 1e-9, exponent)
    return -np.expm1(-flat * np.log(ratio)) / flat


def _least_squares(
    counts: np.ndarray, odds: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Fit log-odds `(b, d)`; return the fitted ones, and the parameters `(b, 3)`."""
    best = np.full(len(odds), np.inf)
    fitted, parameters = np.zeros_like(odds), np.zeros((len(odds), 3))
    w = weights / weights.sum()
    for exponent in EXPONENTS:
        x = _power(counts / counts[-1], exponent)
        off = x - w @ x
        slope = (odds @ (w * off)) / (w @ off**2)
        mean = odds @ w
        line = mean[:, None] + slope[:, None] * off
        error = ((odds - line) ** 2 * w).sum(axis=1)
        better = error < best
        best = np.where(better, error, best)
        fitted[better] = line[better]
        row = np.stack([mean - slope * (w @ x), slope, np.full(len(odds), exponent)], axis=1)
        parameters[better] = row[better]
    return fitted, parameters
