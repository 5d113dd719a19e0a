"""Whether the faces of a list are the images that it was made of, by the marks of their pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.ids import rows_of
from fer_analysis.data.pixels import differ, pixel_mark, same_size

PIXELS = "pixels"
"""The column of a list that holds the marks."""


class Listed(NamedTuple):
    """A face of a list: its id, its image's mark in the list (empty without), and in the data."""

    name: str
    mark: str
    here: str

    @property
    def is_row_number(self) -> bool:
        """Whether the id says no more than a place in the data."""
        return self.name.isdecimal()

    @property
    def is_other(self) -> bool:
        """Whether the image in the data is another than the list's."""
        return differ(self.mark, self.here)


def listed_images(
    ids: Sequence[str], marks: Mapping[str, str], dataset: FaceDataset
) -> list[Listed]:
    """Return the faces of a list that a data set has.

    Args:
        ids: Of the list.
        marks: Id -> the mark of its image, for those that have one.
        dataset: The images.
    """
    rows = rows_of(np.array(ids), dataset.ids).tolist()
    return [
        Listed(name, marks.get(name, ""), pixel_mark(dataset.images[row]))
        for name, row in zip(ids, rows, strict=True)
        if row >= 0
    ]


def pixel_doubts(file: Path, faces: Sequence[Listed], where: str, *, audit: bool) -> list[str]:
    """Return what a user should know before a list is applied to data, one line each.

    Row numbers are ids in any data set of the same layout. Names of files say which face is meant,
    and so do marks of the pixels; an audit is refused by its labels.

    Args:
        file: The list.
        faces: Those that the data has.
        where: What the data is called.
        audit: Whether the list is an audit with labels.
    """
    lines = []
    if others := sum(face.is_other for face in faces):
        lines.append(
            f"{file}: {others:,} of {len(faces):,} images have other pixels in {where} than in the "
            "data that the list was made of, under the same names"
        )
    if not audit and any(
        face.is_row_number and not same_size(face.mark, face.here) for face in faces
    ):
        lines.append(
            f"{file}: says by row number alone which faces it means (no column '{PIXELS}' of "
            f"images of this size): it fits only if it was made of {where}"
        )
    return lines
