"""Errors by label pair: which labels are predicted as which, in one direction or both."""

from __future__ import annotations

import numpy as np

from fer_analysis.evaluation.calibration import losses
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.statistics.significance import holm, sign_test


def asymmetries(evaluation: Evaluation) -> list[dict]:
    """Test for each pair of labels whether errors run in one direction.

    If both directions were equally likely, the errors of a pair would be split like coin
    tosses, hence an exact binomial test, corrected by Holm's method for the number of pairs.
    With labels of unequal support it shows in which direction images move, not that the model
    is worse at one label; the shares of each label's images are given alongside the counts.

    Args:
        evaluation: The predictions.

    Returns:
        One row for each pair that is ever confused, the smallest p first: `true` is predicted
        as `predicted` `count` times (`share` of its images), the reverse `reverse` times
        (`reverse_share`), and `p`, corrected.
    """
    confusion, support = evaluation.confusion, evaluation.support
    names, rows = evaluation.label_names, []
    for a, b in np.argwhere(np.triu(confusion + confusion.T, 1)).tolist():
        true, predicted = (a, b) if confusion[a, b] >= confusion[b, a] else (b, a)
        count, reverse = int(confusion[true, predicted]), int(confusion[predicted, true])
        if count and support[true] and support[predicted]:  # otherwise one direction is impossible
            rows.append(
                {
                    "true": names[true],
                    "predicted": names[predicted],
                    "count": count,
                    "share": _share(count, support[true]),
                    "reverse": reverse,
                    "reverse_share": _share(reverse, support[predicted]),
                    "p": sign_test(count, reverse),
                }
            )
    for row, p in zip(rows, holm([row["p"] for row in rows]), strict=True):
        row["p"] = float(p)
    return sorted(rows, key=lambda row: (row["p"], -row["count"]))


def most_confused(evaluation: Evaluation, count: int = 3) -> list[tuple[int, int, int]]:
    """Return the most frequent errors as (true label, predicted label, images)."""
    errors = evaluation.confusion - np.diag(evaluation.correct)
    order = np.argsort(-errors, axis=None, kind="stable")[:count]
    pairs = zip(*np.unravel_index(order, errors.shape), strict=True)
    return [(int(t), int(p), int(errors[t, p])) for t, p in pairs if errors[t, p]]


def top_losses(evaluation: Evaluation, count: int = 20) -> list[dict]:
    """Return the images with the highest loss: the lowest probability of the label.

    Args:
        evaluation: The predictions.
        count: How many.

    Returns:
        `row` (position in the evaluation), `id`, `true`, `predicted`, the probabilities of
        both, `loss` (nats), `leaked` (None where unknown), and the annotators' `votes` as text
        where there are any. The highest loss comes first.
    """
    loss, _ = losses(evaluation.labels, evaluation.probabilities)
    names = evaluation.label_names
    rows = []
    for row in np.argsort(-loss, kind="stable")[:count].tolist():
        true, predicted = int(evaluation.labels[row]), int(evaluation.predicted[row])
        rows.append(
            {
                "row": row,
                "id": str(evaluation.ids[row]),
                "true": names[true],
                "predicted": names[predicted],
                "probability_of_true": float(evaluation.probabilities[row, true]),
                "probability_of_predicted": float(evaluation.probabilities[row, predicted]),
                "loss": float(loss[row]),
                "leaked": None if evaluation.leaked is None else bool(evaluation.leaked[row]),
                "votes": votes_as_text(evaluation, row),
            }
        )
    return rows


def votes_as_text(evaluation: Evaluation, row: int) -> str:
    """Return an image's votes as text, the most first (`sad 6, neutral 4`); empty without votes."""
    if evaluation.votes is None:
        return ""
    votes = evaluation.votes[row]
    order = np.argsort(-votes, kind="stable")
    return ", ".join(f"{evaluation.vote_names[i]} {votes[i]}" for i in order if votes[i])


def _share(count: int, n: int) -> float | None:
    return float(count / n) if n else None
