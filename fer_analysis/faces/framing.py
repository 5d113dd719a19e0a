"""Cutting a face out of a picture as FER-2013 frames faces.

A square of side (width + height) / 2 on the middle of YuNet's box has the eyes and the mouth where
FER-2013 has them (rows 17 and 38 of 48). Heads that are tilted are turned upright by their eyes,
from an angle on at which that helps: the eyes of small faces are found too inexactly below it.
"""

from __future__ import annotations

import math

import numpy as np

from fer_analysis.faces.face import Face

UPRIGHT = 15.0
"""Degrees of tilt up to which a face is cropped as it stands."""


def crop(image: np.ndarray, face: Face, size: int = 48) -> np.ndarray:
    """Return a face, grey, uint8 `(size, size)`.

    What lies outside the picture is filled with the pixels of its edge.

    Args:
        image: uint8 `(h, w, 3)` (RGB) or `(h, w)`.
        face: Where the face is.
        size: Height and width of the result, in pixels.
    """
    from PIL import Image

    turn = face.tilt if abs(face.tilt) > UPRIGHT else 0.0
    half = face.size / 2
    reach = half * (math.sqrt(2) if turn else 1) + 2
    area, (x, y) = _surroundings(image, face.centre, reach)
    grey = Image.fromarray(area).convert("L")
    if turn:
        grey = grey.rotate(turn, Image.Resampling.BICUBIC, center=(x, y))
    box = (x - half, y - half, x + half, y + half)
    return np.asarray(grey.resize((size, size), Image.Resampling.BICUBIC, box=box))


def _surroundings(image, centre, reach: float) -> tuple[np.ndarray, tuple[float, float]]:
    """Return the square around a point, and where the point lies in it."""
    height, width = image.shape[:2]
    left, top = (math.floor(each - reach) for each in centre)
    right, bottom = (math.ceil(each + reach) for each in centre)
    rows = np.clip(np.arange(top, bottom), 0, height - 1)
    columns = np.clip(np.arange(left, right), 0, width - 1)
    return image[rows[:, None], columns], (centre[0] - left, centre[1] - top)
