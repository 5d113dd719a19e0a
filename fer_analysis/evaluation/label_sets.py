"""Label sets that hold the true label as often as promised: split conformal prediction.

By numpy alone: `fer predict` uses it, and scipy takes longer to import than a prediction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

COVERAGE = 0.9
"""How often a set should hold the true label."""


def fit_label_sets(
    labels: np.ndarray,
    probabilities: np.ndarray,
    label_names: Sequence[str],
    *,
    coverage: float = COVERAGE,
) -> dict:
    """Return the probabilities from which a label belongs to a face's set.

    Split conformal prediction (Vovk et al. 2005) with the score 1 - p(true label), which gives the
    smallest sets on average (Sadinle et al. 2019, "Least ambiguous set-valued classifiers with
    bounded error levels"). One threshold for all labels holds the true label of `coverage` of
    all faces; one for each label (Mondrian, class-conditional) holds it for `coverage` of the
    faces of every true label, at the cost of larger sets. Both are exact for any network and any
    n, on average over calibration images, for faces like these.

    Args:
        labels: int64 `(n,)`, of images that had no part in training.
        probabilities: float `(n, k)`, calibrated.
        label_names: The k labels.
        coverage: A share of 1.

    Returns:
        `coverage`, `n`, `least` (for all labels), and under `labels` a row each with `label`, `n`
        and `least`; 0 where there are too few images: the label is in every set.
    """
    own = probabilities[np.arange(len(labels)), labels]
    rows = [
        {
            "label": str(name),
            "n": int((labels == label).sum()),
            "least": _least(own[labels == label], coverage),
        }
        for label, name in enumerate(label_names)
    ]
    return {"coverage": coverage, "n": len(own), "least": _least(own, coverage), "labels": rows}


def label_sets(probabilities: np.ndarray, fitted: dict, *, by_label: bool) -> np.ndarray:
    """Return which labels are in each face's set, bool `(n, k)`; the most probable always is.

    Args:
        probabilities: float `(n, k)`, as those that were fitted on.
        fitted: What `fit_label_sets` returned.
        by_label: Whether each label has its own threshold.
    """
    least = [row["least"] for row in fitted["labels"]] if by_label else fitted["least"]
    chosen = probabilities >= np.asarray(least)
    chosen[np.arange(len(chosen)), probabilities.argmax(axis=1)] = True
    return chosen


def _least(own: np.ndarray, coverage: float) -> float:
    """Return the ceil((n + 1) coverage)-th highest of the true labels' probabilities."""
    rank = math.ceil((len(own) + 1) * coverage)
    return float(np.sort(own)[::-1][rank - 1]) if rank <= len(own) else 0.0
