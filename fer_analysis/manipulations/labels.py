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

    The number of images of each label stays the same (Zhang et al. 2017).

    Args:
        train: The training images.
        seed: Of the choice.
        share: Of the images whose labels are permuted.
    """
    rng = np.random.default_rng([seed, 5])
    rows = rng.permutation(len(train))[: round(share * len(train))]
    labels = train.labels.copy()
    labels[rows] = train.labels[rng.permutation(rows)]
    return replace(train, labels=labels)
