"""Seeded bootstrap: how much figures would vary with other images of the same kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from fer_analysis.statistics.estimate import Estimate

DRAWS = 1000
"""Resamples; 25 of them are then beyond each end of a 95 % interval."""

_CELLS = 2_000_000
"""Weights in memory at once (16 MB)."""


def image_weights(n: int, *, draws: int = DRAWS, seed: int = 0) -> Iterator[np.ndarray]:
    """Yield how often each image occurs in each resample, in blocks of resamples.

    Args:
        n: Images, 1 or more.
        draws: Resamples in all.
        seed: Of the draws; the same n gives the same blocks every time.

    Yields:
        int32 `(block, n)`; each row sums to n.
    """
    rng = np.random.default_rng([seed, n])
    block = max(1, min(draws, _CELLS // n))
    for start in range(0, draws, block):
        rows = min(block, draws - start)
        positions = rng.integers(0, n, (rows, n)) + n * np.arange(rows)[:, None]
        counts = np.bincount(positions.ravel(), minlength=rows * n)
        yield counts.reshape(rows, n).astype(np.int32)


def bootstrap(
    statistic: Callable[[np.ndarray], np.ndarray], n: int, *, draws: int = DRAWS, seed: int = 0
) -> np.ndarray:
    """Compute a statistic of resampled images.

    Args:
        statistic: Weights `(block, n)` -> values `(block, ...)`.
        n: Images.
        draws: Resamples.
        seed: Of the draws.

    Returns:
        float64 `(draws, ...)`.
    """
    return np.concatenate(
        [statistic(weights) for weights in image_weights(n, draws=draws, seed=seed)]
    )


def confusion_draws(
    confusion: np.ndarray, *, draws: int = DRAWS, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw confusion matrices as if the images were drawn again, and return their margins.

    Resampling images and counting is the same as one multinomial draw over the cells. Only cells
    that hold an image are drawn, a block of draws at a time, so that memory grows with the labels
    and not with their square.

    Args:
        confusion: int64 `(k, k)`, counts.
        draws: Resamples.
        seed: Of the draws.

    Returns:
        Of each draw and label, int64 `(draws, k)`: images that are correct, images of the label,
        images predicted as it.
    """
    k, n = len(confusion), int(confusion.sum())
    margins = np.zeros((3, draws, k), dtype=np.int64)
    if n == 0:
        return tuple(margins)
    rng = np.random.default_rng([seed, n])
    true, predicted = np.nonzero(confusion)
    shares = confusion[true, predicted] / n
    block = max(1, _CELLS // len(shares))
    for start in range(0, draws, block):
        counts = rng.multinomial(n, shares, size=min(block, draws - start))
        rows = np.arange(start, start + len(counts))[:, None] * k
        for margin, label, kept in (
            (margins[0], true, true == predicted),
            (margins[1], true, slice(None)),
            (margins[2], predicted, slice(None)),
        ):
            places = (rows + label[kept]).ravel()
            drawn = np.bincount(places, weights=counts[:, kept].ravel(), minlength=draws * k)
            margin += drawn.astype(np.int64).reshape(draws, k)
    return tuple(margins)


def percentile_interval(values: np.ndarray, *, confidence: float = 0.95) -> np.ndarray:
    """Return the percentile interval of resampled values (Efron 1979).

    Args:
        values: float `(draws, ...)`; NaN where a resample leaves a figure undefined (a label
            of which it drew no image), which is left out.
        confidence: Confidence level.

    Returns:
        float64 `(2, ...)`, lower and upper end; NaN where no resample defines the figure.
    """
    values = np.asarray(values, dtype=float)
    defined = np.isfinite(values).any(axis=0)
    filled = np.where(defined, values, 0.0)
    tail = (1 - confidence) / 2
    ends = np.nanquantile(filled, [tail, 1 - tail], axis=0)
    return np.where(defined, ends, np.nan)


def bootstrap_estimate(value: float, draws: np.ndarray, n: int) -> Estimate:
    """Return a figure with the percentile interval of its resamples.

    Args:
        value: The figure of all images; NaN where it is undefined.
        draws: float `(draws,)`, the same figure of resampled images.
        n: Images.
    """
    return Estimate(value, *percentile_interval(draws), n)
