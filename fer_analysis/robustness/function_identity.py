"""Which version of somebody's function is put to the test: told by its answers and its source."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fer_analysis.conditions import CONDITIONS

SPOILT = ("gaussian_noise", "motion_blur", "jpeg", "dark", "surgical_mask")
"""Conditions of the sample, at severity 5: a function may treat bad pictures alone otherwise."""

DECIMALS = 6
"""Of the answers that count."""

FEWER = 2
"""The same of a function that does not answer the same twice: rounding differs on some devices."""


def function_identity(
    name: str, module: str | None, predict: Callable[[np.ndarray], np.ndarray], sample: np.ndarray
) -> str:
    """Return a hash that changes when a function does.

    Args:
        name: What the function is called.
        module: The module that it is from; its source file counts, where there is one.
        predict: The function, from images, uint8 `(n, h, w, 1)`, to an array.
        sample: A few images, which it is shown as they are and spoilt.
    """
    digest = hashlib.blake2b(name.encode(), digest_size=8)
    digest.update(_source(module))
    digest.update(_answers(predict, _as_they_are_and_spoilt(sample)))
    return digest.hexdigest()


def _source(module: str | None) -> bytes:
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file).read_bytes() if file and Path(file).is_file() else b""


def _as_they_are_and_spoilt(sample: np.ndarray) -> np.ndarray:
    spoilt = [CONDITIONS[name](sample, severity=5, seed=0) for name in SPOILT]
    return np.concatenate([sample, *spoilt])


def _answers(predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> bytes:
    """Return answers, rounded as finely as they are the same when they are asked for twice."""
    first, second = predict(images), predict(images)
    same = np.array_equal(first, second, equal_nan=True)
    return (np.round(first, DECIMALS if same else FEWER) + 0.0).tobytes()
