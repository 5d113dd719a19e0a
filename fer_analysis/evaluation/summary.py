"""The loud findings of an evaluation in plain words."""

from __future__ import annotations

from fer_analysis.evaluation.confusions import asymmetries
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.statistics.intervals import wilson

COLLAPSED = 0.95
"""A model that gives one label to more than this share of the images has collapsed."""

FEW = 20
"""On fewer images one label for all of them is no sign of collapse."""

LEAK_GAIN = 0.05
"""A label whose recall owes more than this to leaked images is named."""


def sentences(evaluation: Evaluation) -> list[str]:
    """Say what matters most: warnings, collapse, labels never predicted, notes, extremes, errors.

    Args:
        evaluation: The predictions.

    Returns:
        One sentence each, the loudest first; shares in percent with 95 % intervals.
    """
    if len(evaluation) == 0:
        return [f"split '{evaluation.split}' has no images: there is nothing to say"]
    return [
        *(f"warning: {text}" for text in evaluation.warnings),
        *_collapse(evaluation),
        *_never_predicted(evaluation),
        *evaluation.notes,
        *_extremes(evaluation),
        *_confusions(evaluation),
        *_leaks(evaluation),
        *(
            f"{name}: no images in this split, left out of the averages"
            for name in evaluation.without_support
        ),
    ]


def collapsed_to(evaluation: Evaluation) -> int | None:
    """Return the label that nearly every image is given, None if there is no such label.

    A label that nearly every image really has is no sign of collapse.
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
    return [f"{what} is called {evaluation.label_names[label]}: a collapsed model"]


def _never_predicted(evaluation: Evaluation) -> list[str]:
    absent = set(evaluation.never_predicted) - set(evaluation.without_support)
    if collapsed_to(evaluation) is not None:  # then the list says it all
        names = ", ".join(name for name in evaluation.label_names if name in absent)
        return [f"never predicted: {names}"] if names else []
    return [
        f"{name} is never predicted: 0 of {n:,} right "
        f"(95 % interval 0-{_percent(wilson(0, n)[1])} %)"
        for name, n in zip(evaluation.label_names, evaluation.support.tolist(), strict=True)
        if name in absent
    ]


def _extremes(evaluation: Evaluation) -> list[str]:
    best, worst = (_recall(evaluation, label) for label in (evaluation.best, evaluation.worst))
    return [f"best: {best}; worst: {worst}"]


def _recall(evaluation: Evaluation, label: int) -> str:
    correct, n = int(evaluation.correct[label]), int(evaluation.support[label])
    low, high = (_percent(end) for end in wilson(correct, n))
    return f"{evaluation.label_names[label]}, {_percent(correct / n)} % of {n:,} [{low}, {high}]"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _confusions(evaluation: Evaluation) -> list[str]:
    if collapsed_to(evaluation) is not None:
        return []
    names, support = evaluation.label_names, evaluation.support
    told = [
        f"{names[true]} taken for {names[predicted]} {count:,} times of {support[true]:,}"
        for true, predicted, count in evaluation.most_confused(3)
    ]
    one_way = [row for row in asymmetries(evaluation) if row["p"] < 0.05][:3]
    return [
        *([f"most confused: {'; '.join(told)}"] if told else []),
        *(
            f"one way: {row['true']} is taken for {row['predicted']} {row['count']:,} times "
            f"({_percent(row['share'])} % of it), the reverse {row['reverse']:,} times "
            f"(p {_p(row['p'])}, corrected for all pairs)"
            for row in one_way
        ),
    ]


def _p(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"= {value:.2g}"


def _leaks(evaluation: Evaluation) -> list[str]:
    leak_free = evaluation.leak_free
    if leak_free is None or len(leak_free) == len(evaluation):
        return []
    leaks = len(evaluation) - len(leak_free)
    told = f"{leaks:,} of {len(evaluation):,} images stand in the training images too"
    if len(leak_free) == 0:
        return [f"{told}: nothing is left to judge the model by"]
    before, after = _percent(evaluation.accuracy), _percent(leak_free.accuracy)
    told += f": accuracy {before} % with them, {after} % without"
    gains = evaluation.recall - leak_free.recall
    gone = [
        f"{name}: all of its {evaluation.support[label]:,} images stand in the training images; "
        "the leak-free averages are without it"
        for label, name in enumerate(evaluation.label_names)
        if evaluation.support[label] and not leak_free.support[label]
    ]
    return [told, *gone] + [
        f"{name}: recall {_percent(evaluation.recall[label])} % of "
        f"{evaluation.support[label]:,}, but {_percent(leak_free.recall[label])} % of the "
        f"{leak_free.support[label]:,} leak-free images"
        for label, name in enumerate(evaluation.label_names)
        if gains[label] > LEAK_GAIN
    ]
