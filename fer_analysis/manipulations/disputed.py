"""Manipulation of the images that most annotators gave another label."""

from __future__ import annotations

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.vote_shares import HALF, strongest_other
from fer_analysis.errors import FerError, did_you_mean


def disputed(dataset: FaceDataset) -> np.ndarray:
    """Tell which images most annotators gave one other label, bool `(n,)`.

    That is more than half of all votes, the options that are no label (contempt, unknown, no
    face) included.

    Raises:
        FerError: If there are no votes.
    """
    if dataset.votes is None:
        raise FerError("the data has no annotators' votes: nothing tells which images are disputed")
    _, share = strongest_other(dataset.votes, dataset.labels, len(dataset.label_names))
    return share > HALF


def remove_disputed(
    train: FaceDataset, *, seed: int, label: str | None = None, at_random: bool = False
) -> FaceDataset:
    """Remove disputed images, or the same number of random images of the same labels.

    Args:
        train: The training images, with votes.
        seed: Of the random choice.
        label: Only of this label; of every label if None.
        at_random: Remove from each label a random choice of as many images as are disputed: the
            control, which loses the same number.

    Raises:
        FerError: If there are no votes, or no such label.
    """
    if label is not None and label not in train.label_names:
        raise FerError(
            f"remove_disputed: no label '{label}'{did_you_mean(label, train.label_names)}"
        )
    removed = disputed(train)
    if label is not None:
        removed &= train.labels == train.label_names.index(label)
    return train.take(~(random_of_each_label(train, removed, seed) if at_random else removed))


def random_of_each_label(train: FaceDataset, chosen: np.ndarray, seed: int) -> np.ndarray:
    """Choose from each label as many random images as are chosen of it, bool `(n,)`.

    Args:
        train: The images.
        chosen: bool `(n,)`.
        seed: Of the choice.
    """
    counts = np.bincount(train.labels[chosen], minlength=len(train.label_names))
    drawn = np.zeros(len(train), dtype=bool)
    for index, count in enumerate(counts.tolist()):
        members = np.flatnonzero(train.labels == index)
        order = np.random.default_rng([seed, index, 4]).permutation(members)
        drawn[order[:count]] = True
    return drawn
