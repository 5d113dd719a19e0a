"""Which images train, validate and test: the official division, Kaggle's, or the data's own."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from fer_analysis.data.dataset import DIVISION, OFFICIAL_SPLITS, FaceDataset
from fer_analysis.errors import FerError, did_you_mean

PROTOCOLS = ("auto", "official", "kaggle")

FULL_TEST = {
    "official": (491, 55, 528, 879, 594, 416, 626),
    "kaggle": (958, 111, 1024, 1774, 1247, 831, 1233),
}
"""Protocol -> images of each label in its whole test split (PrivateTest; Kaggle's `test`)."""

KAGGLE_VALIDATION = 0.1


@dataclass(frozen=True)
class Division:
    """A split for each image, str `(n,)`, its protocol, and notices."""

    split: np.ndarray
    protocol: str
    notices: tuple[str, ...]
    comparable: bool


def divide(
    dataset: FaceDataset,
    split: np.ndarray,
    *,
    official: bool,
    protocol: str = "auto",
    validation_share: float = 0.1,
    test_share: float = 0.1,
    seed: int = 0,
) -> Division:
    """Divide images into train, validation and test.

    Args:
        dataset: The images, whose own `split` is ignored. Images with equal pixels
            stay together wherever we draw a split ourselves.
        split: str `(n,)`, the source's own split; empty where it has none.
        official: Whether `split` is FER-2013's own division.
        protocol: `official` (Training / PublicTest / PrivateTest), `kaggle` (the whole test
            folder for testing, a tenth of training for validation), or `auto`: official if the
            data has it, else the folders' own splits, completed if they are missing.
        validation_share: Of other folders, the share for validation if they have none.
        test_share: Of other folders without any splits, the share for testing.
        seed: Of the splits that are drawn.

    Raises:
        FerError: If the protocol is unknown or requires a division that the data does not have.
    """
    _check(protocol, official, validation_share, test_share)
    if not official:
        shares = validation_share, test_share
        drawn, notices = _own(dataset, np.array(split, dtype="U10"), shares, seed)
        return Division(drawn, "own", notices + _missing(drawn), comparable=False)
    if protocol == "auto":
        protocol = "official"
    if protocol == "kaggle":
        split = np.where(split == "train", "train", "test").astype("U10")
        _draw(dataset, split, "validation", KAGGLE_VALIDATION, seed)
        notices = _missing(split)
    else:
        usage_of = {name: usage for usage, name in OFFICIAL_SPLITS.items()}
        notices = _missing(split, "the data has no {} images", usage_of)
    full = np.array(FULL_TEST[protocol])
    count = np.bincount(dataset.labels[split == "test"], minlength=len(full))
    if count.any() and not np.array_equal(count, full):
        notices += (
            f"partial: the test split has {count.sum()} of {full.sum()} images; "
            "its figures are not comparable with the paper's",
        )
    return Division(split, protocol, notices, comparable=np.array_equal(count, full))


def _check(protocol: str, official: bool, validation_share: float, test_share: float) -> None:
    if protocol not in PROTOCOLS:
        raise FerError(f"unknown protocol '{protocol}'{did_you_mean(protocol, PROTOCOLS)}")
    if protocol != "auto" and not official:
        raise FerError(
            f"protocol '{protocol}' requires FER-2013's own division, which these folders do "
            "not have; --protocol auto uses the folders' splits"
        )
    shares = {"validation_share": validation_share, "test_share": test_share}
    problems = [
        f"{name}: expected 0 to 1, received {value}"
        for name, value in shares.items()
        if not 0 <= value < 1
    ]
    if not problems and sum(shares.values()) >= 1:
        problems = [f"validation_share + test_share: {sum(shares.values()):g} leaves no training"]
    if problems:
        raise FerError("the shares of a drawn split", problems)


def _missing(split, why: str = "", names: dict[str, str] | None = None) -> tuple[str, ...]:
    """Return a notice for each split that has no image."""
    return tuple(
        f"no {name} split" + (f": {why.format(names[name])}" if why else "")
        for name in DIVISION
        if not (split == name).any()
    )


def _own(dataset, split, shares, seed) -> tuple[np.ndarray, tuple[str, ...]]:
    validation_share, test_share = shares
    known = [name for name in DIVISION if (split == name).any()]
    if not known:
        split[:] = "train"
        _draw(dataset, split, "test", test_share, seed)
        # Of the remaining images, so that validation has its share of the whole.
        validation_share /= 1 - test_share
        what = "the folders have no splits: train, validation and test were drawn"
    elif "train" in known and "validation" not in known:
        what = "no validation folder: part of train was drawn for validation"
    else:
        return split, ()
    _draw(dataset, split, "validation", validation_share, seed + 1)
    sizes = ", ".join(f"{(split == name).sum()} {name}" for name in DIVISION)
    return split, (f"{what} by label, duplicates together, seed {seed} ({sizes})",)


def _draw(dataset: FaceDataset, split: np.ndarray, name: str, share: float, seed: int) -> None:
    """Move a share of `train` to the split called `name`, in place."""
    train = np.flatnonzero(split == "train")
    chosen = held_out(dataset.labels[train], dataset.pixel_hashes(train), share, seed)
    split[train[chosen]] = name


def held_out(labels: np.ndarray, groups: np.ndarray, share: float, seed: int) -> np.ndarray:
    """Choose a share of each label's images, keeping groups together.

    Groups are in a seeded random order, and one is chosen if none of its labels exceeds its
    share, so that a label's share is met up to a few images. A label of several
    groups, however rare, gives at least one image and keeps at least one.

    Args:
        labels: int64 `(n,)`.
        groups: `(n,)`, equal values stay together.
        share: 0 to 1.
        seed: Of the order.

    Returns:
        bool `(n,)`.
    """
    chosen = np.zeros(len(labels), dtype=bool)
    if not share or not len(labels):
        return chosen
    total = np.bincount(labels)
    room = np.maximum(np.rint(share * total), total > 1).astype(int).tolist()
    taken = [0] * len(room)
    _, group = np.unique(groups, return_inverse=True)
    members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
    order = np.random.default_rng(seed).permutation(len(members))
    # The second round is for labels whose groups were all too large.
    for lacking_only in (False, True):
        for index in order:
            counts = Counter(labels[members[index]].tolist())
            room_for = all(taken[name] + count <= room[name] for name, count in counts.items())
            lacking = lacking_only and not all(taken[name] for name in counts)
            leaves = all(taken[name] + count < total[name] for name, count in counts.items())
            if leaves and (room_for or lacking) and not chosen[members[index][0]]:
                chosen[members[index]] = True
                for name, count in counts.items():
                    taken[name] += count
    return chosen
