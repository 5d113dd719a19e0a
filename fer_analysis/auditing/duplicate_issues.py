"""Issues of copies: duplicates, leaks between splits, one image under several labels."""

from __future__ import annotations

import numpy as np

from fer_analysis.auditing.issues import NOBODY, Issues
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.duplicates.cached import Copies


def duplicate_issues(dataset: FaceDataset, copies: Copies) -> list[Issues]:
    """Return the issues that copies in a data set cause.

    Args:
        dataset: The images.
        copies: `find_copies` of its images.
    """
    return [
        _exact_duplicates(dataset, copies),
        _near_duplicates(dataset, copies),
        *_leaks(dataset, copies),
        _contradictions(dataset, copies),
    ]


def _exact_duplicates(dataset: FaceDataset, copies: Copies) -> Issues:
    # Rows are the later copies: without them every image is there once.
    rows = np.flatnonzero(copies.exact != np.arange(len(dataset)))
    size = np.bincount(copies.exact)
    return Issues(
        "exact_duplicate",
        rows,
        np.ones(len(rows)),
        np.ones(len(dataset), bool),
        partner=copies.exact[rows],
        facts={
            "groups": int((size > 1).sum()),
            "images_in_groups": int(size[size > 1].sum()),
            "across_splits": _across_splits(dataset, copies.exact),
        },
    )


def _near_duplicates(dataset: FaceDataset, copies: Copies) -> Issues:
    near = copies.near
    size = np.bincount(copies.groups)
    differ = dataset.labels[near.first] != dataset.labels[near.second]
    return Issues(
        "near_duplicate",
        near.second,
        near.likeness,
        np.ones(len(dataset), bool),
        partner=near.first,
        facts={
            "pairs": len(near),
            "mirrored": int(near.mirrored.sum()),
            "pairs_under_different_labels": int(differ.sum()),
            # Chains of copies, the identical ones among them.
            "groups_with_exact": int((size > 1).sum()),
            "images_in_groups_with_exact": int(size[size > 1].sum()),
            "largest_group": int(size.max(initial=0)),
            "across_splits_with_exact": _across_splits(dataset, copies.groups),
        },
    )


def _across_splits(dataset: FaceDataset, groups: np.ndarray) -> dict[str, int]:
    """Return, for each two splits, how many images of the later one have a copy in the other."""
    splits = dataset.splits
    members = {name: dataset.split == name for name in splits}
    return {
        f"{earlier}-{later}": int(np.isin(groups[members[later]], groups[members[earlier]]).sum())
        for index, earlier in enumerate(splits)
        for later in splits[index + 1 :]
    }


def _leaks(dataset: FaceDataset, copies: Copies) -> list[Issues]:
    """Return held-out images with a copy among the training images, exact ones and others."""
    train = dataset.split == "train"
    held_out = np.flatnonzero(~train)
    # Group of identical images -> its first training image.
    trained = np.full(len(dataset), NOBODY)
    rows = np.flatnonzero(train)[::-1]
    trained[copies.exact[rows]] = rows
    exact = trained[copies.exact[held_out]]
    near, likeness = _nearest_trained(copies, trained)
    near, likeness = near[copies.exact[held_out]], likeness[copies.exact[held_out]]
    leaked = exact != NOBODY
    nearly = ~leaked & (near != NOBODY)
    return [
        Issues("leak", held_out[leaked], np.ones(leaked.sum()), ~train, exact[leaked]),
        Issues("near_leak", held_out[nearly], likeness[nearly], ~train, near[nearly]),
    ]


def _nearest_trained(copies: Copies, trained: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each group of identical images, its best near copy in training, and how near."""
    near = copies.near
    ours = np.concatenate([near.first, near.second])
    theirs = np.concatenate([near.second, near.first])
    likeness = np.concatenate([near.likeness, near.likeness])
    # The best is written last, and stays.
    order = np.argsort(likeness, kind="stable")
    order = order[trained[theirs[order]] != NOBODY]
    partner = np.full(len(trained), NOBODY)
    best = np.zeros(len(trained))
    partner[ours[order]] = trained[theirs[order]]
    best[ours[order]] = likeness[order]
    return partner, best


def _contradictions(dataset: FaceDataset, copies: Copies) -> Issues:
    """Return every image of a group of identical ones that carries more than one label."""
    n = len(dataset)
    other = np.full(n, NOBODY)
    for row in np.flatnonzero(dataset.labels != dataset.labels[copies.exact])[::-1]:
        other[copies.exact[row]] = row  # the first image of the group that contradicts its head
    head = copies.exact
    contradicted = other[head] != NOBODY
    # An image's partner is the head of its group, or, where both agree, the head's opponent.
    agrees = dataset.labels == dataset.labels[head]
    partner = np.where(agrees, other[head], head)
    rows = np.flatnonzero(contradicted)
    return Issues(
        "contradictory_label",
        rows,
        np.ones(len(rows)),
        np.ones(n, bool),
        partner=partner[rows],
        facts={"groups": len(np.unique(head[rows]))},
    )
