"""The annotators as a reference: what people said of the same faces.

They are a reference and not a ceiling: a network can agree with the data set's labels more often
than people do, since it learns the labels' own habits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.data.vote_shares import STRATA, modal_shares, stratum, vote_entropy, vote_shares
from fer_analysis.evaluation.calibration import TINY
from fer_analysis.statistics.intervals import wilson

if TYPE_CHECKING:
    from fer_analysis.evaluation.evaluation import Evaluation


def annotators(evaluation: Evaluation) -> dict | None:
    """Hold the annotators' votes beside the data set's labels and the model's predictions.

    Shares of votes count every option that annotators had, also those that are no label
    (contempt, unknown, no face). The modal annotator is the label with the most votes; where
    several have as many, each counts in part, so that no order of the columns decides. Images
    without a single vote for a label are left out, and counted.

    Args:
        evaluation: Predictions with votes.

    Returns:
        Figures, shares of 1 (entropies in bits, cross-entropies in nats), or None without
        votes.
    """
    if evaluation.votes is None or not len(evaluation):
        return None
    k = len(evaluation.label_names)
    voted = evaluation.votes[:, :k].sum(axis=1) > 0
    part = evaluation.take(voted)
    if not len(part):
        return None
    shares = vote_shares(part.votes)
    modal = modal_shares(part.votes[:, :k])
    own = np.arange(len(part)), part.labels
    right = part.predicted == part.labels
    among_labels = vote_shares(part.votes[:, :k])
    logs = np.log(np.maximum(part.probabilities.astype(np.float64), TINY))
    return {
        "n": len(part),
        "without_votes": int((~voted).sum()),
        "modal_agreement": _share(modal[own]),
        "random_agreement": float(shares[own].mean()),
        "model_accuracy": _share(right),
        "model_agrees_with_modal": _share(modal[np.arange(len(part)), part.predicted]),
        "cross_entropy": float(-(among_labels * logs).sum(axis=1).mean()),
        "vote_entropy": float(vote_entropy(among_labels).mean()),
        "labels": [_label(part, label, shares, modal) for label in range(k)],
        "strata": _strata(part, shares),
        "confusion": _rows(part, among_labels).tolist(),
        "differences": _differences(part, among_labels),
    }


def _share(values: np.ndarray) -> dict:
    """Return the mean of values of 0 to 1 with the Wilson interval of their (rounded) sum."""
    n, total = len(values), float(np.sum(values))
    interval = list(wilson(round(total), n)) if n else None
    return {"value": total / n if n else None, "interval": interval, "n": n}


def _label(part: Evaluation, label: int, shares: np.ndarray, modal: np.ndarray) -> dict:
    rows = part.labels == label
    entropy = vote_entropy(shares[rows]) / np.log(2)
    return {
        "label": part.label_names[label],
        "n": int(rows.sum()),
        "modal_recall": _share(modal[rows, label]),
        "model_recall": _share(part.predicted[rows] == label),
        "random_agreement": float(shares[rows, label].mean()) if rows.any() else None,
        "vote_entropy_bits": float(entropy.mean()) if rows.any() else None,
    }


def _strata(part: Evaluation, shares: np.ndarray) -> list[dict]:
    k = len(part.label_names)
    found = stratum(part.votes, part.labels, k)
    as_people = modal_shares(part.votes[:, :k])[np.arange(len(part)), part.predicted]
    right = part.predicted == part.labels
    return [
        {
            "stratum": name,
            "reading": reading,
            "n": int((found == index).sum()),
            "accuracy": _share(right[found == index]),
            "model_agrees_with_modal": _share(as_people[found == index]),
        }
        for index, (name, reading) in enumerate(STRATA.items())
    ]


def _rows(part: Evaluation, among_labels: np.ndarray) -> np.ndarray:
    """Return the annotators' confusion matrix: mean share of votes, rows are true labels."""
    k = len(part.label_names)
    sums = np.zeros((k, k))
    np.add.at(sums, part.labels, among_labels)
    return sums / np.maximum(part.support, 1)[:, None]


def _differences(part: Evaluation, among_labels: np.ndarray) -> list[dict]:
    """Return the cells in which the model's confusions and the annotators' differ most."""
    people = _rows(part, among_labels)
    model = np.nan_to_num(part.row_normalised_confusion)
    gap = np.where(part.support[:, None] > 0, model - people, 0)
    order = np.argsort(-np.abs(gap), axis=None, kind="stable")[:5]
    return [
        {
            "true": part.label_names[true],
            "predicted": part.label_names[predicted],
            "n": int(part.support[true]),
            "model": float(model[true, predicted]),
            "annotators": float(people[true, predicted]),
        }
        for true, predicted in zip(*np.unravel_index(order, gap.shape), strict=True)
        if gap[true, predicted]
    ]
