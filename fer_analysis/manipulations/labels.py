"""Manipulation of the labels themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from fer_analysis.data.dataset import FaceDataset


def permute_labels(
    train: FaceDataset, *, seed: int, share: Annotated[float, Field(gt=0, le=1)] = 1.0
) -> FaceDataset:
    """Permute the labels of some images among them: what is learnt without any information.

    The number of images of each label stays the same (Zhang et al. 2017). An image gets the votes
    of the one whose label it gets.

    Args:
        train: The training images.
        seed: Of the choice.
        share: Of the images whose labels are permuted.
    """
    rng = np.random.default_rng([seed, 5])
    rows = rng.permutation(len(train))[: round(share * len(train))]
    source = np.arange(len(train))
    source[rows] = rng.permutation(rows)
    votes = None if train.votes is None else train.votes[source]
    return replace(train, labels=train.labels[source], votes=votes)
