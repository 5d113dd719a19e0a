"""Checks for misleading figures, each with its evidence."""

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
"""If more than this share of a split's images chose the epoch, the split was selected on."""

BATCH_TOLERANCE = 1e-3
"""A probability that changes by more with its batch depends on other images."""

COPIES, LEAKED = 1.5, 0.5
"""A label was oversampled before the split if its training images occur this often on average,
and this share of its images in the split also occurs in training."""

SURE = 0.001
REORDERED = 0.1
"""Accuracy that another order of the labels must add to be reported."""

RANGES = {"0 to 1": (1 / 255, 0.0), "-1 to 1": (2 / 255, -1.0)}
"""Ranges of pixels that networks are commonly trained on: factor and offset of raw ones."""


def selected_on(chosen: np.ndarray | None, split: str) -> tuple[list[str], list[str]]:
    """Warn if the figures are of images by which the model was chosen.

    Args:
        chosen: bool `(n,)`, images by which the epoch was chosen; None where unknown.
        split: The split's name.

    Returns:
        Notes (the mark) and warnings (only where the split is called a test).
    """
    if chosen is None or not len(chosen) or chosen.mean() <= SELECTED_ON:
        return [], []
    mark = "selected on this split: its images chose the epoch, so the figures are optimistic"
    if split != "test":
        return [mark], []
    count = f"{int(chosen.sum()):,} of {len(chosen):,}"
    return [mark], [
        f"this is not a test: {count} of its images chose the epoch; a test requires images "
        "that had no part in any choice"
    ]


def better_than_validation(test: Evaluation, validation: Evaluation) -> list[str]:
    """Warn if test accuracy exceeds validation accuracy by more than chance (Fisher's test)."""
    right = [int(e.correct.sum()) for e in (test, validation)]
    wrong = [len(e) - r for e, r in zip((test, validation), right, strict=True)]
    p = float(fisher_exact([right, wrong], alternative="two-sided").pvalue)
    if test.accuracy <= validation.accuracy or p >= SURE:
        return []
    return [
        f"{test.split} accuracy {percent(test.accuracy)} of {len(test):,} is better than "
        f"validation, {percent(validation.accuracy)} of {len(validation):,}, by more than "
        f"chance (p = {p:.1g}): is this split easier, or was the model trained or selected on it?"
    ]


def batch_dependence(predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray) -> list[str]:
    """Warn if an image's probabilities change with the other images of its batch.

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
        f"predictions depend on the batch: a probability of one image changes by {moved:.2f} when "
        "it is predicted alone; does a layer (e.g. batch normalisation) run in training mode?"
    ]


def pixel_range(
    predict: Callable[[np.ndarray], np.ndarray], images: np.ndarray, labels: np.ndarray
) -> list[str]:
    """Warn if a network is correct far more often for pixels of another range than raw ones.

    A network without a layer that scales its input was trained on pixels that something else
    had scaled; given raw ones it answers all the same. Up to 350 images spread over the split
    are predicted in each range (McNemar's exact test); it must also exceed one label for all of
    them, by 10 points.

    Args:
        predict: Images in, probabilities out.
        images: uint8 `(n, h, w, 1)`.
        labels: int `(n,)`, true labels.
    """
    rows = np.unique(np.linspace(0, len(images) - 1, min(len(images), 350)).astype(int))
    few, true = images[rows], labels[rows]
    raw = predict(few).argmax(axis=1) == true
    by_guessing = np.bincount(true).max() / len(true)
    for name, (factor, offset) in RANGES.items():
        scaled = predict(few.astype(np.float32) * factor + offset).argmax(axis=1) == true
        p = sign_test((scaled & ~raw).sum(), (raw & ~scaled).sum())
        if scaled.mean() > max(raw.mean(), by_guessing + REORDERED) and p < SURE:
            return [
                f"the model seems to be trained on pixels from {name}: of {len(few)} images it is "
                f"correct for {percent(scaled.mean())} so, and for {percent(raw.mean())} with raw "
                f"pixels (0 to 255), which it was given here; put keras.layers.Rescaling("
                f"{'1 / 255' if not offset else '2 / 255, offset=-1'}) in front of it and save it"
            ]
    return []


def oversampled_before_split(dataset: FaceDataset, split: str) -> list[str]:
    """Warn if a label's images were copied before they were divided into splits.

    Args:
        dataset: The whole data set.
        split: The split that is scored.
    """
    if split == "train" or not dataset.has("train"):
        return []
    train, part = dataset.part("train"), dataset.part(split)
    train_hashes, hashes = train.pixel_hashes(), part.pixel_hashes()
    found = []
    for label, name in enumerate(dataset.label_names):
        copies, own = train_hashes[train.labels == label], hashes[part.labels == label]
        if len(own) < 5 or not len(copies):
            continue
        each, leaked = len(copies) / len(np.unique(copies)), np.isin(own, copies)
        if each >= COPIES and leaked.mean() >= LEAKED:
            found.append(
                f"{name} was oversampled before the split: each of its training images occurs "
                f"{each:.1f} times on average, and {int(leaked.sum())} of its {len(own)} images "
                f"in {split} are copies of training images; its figures show memorisation"
            )
    return found


def label_order(evaluation: Evaluation) -> list[str]:
    """Warn if the predictions fit the labels much better in another order.

    The best order is the assignment of predicted to true labels with the most matches (Kuhn
    1955); it is reported if it adds 10 points, the images that become correct outnumber
    those that become wrong beyond chance, and it exceeds the best order of guesses by 10 points.
    """
    confusion, n = evaluation.confusion, len(evaluation)
    true, predicted = linear_sum_assignment(confusion, maximize=True)
    moved = [(t, p) for t, p in zip(true, predicted, strict=True) if t != p]
    won = sum(int(confusion[t, p]) for t, p in moved)
    lost = sum(int(confusion[t, t]) for t, _ in moved)
    if not n or won - lost <= REORDERED * n or sign_test(won, lost) >= SURE:
        return []
    # A model that guesses also fits some order best: the matches of independent labels and
    # guesses in their best order must be exceeded too.
    apart = np.outer(evaluation.support, evaluation.predicted_counts) / n
    by_guessing = apart[linear_sum_assignment(apart, maximize=True)].sum()
    if evaluation.correct.sum() + won - lost <= by_guessing + REORDERED * n:
        return []
    names = evaluation.label_names
    matched = [(t, p) for t, p in moved if confusion[t, p]]
    pairs = ", ".join(f"'{names[p]}' seems to mean {names[t]}" for t, p in matched)
    return [
        f"the labels may be in another order: {pairs}; in that order accuracy is "
        f"{percent((evaluation.correct.sum() + won - lost) / n)} instead of "
        f"{percent(evaluation.accuracy)}"
    ]
