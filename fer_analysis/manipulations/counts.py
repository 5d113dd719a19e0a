"""Manipulations of how many images a label has."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.errors import FerError, did_you_mean

Count = (
    Annotated[int, Field(ge=1, le=10**8, strict=True)]
    | Annotated[float, Field(gt=0, le=1, strict=True)]
    | Literal["matched"]
)
"""Images to keep (1 is one image), or a share of them (1.0 is all); `matched`: the number that the
scarcest label has."""


def keep(train: FaceDataset, *, seed: int, counts: dict[str, Count]) -> FaceDataset:
    """Keep a number of images of each label that is named, and all images of the others.

    The choice is drawn by the seed and nested: images that a smaller number keeps are among those
    that a larger number keeps, so that doses differ only in number.

    Args:
        train: The training images.
        seed: Of the choice.
        counts: Label -> images, or their share; more than there are keeps all.

    Raises:
        FerError: If the data has no such label.
    """
    kept = np.ones(len(train), dtype=bool)
    for name, count in counts.items():
        if name not in train.label_names:
            raise FerError(f"keep: no label '{name}'{did_you_mean(name, train.label_names)}")
        label = train.label_names.index(name)
        members = np.flatnonzero(train.labels == label)
        order = np.random.default_rng([seed, label, 3]).permutation(members)
        kept[order[_number(train, count, len(members)) :]] = False
    return train.take(kept)


def keep_all(train: FaceDataset, *, seed: int, count: Count) -> FaceDataset:
    """Keep the same number of images of every label.

    Args:
        train: The training images.
        seed: Of the choice, see `keep`.
        count: Images a label, or a share of each label's own.
    """
    return keep(train, seed=seed, counts=dict.fromkeys(train.label_names, count))


def _number(train: FaceDataset, count: float | str, there: int) -> int:
    if isinstance(count, float):
        return max(1, round(count * there))
    if count != "matched":
        return int(count)
    present = np.bincount(train.labels, minlength=len(train.label_names))
    return int(present[present > 0].min())
