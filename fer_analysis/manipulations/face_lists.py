"""Manipulations by a list of faces: those that a person took out, or labelled again."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.read_face_list import read_face_list
from fer_analysis.errors import FerError
from fer_analysis.manipulations.disputed import random_of_each_label

Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None


def exclude_faces(
    train: FaceDataset,
    *,
    seed: int,
    faces: str,
    sha256: Digest = None,
    issues: tuple[str, ...] = (),
    at_random: bool = False,
) -> FaceDataset:
    """Remove the faces of a list, or the same number of random images of the same labels.

    Args:
        train: The training images.
        seed: Of the random choice.
        faces: The list: a CSV with a column `id`. Faces of other splits have no effect.
        sha256: Of the list, which must not have changed since; filled in when a run is started.
        issues: Only faces with one of these issues, where the list is an `audit.csv`.
        at_random: Remove from each label a random choice of as many images as the list has of it:
            the control, which loses the same number.

    Raises:
        FerError: If the list is not one, has changed, or names no training image, or all of them.
    """
    given = read_face_list(faces, sha256=sha256).with_issues(issues)
    removed = np.isin(train.ids, given.ids)
    if not removed.any() or removed.all():
        what = "every training image" if removed.any() else "no training image"
        raise FerError(f"{given.file}: names {what}")
    if at_random:
        removed = random_of_each_label(train, removed, seed)
    return train.take(~removed)


def relabel_faces(
    train: FaceDataset, *, seed: int, faces: str, sha256: Digest = None
) -> FaceDataset:
    """Give the faces of a list the labels that it has for them.

    The annotators' votes stay as they are.

    Args:
        train: The training images.
        seed: Without effect.
        faces: The list: a CSV with the columns `id` and `label`. Faces of other splits have no
            effect, nor has a row without a label. A label that is only *suggested* (a column of
            that name, as in an `audit.csv`) is not used.
        sha256: Of the list, which must not have changed since; filled in when a run is started.

    Raises:
        FerError: If the list is not one, has changed, or changes no label.
    """
    given = read_face_list(faces, sha256=sha256)
    return replace(train, labels=given.new_labels(train.labels, train.ids, train.label_names))
