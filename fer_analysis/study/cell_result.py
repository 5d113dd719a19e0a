"""What remains of a finished cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.study.cell_predictions import CellPredictions


@dataclass(frozen=True, eq=False)
class CellResult:
    """A finished cell: its facts, and either all probabilities or the predictions alone.

    Args:
        facts: Its name, seed, seconds, prior, fingerprints of its splits, and figures.
        file: The file of its probabilities; None where only its predictions were kept.
        kept: Its predictions by split, where only they were kept.
    """

    facts: dict
    file: Path | None = None
    kept: dict[str, CellPredictions] | None = None

    def probabilities(self) -> dict[str, np.ndarray]:
        """Return split -> probabilities, float32 `(n, k)`, rows scaled to sum to 1."""
        with np.load(self.file, allow_pickle=False) as file:
            raw = {name: file[name].astype(np.float32) for name in file.files}
        return {name: values / values.sum(axis=1, keepdims=True) for name, values in raw.items()}

    def predictions(self) -> dict[str, CellPredictions]:
        """Return split -> predictions."""
        if self.kept is not None:
            return self.kept
        prior = self.facts["prior"]
        return {
            name: CellPredictions.of(values, prior) for name, values in self.probabilities().items()
        }
