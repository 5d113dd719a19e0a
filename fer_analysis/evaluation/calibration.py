"""Calibration: whether confidence equals accuracy, and accuracy by coverage."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from fer_analysis.statistics.bootstrap import bootstrap, bootstrap_estimate
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.intervals import proportion
from fer_analysis.statistics.temperature_scaling import TINY

BINS = 15
SIMULATIONS = 200
COVERAGES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)

TRUE = np.linspace(0, 40, 4001)
SEEN = np.sqrt(2 / np.pi) * np.exp(-(TRUE**2) / 2) + TRUE * (1 - 2 * ndtr(-TRUE))
"""The mean of |a normal value| whose mean is `TRUE`, both in standard deviations."""

_AT_ONCE = 4_000_000
"""Weights computed together, so that memory stays small."""


def calibration(labels: np.ndarray, probabilities: np.ndarray, *, seed: int = 0) -> dict | None:
    """Return how far confidences are from accuracy.

    The expected calibration error is the mean distance between confidence (the highest
    probability) and accuracy over bins with the same number of images (Naeini et al. 2015;
    equal-mass bins after Nixon et al. 2019). Chance alone makes it positive, because noise in a
    bin's accuracy lengthens distances. Each distance is therefore replaced by the true one whose
    observed length, with normal noise, would be this long on average (after Kumar et al. 2019).
    This does not remove all of chance, so the rest is simulated for a perfectly calibrated
    model and reported alongside.

    Args:
        labels: int64 `(n,)`.
        probabilities: float `(n, k)`, rows sum to 1.
        seed: For the simulation and the bootstrap.

    Returns:
        Estimates `ece` (corrected; its interval is 1.96 bootstrap deviations, and starts at 0
        where chance alone could explain the error), `nll` (nats) and `brier` (summed over labels, 0
        to 2); `ece_raw`; `ece_if_calibrated` (mean and 95 % quantile of `ece` for a perfectly
        calibrated model with these confidences on the same number of images); mean
        `confidence` and `accuracy`; `bins` for a reliability diagram and `abstain` for accuracy
        against coverage. None without images.
    """
    n = len(labels)
    if n == 0:
        return None
    confidence, correct = _confidence(labels, probabilities)
    order = np.argsort(confidence, kind="stable")
    confidence, correct = confidence[order], correct[order]
    edges = np.linspace(0, n, min(BINS, n) + 1).round().astype(int)
    corrected, raw = _errors(confidence, correct, np.ones((1, n)), edges)
    half = 1.96 * _resampled(confidence, correct, edges, seed).std()
    null = _if_calibrated(confidence, edges, seed)
    by_chance = float(np.quantile(null, 0.95))
    # If chance alone can explain the error, the true error may be 0.
    low = 0.0 if corrected[0] <= by_chance else max(float(corrected[0] - half), 0.0)
    nll, brier = losses(labels, probabilities)
    drawn = bootstrap(lambda w: w @ np.stack([nll, brier], axis=1) / n, n, seed=seed)
    return {
        "n": n,
        "ece": Estimate(corrected[0], low, min(float(corrected[0] + half), 1.0), n),
        "ece_raw": float(raw[0]),
        "ece_if_calibrated": {"mean": float(null.mean()), "quantile_95": by_chance},
        "nll": bootstrap_estimate(nll.mean(), drawn[:, 0], n),
        "brier": bootstrap_estimate(brier.mean(), drawn[:, 1], n),
        "confidence": float(confidence.mean()),
        "accuracy": float(correct.mean()),
        "bins": _bins(confidence, correct, edges),
        "abstain": abstain_curve(confidence, correct),
    }


def weighted_error(confidence: np.ndarray, correct: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the expected calibration error, corrected as in `calibration`, of weighted images.

    Args:
        confidence: float `(n,)`.
        correct: bool `(n,)`.
        weights: float `(draws, n)`, how often each image counts.

    Returns:
        float64 `(draws,)`.
    """
    order = np.argsort(confidence, kind="stable")
    edges = np.linspace(0, len(order), min(BINS, len(order)) + 1).round().astype(int)
    sure, hit = confidence[order].astype(np.float64), correct[order].astype(np.float64)
    parts = np.array_split(weights, max(1, weights.size // _AT_ONCE))
    return np.concatenate([_errors(sure, hit, part[:, order], edges)[0] for part in parts])


def losses(labels: np.ndarray, probabilities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each image's negative log-likelihood (nats) and Brier score, float64 `(n,)`."""
    probabilities = probabilities.astype(np.float64)
    own = probabilities[np.arange(len(labels)), labels]
    brier = (probabilities**2).sum(axis=1) - 2 * own + 1
    return -np.log(np.maximum(own, TINY)), brier


def abstain_curve(confidence: np.ndarray, correct: np.ndarray) -> list[dict]:
    """Return accuracy when the least confident images are left to a human.

    Images of the same confidence are kept or left together: `coverage` is larger then.

    Args:
        confidence: float `(n,)`.
        correct: bool or float `(n,)`, whether each image is predicted correctly.

    Returns:
        For each of `COVERAGES`: the share that is kept (`coverage`), the lowest confidence among
        them (`threshold`), their number (`n`), how many are `correct`, and their `accuracy`.
    """
    order = np.argsort(-confidence, kind="stable")
    correct, falling = np.cumsum(correct[order] > 0), -confidence[order]
    rows = []
    for coverage in COVERAGES:
        wanted = max(1, round(coverage * len(order)))
        kept = int(np.searchsorted(falling, falling[wanted - 1], side="right"))
        rows.append(
            {
                "coverage": coverage if kept == wanted else kept / len(order),
                "threshold": float(-falling[kept - 1]),
                "n": kept,
                "correct": int(correct[kept - 1]),
                "accuracy": proportion(int(correct[kept - 1]), kept),
            }
        )
    return rows


def _confidence(labels, probabilities) -> tuple[np.ndarray, np.ndarray]:
    confidence = probabilities.max(axis=1).astype(np.float64)
    return confidence, (probabilities.argmax(axis=1) == labels).astype(np.float64)


def _errors(confidence, correct, weights, edges) -> tuple[np.ndarray, np.ndarray]:
    """Return the corrected and the raw error of each weighting `(draws, n)` of sorted images."""
    starts = edges[:-1]
    n = np.add.reduceat(weights, starts, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracy = np.add.reduceat(weights * correct, starts, axis=1) / n
        gap = accuracy - np.add.reduceat(weights * confidence, starts, axis=1) / n
        deviation = np.sqrt(accuracy * (1 - accuracy) / np.maximum(n - 1, 1))
        real = np.interp(np.abs(gap) / deviation, SEEN, TRUE) * deviation
    real = np.where(deviation > 0, real, np.abs(gap))
    share = n / n.sum(axis=1, keepdims=True)
    return tuple((share * np.nan_to_num(values)).sum(axis=1) for values in (real, np.abs(gap)))


def _resampled(confidence, correct, edges, seed) -> np.ndarray:
    """Return the corrected error of resampled images, float64 `(draws,)`."""
    return bootstrap(
        lambda weights: _errors(confidence, correct, weights, edges)[0],
        len(confidence),
        draws=SIMULATIONS,
        seed=seed,
    )


def _if_calibrated(confidence: np.ndarray, edges: np.ndarray, seed: int) -> np.ndarray:
    """Simulate the corrected error of a model whose confidences equal its accuracy."""
    rng = np.random.default_rng(seed)
    once = np.ones((1, len(confidence)))
    return np.array(
        [
            _errors(confidence, rng.random(len(confidence)) < confidence, once, edges)[0][0]
            for _ in range(SIMULATIONS)
        ]
    )


def _bins(confidence, correct, edges) -> list[dict]:
    return [
        {
            "n": int(end - start),
            "confidence": float(confidence[start:end].mean()),
            "correct": int(correct[start:end].sum()),
            "accuracy": proportion(int(correct[start:end].sum()), int(end - start)),
        }
        for start, end in zip(edges[:-1], edges[1:], strict=True)
    ]
