"""Invisible changes of an image: a prediction that flips under one of them is not stable.

The plan follows ImageNet-P (Hendrycks & Dietterich 2019) and RAF-DB-P (Greco et al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fer_analysis.conditions.geometry import shift, turn
from fer_analysis.conditions.severity import SIDE, to_pixels


def _moved(down: int, right: int) -> Callable[[np.ndarray], np.ndarray]:
    def change(images: np.ndarray) -> np.ndarray:
        height, width = images.shape[1:3]
        pixel = (down * SIDE / height, right * SIDE / width)
        return shift(images, [pixel] * len(images))

    return change


CHANGES: dict[str, dict[str, Callable[[np.ndarray], np.ndarray]]] = {
    "1 pixel": {
        "up": _moved(-1, 0),
        "down": _moved(1, 0),
        "left": _moved(0, -1),
        "right": _moved(0, 1),
    },
    "2 degrees": {
        "left": lambda images: turn(images, [2.0] * len(images)),
        "right": lambda images: turn(images, [-2.0] * len(images)),
    },
    "2 grey levels": {
        "brighter": lambda images: to_pixels(images.astype(np.float32) + 2),
        "darker": lambda images: to_pixels(images.astype(np.float32) - 2),
    },
}
"""Size of a change -> its directions."""

NAMES = tuple((size, way) for size, ways in CHANGES.items() for way in ways)
