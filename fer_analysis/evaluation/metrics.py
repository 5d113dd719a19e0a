"""The figures of an evaluation as plain dictionaries, for JSON, tables and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fer_analysis.evaluation.annotators import annotators
from fer_analysis.evaluation.calibration import calibration
from fer_analysis.evaluation.confusions import asymmetries
from fer_analysis.evaluation.temperature import calibrated
from fer_analysis.statistics.bootstrap import confusion_draws, percentile_interval
from fer_analysis.statistics.intervals import wilson
from fer_analysis.statistics.ranking import auroc, average_precision

if TYPE_CHECKING:
    from fer_analysis.evaluation.evaluation import Evaluation


def metrics(evaluation: Evaluation) -> dict:
    """Return every figure with its 95 % interval: shares of 1, None where one is undefined.

    Proportions (accuracy, top-2, recall, precision) have Wilson intervals; F1, macro-F1 and
    balanced accuracy the percentiles of a seeded bootstrap; AUROC and average precision those
    of `ranking`.

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
        "warnings": list(evaluation.warnings),
        "all": _figures(evaluation),
        "leak_free": None if leak_free is None else _figures(leak_free),
    }


def _figures(evaluation: Evaluation) -> dict:
    n, draws = len(evaluation), _Draws(evaluation)
    top_2 = evaluation.right_within(2)
    labels = [
        _label_figures(evaluation, label, draws) for label in range(len(evaluation.label_names))
    ]
    return {
        "n": n,
        "accuracy": _proportion(int(evaluation.correct.sum()), n),
        "top_2": _proportion(int(top_2.sum()), n),
        "macro_f1": _number(evaluation.macro_f1),
        "macro_f1_interval": _ends(draws.macro_f1),
        "balanced_accuracy": _number(evaluation.balanced_accuracy),
        "balanced_accuracy_interval": _ends(draws.balanced_accuracy),
        "labels": labels,
        "best": None if n == 0 else labels[evaluation.best],
        "worst": None if n == 0 else labels[evaluation.worst],
        "never_predicted": list(evaluation.never_predicted),
        "without_support": list(evaluation.without_support),
        "asymmetries": asymmetries(evaluation),
        "calibration": _calibration(evaluation),
        "annotators": annotators(evaluation),
    }


class _Draws:
    """F1, macro-F1 and balanced accuracy of resampled images."""

    def __init__(self, evaluation: Evaluation):
        confusions = confusion_draws(evaluation.confusion)
        correct = np.diagonal(confusions, axis1=1, axis2=2)
        support, predicted = confusions.sum(axis=2), confusions.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            f1 = 2 * correct / (support + predicted)
            recall = correct / support
        self.f1 = np.where(support > 0, f1, np.nan)
        self.macro_f1 = _row_means(self.f1)
        self.balanced_accuracy = _row_means(recall)


def _row_means(values: np.ndarray) -> np.ndarray:
    """Return the mean of each row's defined values; NaN where there is none."""
    defined = np.isfinite(values)
    count = defined.sum(axis=1)
    return np.where(
        count > 0, np.where(defined, values, 0).sum(axis=1) / np.maximum(count, 1), np.nan
    )


def _label_figures(evaluation: Evaluation, label: int, draws: _Draws) -> dict:
    support = int(evaluation.support[label])
    correct = int(evaluation.correct[label])
    predicted = int(evaluation.predicted_counts[label])
    scores, own = evaluation.probabilities[:, label], evaluation.labels == label
    area, area_ends = auroc(scores, own)
    precision, precision_ends = average_precision(scores, own)
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
        "f1_interval": _ends(draws.f1[:, label]) if support else None,
        "auroc": _number(area),
        "auroc_interval": _pair(area_ends),
        "average_precision": _number(precision),
        "average_precision_interval": _pair(precision_ends),
    }


def _calibration(evaluation: Evaluation) -> dict | None:
    """Return calibration as predicted and at the model's temperature."""
    if not len(evaluation):
        return None
    probabilities, temperature, origin = calibrated(evaluation)
    return {
        "as_predicted": calibration(evaluation.labels, evaluation.probabilities),
        "temperature": temperature,
        "temperature_from": origin,
        "at_temperature": calibration(evaluation.labels, probabilities),
    }


def _proportion(correct: int, n: int) -> dict:
    return {
        "value": correct / n if n else None,
        "interval": _interval(correct, n),
        "correct": correct,
        "n": n,
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _interval(successes: int, n: int) -> list[float] | None:
    return list(wilson(successes, n)) if n else None


def _ends(values: np.ndarray) -> list[float] | None:
    """Return a percentile interval; None where all resamples agree, which shows no certainty."""
    return (
        None
        if np.nanmin(values, initial=2) >= np.nanmax(values, initial=-1)
        else _pair(percentile_interval(values))
    )


def _pair(ends) -> list[float] | None:
    return None if np.isnan(ends[0]) else [float(end) for end in ends]
