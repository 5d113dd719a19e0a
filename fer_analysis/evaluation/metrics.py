"""The figures of an evaluation as plain dictionaries, for JSON, tables and pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fer_analysis.evaluation.intervals import wilson

if TYPE_CHECKING:
    from fer_analysis.evaluation.evaluation import Evaluation


def metrics(evaluation: Evaluation) -> dict:
    """Return every figure: shares of 1, None where one is undefined.

    Args:
        evaluation: The predictions.

    Returns:
        What was evaluated, and two blocks of the same figures: `all` for all images,
        `leak_free` for those that are not among the training images (None where that is
        unknown).
    """
    leak_free = evaluation.leak_free
    return {
        "split": evaluation.split,
        "protocol": evaluation.protocol,
        "comparable": evaluation.comparable,
        "n": len(evaluation),
        "label_names": list(evaluation.label_names),
        "notes": list(evaluation.notes),
        "all": _figures(evaluation),
        "leak_free": None if leak_free is None else _figures(leak_free),
    }


def _figures(evaluation: Evaluation) -> dict:
    correct, n = int(evaluation.correct.sum()), len(evaluation)
    labels = [_label_figures(evaluation, label) for label in range(len(evaluation.label_names))]
    return {
        "n": n,
        "accuracy": {
            "value": _number(evaluation.accuracy),
            "interval": _interval(correct, n),
            "correct": correct,
            "n": n,
        },
        "macro_f1": _number(evaluation.macro_f1),
        "balanced_accuracy": _number(evaluation.balanced_accuracy),
        "labels": labels,
        "best": None if n == 0 else labels[evaluation.best],
        "worst": None if n == 0 else labels[evaluation.worst],
        "never_predicted": list(evaluation.never_predicted),
        "without_support": list(evaluation.without_support),
    }


def _label_figures(evaluation: Evaluation, label: int) -> dict:
    support = int(evaluation.support[label])
    correct = int(evaluation.correct[label])
    predicted = int(evaluation.predicted_counts[label])
    return {
        "label": evaluation.label_names[label],
        "support": support,
        "correct": correct,
        "recall": _number(evaluation.recall[label]),
        "recall_interval": _interval(correct, support),
        "predicted": predicted,
        "precision": _number(evaluation.precision[label]),
        "precision_interval": _interval(correct, predicted),
        "f1": _number(evaluation.f1[label]),
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _interval(successes: int, n: int) -> list[float] | None:
    return list(wilson(successes, n)) if n else None
