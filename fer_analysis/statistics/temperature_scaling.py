"""Probabilities at a temperature (Guo et al. 2017), by numpy alone: scipy takes long to import."""

from __future__ import annotations

import numpy as np

RANGE = (0.05, 20.0)
"""Temperatures that are searched: below 1 sharpens, above 1 softens."""

TINY = 1e-12
"""Probabilities are raised to this before a logarithm: one certain error is not infinite."""


def at_temperature(probabilities: np.ndarray, temperature: float | np.ndarray) -> np.ndarray:
    """Return the probabilities at a temperature, float64 `(n, k)`; the order never changes.

    Args:
        probabilities: float `(n, k)`.
        temperature: One for all images, or `(n,)`.
    """
    scaled = as_logits(probabilities) / np.asarray(temperature, dtype=float).reshape(-1, 1)
    shares = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def as_logits(probabilities: np.ndarray) -> np.ndarray:
    """Return logits of the same softmax, float64 `(n, k)`."""
    return np.log(np.maximum(probabilities.astype(np.float64), TINY))
