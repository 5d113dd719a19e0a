"""Manipulations of how many images a label has."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.errors import FerError, did_you_mean

Count = Annotated[int, Field(ge=1)] | Literal["matched"]
"""Images to keep; `matched`: as many as the scarcest label has."""


def keep(train: FaceDataset, *, seed: int, counts: dict[str, Count]) -> FaceDataset:
    """Keep so many images of each label that is named, and all of the others.

    Which ones is drawn by the seed, nested: those that a smaller number keeps are among those
    that a larger one keeps, so that doses differ in number alone.

    Args:
        train: The training images.
        seed: Of the choice.
        counts: Label -> images; more than there are keeps all.

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
        kept[order[_number(train, count) :]] = False
    return train.take(kept)


def keep_all(train: FaceDataset, *, seed: int, count: Count) -> FaceDataset:
    """Keep the same number of images of every label.

    Args:
        train: The training images.
        seed: Of the choice, see `keep`.
        count: Images a label.
    """
    return keep(train, seed=seed, counts=dict.fromkeys(train.label_names, _number(train, count)))


def _number(train: FaceDataset, count: int | str) -> int:
    if count != "matched":
        return int(count)
    present = np.bincount(train.labels, minlength=len(train.label_names))
    return int(present[present > 0].min())
