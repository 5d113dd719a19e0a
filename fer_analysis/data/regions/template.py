"""The parts of a face in a 48x48 FER-2013 image: one fixed template.

FER-2013 is roughly registered: on the mean face the eyes are darkest at row 17 (columns 15
and 33), the nose tip is near row 27, the mouth is darkest at rows 38-39 (columns 17-31).
A fixed template is the default because landmark detectors fail at 48 pixels.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

SIZE = 48

BOXES: dict[str, tuple[tuple[int, int, int, int], ...]] = {
    "eyes": ((14, 21, 8, 22), (14, 21, 26, 40)),
    "brows": ((11, 14, 8, 40),),
    "upper lip": ((31, 35, 15, 33),),
    "mouth": ((35, 43, 13, 35),),
    "nose": ((18, 31, 19, 29),),
    "cheeks": ((22, 34, 6, 18), (22, 34, 30, 42)),
    "chin": ((43, 48, 12, 36),),
    "forehead": ((0, 11, 8, 40),),
}
"""Region -> half-open boxes (row from, row to, column from, column to). Where boxes overlap,
a pixel belongs to the earlier region; pixels outside all boxes are `background`."""

REGIONS = (*BOXES, "background")
BACKGROUND = REGIONS.index("background")


def region_map(height: int = SIZE, width: int = SIZE) -> np.ndarray:
    """Return the region of every pixel, int64 `(height, width)`, positions in `REGIONS`.

    Args:
        height: Rows of the image; boxes are scaled from 48.
        width: Columns of the image.
    """
    regions = np.full((SIZE, SIZE), BACKGROUND)
    for index, boxes in reversed(list(enumerate(BOXES.values()))):
        for top, bottom, left, right in boxes:
            regions[top:bottom, left:right] = index
    rows = (np.arange(height) + 0.5) * SIZE // height
    columns = (np.arange(width) + 0.5) * SIZE // width
    return regions[np.ix_(rows.astype(int), columns.astype(int))]


TEMPLATE = "template"
"""The source of the regions that are the same for every face."""


@dataclass(frozen=True, eq=False)
class Regions:
    """Which region every pixel of an image belongs to.

    Args:
        names: The regions, `background` last.
        pixels: int64 `(h, w)`, positions in `names`.
        source: Where they come from, for a caption.
    """

    names: tuple[str, ...]
    pixels: np.ndarray
    source: str = TEMPLATE

    @property
    def areas(self) -> np.ndarray:
        """Each region's share of the pixels, float64 `(len(names),)`."""
        return np.bincount(self.pixels.ravel(), minlength=len(self.names)) / self.pixels.size

    @property
    def masks(self) -> np.ndarray:
        """Each region's pixels, bool `(len(names), h, w)`."""
        return self.pixels == np.arange(len(self.names))[:, None, None]

    def shifted(self, rows: int, columns: int) -> Regions:
        """Return the regions moved by whole pixels; uncovered pixels are background."""
        height, width = self.pixels.shape
        moved = np.full_like(self.pixels, len(self.names) - 1)
        to_rows, from_rows = _overlap(height, rows)
        to_columns, from_columns = _overlap(width, columns)
        moved[to_rows, to_columns] = self.pixels[from_rows, from_columns]
        return dataclasses.replace(self, pixels=moved)


def template(height: int = SIZE, width: int = SIZE) -> Regions:
    """Return the fixed template for images of a size."""
    return Regions(REGIONS, region_map(height, width))


def _overlap(length: int, shift: int) -> tuple[slice, slice]:
    kept = max(length - abs(shift), 0)
    to, start = max(shift, 0), max(-shift, 0)
    return slice(to, to + kept), slice(start, start + kept)
