"""The figures of an evaluation, each with its interval, for tables, pictures and JSON."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np

from fer_analysis.evaluation.annotators import annotators
from fer_analysis.evaluation.calibration import calibration
from fer_analysis.evaluation.confusions import asymmetries
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.temperature import calibrated
from fer_analysis.files import read_json, write_json
from fer_analysis.statistics.bootstrap import bootstrap_estimate, confusion_draws
from fer_analysis.statistics.estimate import Estimate, from_json, to_json
from fer_analysis.statistics.intervals import proportion
from fer_analysis.statistics.ranking import auroc, average_precision

FILE, FORMAT = "metrics.json", 3
"""Where figures are saved, and the number of their format: raised when the format changes."""

_KNOWN: WeakKeyDictionary[Evaluation, dict] = WeakKeyDictionary()


def metrics(evaluation: Evaluation) -> dict:
    """Return every figure of an evaluation.

    Figures with an interval are `Estimate`s with 95 % intervals, shares of 1. Proportions
    (accuracy, top-2, recall, precision) have Wilson intervals; F1, macro-F1 and balanced accuracy
    the percentiles of a seeded bootstrap; AUROC and average precision those of
    `fer_analysis.statistics.ranking`.

    Args:
        evaluation: The predictions. They are never changed, so figures are computed once.

    Returns:
        What was evaluated, and two blocks of the same figures: `all` for all images,
        `leak_free` for those that are not among the training images (None where that is
        unknown).
    """
    if evaluation not in _KNOWN:
        leak_free = evaluation.leak_free
        _KNOWN[evaluation] = {
            "format": FORMAT,
            "split": evaluation.split,
            "protocol": evaluation.protocol,
            "comparable": evaluation.comparable,
            "n": len(evaluation),
            "label_names": list(evaluation.label_names),
            "notes": list(evaluation.notes),
            "warnings": list(evaluation.warnings),
            "face_lists": list(evaluation.face_lists),
            "all": _figures(evaluation),
            "leak_free": None if leak_free is None else _figures(leak_free),
        }
    return _KNOWN[evaluation]


def clean_block(evaluation: Evaluation) -> tuple[Evaluation, dict, str]:
    """Return the images that a model is judged by, their figures, and their name.

    These are the images that the model was not trained on, if they are known and there are any;
    otherwise all images.
    """
    found, leak_free = metrics(evaluation), evaluation.leak_free
    if leak_free is not None and 0 < len(leak_free) < len(evaluation):
        return leak_free, found["leak_free"], "leak-free images"
    return evaluation, found["all"], "all images"


def save_metrics(evaluation: Evaluation, folder: str | Path) -> None:
    """Write the figures of an evaluation to its folder, as JSON."""
    write_json(Path(folder) / FILE, to_json(metrics(evaluation)))


def load_metrics(folder: str | Path) -> dict | None:
    """Read what `save_metrics` wrote; None if it is missing, damaged or of another format."""
    found = read_json(Path(folder) / FILE)
    return from_json(found) if found and found.get("format") == FORMAT else None


def _figures(evaluation: Evaluation) -> dict:
    n, draws = len(evaluation), _Draws(evaluation)
    correct = int(evaluation.correct.sum())
    labels = [
        _label_figures(evaluation, label, draws) for label in range(len(evaluation.label_names))
    ]
    return {
        "n": n,
        "correct": correct,
        "accuracy": replace(proportion(correct, n), correct=correct),
        "top_2": proportion(int(evaluation.correct_within(2).sum()), n),
        "macro_f1": _resampled(evaluation.macro_f1, draws.macro_f1, n),
        "balanced_accuracy": _resampled(evaluation.balanced_accuracy, draws.balanced_accuracy, n),
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
        correct, support, predicted = confusion_draws(evaluation.confusion)
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
    f1 = evaluation.f1[label]
    return {
        "label": evaluation.label_names[label],
        "support": support,
        "correct": correct,
        "recall": replace(proportion(correct, support), correct=correct),
        "predicted": predicted,
        "precision": proportion(correct, predicted),
        "f1": _resampled(f1, draws.f1[:, label], support) if support else Estimate(None, n=0),
        "auroc": auroc(scores, own),
        "average_precision": average_precision(scores, own),
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


def _resampled(value: float, draws: np.ndarray, n: int) -> Estimate:
    """Return an estimate; without an interval if all resamples agree, which shows no certainty."""
    if np.nanmin(draws, initial=2) >= np.nanmax(draws, initial=-1):
        return Estimate(value, n=n)
    return bootstrap_estimate(value, draws, n)
