"""Whether a label that is never predicted can still be separated from the others: no training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.logit_adjustment import adjust
from fer_analysis.statistics.bootstrap import bootstrap, bootstrap_estimate
from fer_analysis.statistics.ranking import auroc

TAUS = (0.0, 0.5, 1.0, 1.5, 2.0)
"""Strengths of the logit adjustment; all are reported, none is chosen."""
NEIGHBOURS = 10
BLOCK = 512
"""Images whose angles to all others are held at once."""


def separability(
    evaluation: Evaluation, prior: Sequence[float], features: np.ndarray | None = None
) -> list[dict]:
    """Return for each label how well its probabilities and features separate it.

    Args:
        evaluation: Predictions.
        prior: `(k,)`, how frequent the labels were in training.
        features: float `(n, d)`, the input of the last layer; None if unknown.

    Returns:
        For each label `label`, `n`, `auroc` (its probability: its images against all others),
        `rank` (mean place of the label among the probabilities of its own images, 1 is first),
        `recall_at` (tau -> recall after `adjust`), and, with features, `purity`: see `purity`.
        None where a label has no images.
    """
    recalls = {tau: adjust(evaluation, prior, tau).recall for tau in TAUS}
    order = (-evaluation.probabilities).argsort(axis=1, kind="stable").argsort(axis=1)
    near = purity(features, evaluation.labels) if features is not None else {}
    rows = []
    for label, name in enumerate(evaluation.label_names):
        own = evaluation.labels == label
        area = auroc(evaluation.probabilities[:, label], own)
        rows.append(
            {
                "label": name,
                "n": int(own.sum()),
                "auroc": area,
                "rank": float(order[own, label].mean() + 1) if own.any() else None,
                "recall_at": {f"{t:g}": float(recalls[t][label]) for t in TAUS}
                if own.any()
                else None,
                "purity": near.get(label),
            }
        )
    return rows


def purity(features: np.ndarray, labels: np.ndarray, k: int = NEIGHBOURS) -> dict[int, dict]:
    """Return how often an image's nearest neighbours have its label, compared with chance.

    Neighbours are other images of the same set, by the angle between their features (Cover &
    Hart 1967, with cosine distance). A rare label has few neighbours of its own: chance, its
    share of the other images, is the expected share for features without any information.

    Args:
        features: float `(n, d)`.
        labels: int64 `(n,)`.
        k: Neighbours of each image.

    Returns:
        For each label with two images or more: `neighbours` (an estimate; percentile
        bootstrap over its images) and `chance`.
    """
    n = len(labels)
    k = min(k, n - 1)
    if k < 1:
        return {}
    near = _nearest(features, k)
    share = (labels[near] == labels[:, None]).mean(axis=1)
    purities = {}
    for label in np.unique(labels):
        own = share[labels == label]
        if len(own) > 1:
            means = bootstrap(lambda weights, own=own: weights @ own / len(own), len(own))
            purities[int(label)] = {
                "neighbours": bootstrap_estimate(own.mean(), means, len(own)),
                "chance": float((len(own) - 1) / (n - 1)),
            }
    return purities


def _nearest(features: np.ndarray, k: int) -> np.ndarray:
    """Return the k images nearest to each by the angle, itself left out, int64 `(n, k)`."""
    features = np.asarray(features, dtype=np.float32)
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / np.where(lengths > 0, lengths, 1)
    near = []
    for start in range(0, len(unit), BLOCK):
        cosines = unit[start : start + BLOCK] @ unit.T
        rows = np.arange(len(cosines))
        cosines[rows, start + rows] = -np.inf
        near.append(np.argpartition(-cosines, k - 1, axis=1)[:, :k])
    return np.concatenate(near)
