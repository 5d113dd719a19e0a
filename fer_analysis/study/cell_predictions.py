"""A cell's predictions: all that a diagnosis needs of them, three numbers an image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fer_analysis.evaluation.logit_adjustment import divided_out


@dataclass(frozen=True, eq=False)
class CellPredictions:
    """What one network predicts for n images.

    Args:
        predicted: Integers `(2, n)`, labels: as predicted, and prior-corrected.
        confidence: float32 `(n,)`, the probability of the predicted label.
    """

    predicted: np.ndarray
    confidence: np.ndarray

    @classmethod
    def of(cls, probabilities: np.ndarray, prior: Sequence[float]) -> CellPredictions:
        """Make them from probabilities, float32 `(n, k)`, and the prior of training, `(k,)`."""
        kinds = (probabilities, divided_out(probabilities, prior, 1.0))
        return cls(np.stack([kind.argmax(axis=1) for kind in kinds]), probabilities.max(axis=1))

    @classmethod
    def joined(cls, parts: Sequence[CellPredictions]) -> CellPredictions:
        """Return the predictions for the images of all parts, in order."""
        return cls(
            np.concatenate([part.predicted for part in parts], axis=1),
            np.concatenate([part.confidence for part in parts]),
        )

    @classmethod
    def none(cls) -> CellPredictions:
        """Return the predictions for no image."""
        return cls(np.zeros((2, 0), np.int64), np.zeros(0, np.float32))

    def only(self, kept: np.ndarray | slice) -> CellPredictions:
        """Return the predictions for some images alone: a mask, bool `(n,)`, or a slice."""
        return CellPredictions(self.predicted[:, kept], self.confidence[kept])
