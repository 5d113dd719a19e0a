"""The annotators as a reference: how people labelled the same faces.

They are a reference, not a ceiling: a network can agree with the data set's labels more often than
people do, because it learns the systematic choices of those who labelled the data.
"""

from __future__ import annotations

import numpy as np

from fer_analysis.data.vote_labels import BY_VOTES
from fer_analysis.data.vote_shares import STRATA, modal_shares, stratum, vote_entropy, vote_shares
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.intervals import proportion
from fer_analysis.statistics.temperature_scaling import TINY


def annotators(evaluation: Evaluation) -> dict | None:
    """Compare the annotators' votes with the data set's labels and the model's predictions.

    Shares of votes count every option that annotators had, including those that are no label
    (contempt, unknown, no face). The modal annotator is the label with the most votes; where
    several labels tie, each counts as a fraction, so that the order of the columns does not matter.
    Images without a single vote for a label are left out, and counted.

    Args:
        evaluation: Predictions with votes.

    Returns:
        Figures: estimates and shares of 1, entropies in nats (those named `_bits` in bits); None
        without votes, or where the labels are these votes' own: they agree by construction.
    """
    if evaluation.votes is None or not len(evaluation) or BY_VOTES in evaluation.protocol:
        return None
    k = len(evaluation.label_names)
    voted = evaluation.votes[:, :k].sum(axis=1) > 0
    part = evaluation.take(voted)
    if not len(part):
        return None
    shares = vote_shares(part.votes)
    modal = modal_shares(part.votes[:, :k])
    own = np.arange(len(part)), part.labels
    correct = part.predicted == part.labels
    among_labels = vote_shares(part.votes[:, :k])
    logs = np.log(np.maximum(part.probabilities.astype(np.float64), TINY))
    return {
        "n": len(part),
        "without_votes": int((~voted).sum()),
        "modal_agreement": _mean(modal[own]),
        "random_agreement": float(shares[own].mean()),
        "model_accuracy": _mean(correct),
        "model_agrees_with_modal": _mean(modal[np.arange(len(part)), part.predicted]),
        "cross_entropy": float(-(among_labels * logs).sum(axis=1).mean()),
        "vote_entropy": float(vote_entropy(among_labels).mean()),
        "labels": [_label(part, label, shares, modal) for label in range(k)],
        "strata": _strata(part, shares),
        "confusion": _rows(part, among_labels).tolist(),
        "differences": _differences(part, among_labels),
    }


def _mean(values: np.ndarray) -> Estimate:
    """Return the mean of values of 0 to 1, with the Wilson interval of their rounded sum."""
    return proportion(float(np.sum(values)), len(values))


def _label(part: Evaluation, label: int, shares: np.ndarray, modal: np.ndarray) -> dict:
    rows = part.labels == label
    entropy = vote_entropy(shares[rows]) / np.log(2)
    return {
        "label": part.label_names[label],
        "n": int(rows.sum()),
        "modal_recall": _mean(modal[rows, label]),
        "model_recall": _mean(part.predicted[rows] == label),
        "random_agreement": float(shares[rows, label].mean()) if rows.any() else None,
        "vote_entropy_bits": float(entropy.mean()) if rows.any() else None,
    }


def _strata(part: Evaluation, shares: np.ndarray) -> list[dict]:
    k = len(part.label_names)
    found = stratum(part.votes, part.labels, k)
    as_people = modal_shares(part.votes[:, :k])[np.arange(len(part)), part.predicted]
    correct = part.predicted == part.labels
    return [
        {
            "stratum": name,
            "reading": reading,
            "n": int((found == index).sum()),
            "accuracy": _mean(correct[found == index]),
            "model_agrees_with_modal": _mean(as_people[found == index]),
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
