"""Image quality as a cause: a label fails because its pictures are worse than those of others."""

from __future__ import annotations

import numpy as np

from fer_analysis.study.cell_roles import Roles
from fer_analysis.study.effects import median_of_others
from fer_analysis.study.resampling import CORRECTED, StudyEvidence

FEWEST = 20
"""Usual pictures of a label below which nothing is known of them."""


def lost_to_poor_pictures(evidence: StudyEvidence, roles: Roles) -> np.ndarray:
    """Return what poor pictures cost each label more than other labels, `(draws, k)`.

    The recall on a label's usual pictures minus that on all of its pictures, and minus the median
    of the same of the other labels: pictures that are spoilt for all labels alike are no cause of
    one label's failure. Predictions are prior-corrected.

    Args:
        evidence: With pictures.
        roles: Of its cells.
    """
    k = len(evidence.label_names)
    cells = evidence.cells[roles.subject]
    total, correct, usual, correct_usual, most = 0, 0, 0, 0, np.zeros(k)
    for seed, weights in evidence.weights(tuple(cells)):
        images = evidence.images[seed]
        own = np.eye(k, dtype=np.float32)[images.labels]
        hit = (cells[seed].predictions.predicted[CORRECTED] == images.labels)[:, None]
        good = ~images.poor[:, None]
        total = total + weights @ own
        correct = correct + weights @ (own * hit)
        usual = usual + weights @ (own * good)
        correct_usual = correct_usual + weights @ (own * (hit & good))
        most = np.maximum(most, (own * good).sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        lost = correct_usual / usual - correct / total
    lost[:, most < FEWEST] = np.nan
    return lost - median_of_others(lost)
