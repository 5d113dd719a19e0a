"""What a cell predicts correctly, counted by label and stratum, as it is and in resamples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Tallies:
    """Correct predictions and images of each label in each stratum; row 0 as is, then resamples.

    Args:
        correct: `(2, 1 + DRAWS, strata, k)`: plain, corrected.
        total: `(1 + DRAWS, strata, k)`.
        confusion: `(2, 1 + DRAWS, k, k)`, rows are true labels.
    """

    correct: np.ndarray
    total: np.ndarray
    confusion: np.ndarray

    def recall(self, kind: int, strata: Sequence[int] | None = None) -> np.ndarray:
        """Return recalls, float64 `(1 + DRAWS, k)`; NaN where there are no images.

        Args:
            kind: `PLAIN` or `CORRECTED`.
            strata: Only of images in these strata.
        """
        rows = slice(None) if strata is None else list(strata)
        return ratio(self.correct[kind][:, rows].sum(axis=1), self.total[:, rows].sum(axis=1))

    def precision(self, kind: int) -> np.ndarray:
        """Return the precision of each label, `(1 + DRAWS, k)`; NaN where it is never predicted.

        Args:
            kind: `PLAIN` or `CORRECTED`.
        """
        confusion = self.confusion[kind]
        return ratio(np.einsum("dkk->dk", confusion), confusion.sum(axis=1))

    def informedness(self, kind: int) -> np.ndarray:
        """Return recall minus false alarm rate (Youden 1950) of each label, `(1 + DRAWS, k)`.

        Args:
            kind: `PLAIN` or `CORRECTED`.
        """
        confusion = self.confusion[kind]
        correct, own = np.einsum("dkk->dk", confusion), confusion.sum(axis=2)
        alarms, others = confusion.sum(axis=1) - correct, own.sum(axis=1, keepdims=True) - own
        return ratio(correct, own) - ratio(alarms, others)

    def share(self, strata: Sequence[int]) -> np.ndarray:
        """Return the share of each label's images that is in some strata, `(1 + DRAWS, k)`."""
        return ratio(self.total[:, list(strata)].sum(axis=1), self.total.sum(axis=1))

    @property
    def n(self) -> np.ndarray:
        """Number of different images of each label, int64 `(k,)`."""
        return np.rint(self.total[0].sum(axis=0)).astype(int)


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return `part / whole`, of the same shape; NaN where there is nothing."""
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)
