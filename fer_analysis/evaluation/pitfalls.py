"""Guards against figures that mean less than they seem to, each with its evidence."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.stats import fisher_exact

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.statistics.significance import sign_test
from fer_analysis.text import percent

SELECTED_ON = 0.2
"""A split of which more than this share chose the model was selected on."""

BATCH_TOLERANCE = 1e-3
"""A probability that moves by more with its batch does not belong to the image alone."""

COPIES, LEAKED = 1.5, 0.5
"""A label was copied before the split where its training images stand this often on average,
and this share of its images in the split stands in training too."""

SURE = 0.001
REORDERED = 0.1
"""Accuracy that another order of the labels must add to be believed."""


def selected_on(chosen: np.ndarray | None, split: str) -> tuple[list[str], list[str]]:
    """Say where the figures are of images that chose the model.

    Args:
        chosen: bool `(n,)`, images by which the epoch was chosen; None where unknown.
        split: The split's name.

    Returns:
        Notes (the mark) and warnings (only where the split is called a test).
    """
    if chosen is None or not len(chosen) or chosen.mean() <= SELECTED_ON:
        return [], []
    mark = "selected on this split: its images chose the epoch that is scored, which flatters it"
    if split != "test":
        return [mark], []
    count = f"{int(chosen.sum()):,} of {len(chosen):,}"
    return [mark], [
        f"this is no test: {count} of its images were the validation images that chose the "
        "epoch; a test needs images that no choice has seen"
    ]


def better_than_validation(test: Evaluation, validation: Evaluation) -> list[str]:
    """Warn where a test is passed better than validation by more than chance (Fisher's test)."""
    right = [int(e.correct.sum()) for e in (test, validation)]
    wrong = [len(e) - r for e, r in zip((test, validation), right, strict=True)]
    p = float(fisher_exact([right, wrong], alternative="two-sided").pvalue)
    if test.accuracy <= validation.accuracy or p >= SURE:
        return []
    return [
        f"{test.split} accuracy {percent(test.accuracy)} of {len(test):,} is better than "
        f"validation, {percent(validation.accuracy)} of {len(validation):,}, by more than "
        f"chance (p = {p:.1g}): is this split easier, was it trained on, or chosen on?"
    ]


def batch_dependence(predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> list[str]:
    """Warn where an image's probabilities change with the images predicted beside it.

    Args:
        predict: Images in, probabilities out.
        images: uint8 `(n, h, w, 1)`; a few are predicted one by one and all together.
    """
    few = images[:8]
    if len(few) < 2:
        return []
    together = predict(few)
    alone = np.concatenate([predict(few[row : row + 1]) for row in range(len(few))])
    moved = float(np.abs(together - alone).max())
    if moved <= BATCH_TOLERANCE:
        return []
    return [
        f"predictions depend on the batch: a probability of one image moves by {moved:.2f} when "
        "it is predicted alone; does a layer (batch normalisation, say) run in training mode?"
    ]


def oversampled_before_split(dataset: FaceDataset, split: str) -> list[str]:
    """Warn where a label's images were copied before they were divided among the splits.

    Args:
        dataset: The whole data set.
        split: The split that is scored.
    """
    if split == "train" or not dataset.has("train"):
        return []
    train, part = dataset.part("train"), dataset.part(split)
    train_hashes, hashes = train.pixel_hashes(), part.pixel_hashes()
    told = []
    for label, name in enumerate(dataset.label_names):
        copies, own = train_hashes[train.labels == label], hashes[part.labels == label]
        if len(own) < 5 or not len(copies):
            continue
        each, leaked = len(copies) / len(np.unique(copies)), np.isin(own, copies)
        if each >= COPIES and leaked.mean() >= LEAKED:
            told.append(
                f"{name} was oversampled before the split: each training image of it stands "
                f"{each:.1f} times on average, and {int(leaked.sum())} of its {len(own)} images "
                f"in {split} are copies of training images; its figures are memory"
            )
    return told


def label_order(evaluation: Evaluation) -> list[str]:
    """Warn where the predictions fit the labels much better in another order.

    The best order is the assignment of predicted to true labels with the most matches (Kuhn
    1955); it is told where it adds 10 points, the images that it wins outnumber those that it
    loses beyond chance, and it beats the best order of guesses by 10 points.
    """
    confusion, n = evaluation.confusion, len(evaluation)
    true, predicted = linear_sum_assignment(confusion, maximize=True)
    moved = [(t, p) for t, p in zip(true, predicted, strict=True) if t != p]
    won = sum(int(confusion[t, p]) for t, p in moved)
    lost = sum(int(confusion[t, t]) for t, _ in moved)
    if not n or won - lost <= REORDERED * n or sign_test(won, lost) >= SURE:
        return []
    # A model that guesses fits some order best as well: what labels and guesses drawn apart
    # would match in their best order must be beaten too.
    apart = np.outer(evaluation.support, evaluation.predicted_counts) / n
    by_guessing = apart[linear_sum_assignment(apart, maximize=True)].sum()
    if evaluation.correct.sum() + won - lost <= by_guessing + REORDERED * n:
        return []
    names = evaluation.label_names
    told = [(t, p) for t, p in moved if confusion[t, p]]
    pairs = ", ".join(f"'{names[p]}' seems to mean {names[t]}" for t, p in told)
    return [
        f"the labels may be in another order: {pairs}; so read, accuracy is "
        f"{percent((evaluation.correct.sum() + won - lost) / n)} instead of "
        f"{percent(evaluation.accuracy)}"
    ]
