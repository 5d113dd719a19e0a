"""Temperature scaling: one number that calibrates confidences (Guo et al. 2017)."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.statistics.temperature_scaling import RANGE, as_logits, at_temperature

FOLDS = 5
LEAST = 2 * FOLDS
"""Fewest images that a temperature is fitted on."""

NOT_FITTED = "nothing (too few images)"
CROSS_FITTED = "cross-fitted (5 folds of this split)"
"""What a temperature was fitted on if no other split gives one."""


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the temperature that makes the labels most likely.

    Args:
        labels: int64 `(n,)`, n at least 1.
        probabilities: float `(n, k)`.
    """
    logits = as_logits(probabilities)
    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -float(scaled[rows, labels].mean())

    found = minimize_scalar(loss, bounds=np.log(RANGE), method="bounded")
    return float(np.exp(found.x))


def calibrated(evaluation: Evaluation) -> tuple[np.ndarray, float, str]:
    """Return an evaluation's probabilities at its temperature.

    Returns:
        Probabilities float64 `(n, k)`, the temperature (the mean over the folds where it is
        cross-fitted), and what it was fitted on.
    """
    if evaluation.temperature is not None:
        scaled = at_temperature(evaluation.probabilities, evaluation.temperature)
        return scaled, evaluation.temperature, evaluation.temperature_from
    fitted = cross_fitted(evaluation.labels, evaluation.probabilities)
    origin = CROSS_FITTED if len(evaluation) >= LEAST else NOT_FITTED
    return at_temperature(evaluation.probabilities, fitted), float(fitted.mean()), origin


def cross_fitted(labels: np.ndarray, probabilities: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Return a temperature for each image, fitted on the folds that it is not in.

    Args:
        labels: int64 `(n,)`.
        probabilities: float `(n, k)`.
        seed: Of the folds.

    Returns:
        float64 `(n,)`; 1 if there are too few images to fit it on.
    """
    n = len(labels)
    if n < LEAST:
        return np.ones(n)
    fold = np.random.default_rng(seed).permutation(n) % FOLDS
    result = np.empty(n)
    for held_out in range(FOLDS):
        rest = fold != held_out
        result[~rest] = fit_temperature(labels[rest], probabilities[rest])
    return result
