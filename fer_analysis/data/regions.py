"""Where the parts of a face lie in a 48x48 FER-2013 image: one fixed template.

FER-2013 is roughly registered: on the mean face the eyes are darkest at row 17 (columns 15
and 33), the nose tip lies near row 27, the mouth is darkest at rows 38-39 (columns 17-31).
A fixed template is the honest default: landmark detectors fail at 48 pixels.
"""

from __future__ import annotations

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
"""Region -> half-open boxes (row from, row to, column from, column to). Where boxes overlap
the earlier region has the pixel; what no box covers is `background`."""

REGIONS = (*BOXES, "background")
BACKGROUND = REGIONS.index("background")


def region_map(
    height: int = SIZE, width: int = SIZE, shift: tuple[int, int] = (0, 0)
) -> np.ndarray:
    """Return the region of every pixel, int64 `(height, width)`, positions in `REGIONS`.

    Args:
        height: Rows of the image; boxes are scaled from 48.
        width: Columns of the image.
        shift: Rows and columns (of the 48x48 template) by which all boxes are moved.
    """
    regions = np.full((SIZE, SIZE), BACKGROUND)
    for index, boxes in reversed(list(enumerate(BOXES.values()))):
        for top, bottom, left, right in boxes:
            rows = slice(max(top + shift[0], 0), max(bottom + shift[0], 0))
            columns = slice(max(left + shift[1], 0), max(right + shift[1], 0))
            regions[rows, columns] = index
    rows = (np.arange(height) + 0.5) * SIZE // height
    columns = (np.arange(width) + 0.5) * SIZE // width
    return regions[np.ix_(rows.astype(int), columns.astype(int))]
