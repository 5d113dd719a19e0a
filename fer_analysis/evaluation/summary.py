"""The most important findings of an evaluation, as text."""

from __future__ import annotations

from fer_analysis.evaluation.confusions import asymmetries, most_confused
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.statistics.intervals import proportion, wilson
from fer_analysis.text import estimate, p_equals, percent

COLLAPSED = 0.95
"""A model that predicts one label for more than this share of the images has collapsed."""

FEW = 20
"""With fewer images, one label for all of them does not show a collapse."""

LEAK_GAIN = 0.05
"""A label whose recall is higher by more than this with leaked images is named."""


def summary_lines(evaluation: Evaluation) -> list[str]:
    """Return the main findings: warnings, collapse, notes, best and worst label, errors, leaks.

    Args:
        evaluation: The predictions.

    Returns:
        One line each, the most important first; shares in percent with 95 % intervals.
    """
    if len(evaluation) == 0:
        return [f"split '{evaluation.split}' has no images: nothing to report"]
    return [
        *(f"warning: {text}" for text in evaluation.warnings),
        *_collapse(evaluation),
        *_chance(evaluation),
        *_never_predicted(evaluation),
        *evaluation.notes,
        *_extremes(evaluation),
        *_confusions(evaluation),
        *_leaks(evaluation),
        *(
            f"{name}: no images in this split, left out of the averages"
            + _answered(evaluation, name)
            for name in evaluation.without_support
        ),
    ]


def _answered(evaluation: Evaluation, name: str) -> str:
    """Return how many images are predicted as a label that none of them has."""
    count = int(evaluation.predicted_counts[evaluation.label_names.index(name)])
    return f"; {count:,} of the predictions, all wrong" if count else ""


def collapsed_to(evaluation: Evaluation) -> int | None:
    """Return the label that nearly every image is predicted as; None if there is no such label.

    Not if nearly every image really has that label.
    """
    n, label = len(evaluation), int(evaluation.predicted_counts.argmax())
    if evaluation.predicted_counts[label] <= COLLAPSED * n or n < FEW:
        return None
    return None if evaluation.support[label] > COLLAPSED * n else label


def _collapse(evaluation: Evaluation) -> list[str]:
    label = collapsed_to(evaluation)
    if label is None:
        return []
    n, count = len(evaluation), int(evaluation.predicted_counts[label])
    what = "everything" if count == n else f"nearly everything ({count:,} of {n:,})"
    return [f"{what} is predicted as {evaluation.label_names[label]}: a collapsed model"]


def _chance(evaluation: Evaluation) -> list[str]:
    """Say that one label for every image would do as well, unless a collapse was told."""
    label = int(evaluation.support.argmax())
    share = evaluation.support[label] / len(evaluation)
    if share == 1 or evaluation.accuracy > share or collapsed_to(evaluation) is not None:
        return []
    name = evaluation.label_names[label]
    return [
        f"no better than chance: accuracy {percent(evaluation.accuracy)}; always predicting "
        f"{name} would give {percent(share)}"
    ]


def _never_predicted(evaluation: Evaluation) -> list[str]:
    absent = set(evaluation.never_predicted) - set(evaluation.without_support)
    if collapsed_to(evaluation) is not None:  # one list of them is enough
        names = ", ".join(name for name in evaluation.label_names if name in absent)
        return [f"never predicted: {names}"] if names else []
    return [
        f"{name} is never predicted: 0 of {n:,} correct "
        f"(95 % interval 0-{percent(wilson(0, n)[1])})"
        for name, n in zip(evaluation.label_names, evaluation.support.tolist(), strict=True)
        if name in absent
    ]


def _extremes(evaluation: Evaluation) -> list[str]:
    best, worst = (_recall(evaluation, label) for label in (evaluation.best, evaluation.worst))
    return [f"best: {best}; worst: {worst}"]


def _recall(evaluation: Evaluation, label: int) -> str:
    correct, n = int(evaluation.correct[label]), int(evaluation.support[label])
    return f"{evaluation.label_names[label]}, {estimate(proportion(correct, n))} of {n:,}"


def _confusions(evaluation: Evaluation) -> list[str]:
    if collapsed_to(evaluation) is not None:
        return []
    names, support = evaluation.label_names, evaluation.support
    errors = [
        f"{names[true]} predicted as {names[predicted]} {count:,} times of {support[true]:,}"
        for true, predicted, count in most_confused(evaluation, 3)
    ]
    one_direction = [row for row in asymmetries(evaluation) if row["p"] < 0.05][:3]
    return [
        *([f"most confused: {'; '.join(errors)}"] if errors else []),
        *(
            f"one direction: {row['true']} is predicted as {row['predicted']} {row['count']:,} "
            f"times ({percent(row['share'])} of its images), the reverse {row['reverse']:,} times "
            f"({p_equals(row['p'])}, corrected for all pairs)"
            for row in one_direction
        ),
    ]


def _leaks(evaluation: Evaluation) -> list[str]:
    leak_free = evaluation.leak_free
    if leak_free is None or len(leak_free) == len(evaluation):
        return []
    leaks = len(evaluation) - len(leak_free)
    text = f"{leaks:,} of {len(evaluation):,} images are also among the training images"
    if len(leak_free) == 0:
        return [f"{text}: no image is left to evaluate"]
    before, after = percent(evaluation.accuracy), percent(leak_free.accuracy)
    text += f": accuracy {before} with them, {after} without"
    gains = evaluation.recall - leak_free.recall
    gone = [
        f"{name}: all of its {evaluation.support[label]:,} images are among the training images; "
        "the leak-free averages leave it out"
        for label, name in enumerate(evaluation.label_names)
        if evaluation.support[label] and not leak_free.support[label]
    ]
    return [text, *gone] + [
        f"{name}: recall {percent(evaluation.recall[label])} of "
        f"{evaluation.support[label]:,}, but {percent(leak_free.recall[label])} of the "
        f"{leak_free.support[label]:,} leak-free images"
        for label, name in enumerate(evaluation.label_names)
        if gains[label] > LEAK_GAIN
    ]
