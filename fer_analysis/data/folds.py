"""Folds of the training images: every image is left out once, copies stay together."""

from __future__ import annotations

import dataclasses

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.errors import FerError


def fold_of(labels: np.ndarray, groups: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Divide images into folds with equal numbers of each label, keeping groups together.

    Groups are assigned one by one, large ones first, each to the fold with the fewest images
    of the group's labels; single images come last and even out the differences.

    Args:
        labels: int64 `(n,)`.
        groups: `(n,)`, equal values stay together.
        k: Number of folds.
        seed: Of the order among groups of one size, and among folds that are equally full.

    Returns:
        int64 `(n,)`, 0 to `k - 1`.

    Raises:
        FerError: If there are fewer groups than folds.
    """
    _, group, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(sizes) < k:
        raise FerError(f"{k} folds require at least {k} groups of images, received {len(sizes)}")
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(sizes)[:-1])
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(sizes))
    preference = rng.permutation(k)
    total = np.maximum(np.bincount(labels), 1)
    filled = np.zeros((k, len(total)))
    fold = np.empty(len(labels), np.int64)
    for index in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        counts = np.bincount(labels[members[index]], minlength=len(total))
        # Shares of each label, so that rare and frequent labels have the same weight.
        fullness = filled / total @ (counts / total)
        chosen = np.lexsort((preference, filled.sum(axis=1), fullness.round(12)))[0]
        filled[chosen] += counts
        fold[members[index]] = chosen
    return fold


def hold_out_fold(
    dataset: FaceDataset, groups: np.ndarray, *, folds: int, fold: int, seed: int = 0
) -> FaceDataset:
    """Move one fold of the training images to the split `fold`.

    Args:
        dataset: The images; other splits do not change.
        groups: int64 `(n,)`, duplicate groups of the images.
        folds: Number of folds.
        fold: Which one, from 0.
        seed: Of the division.

    Raises:
        FerError: If there are fewer groups of training images than folds.
    """
    train = np.flatnonzero(dataset.split == "train")
    chosen = fold_of(dataset.labels[train], groups[train], folds, seed) == fold
    split = dataset.split.astype("U10")
    split[train[chosen]] = "fold"
    return dataclasses.replace(dataset, split=split)
