"""Shapes laid over a face: drawn four times as large, then averaged, so that edges are smooth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from fer_analysis.conditions.severity import SIDE, to_pixels

FINER = 4
"""Drawn pixels across a pixel of the image."""

Points = Sequence[tuple[float, float]]
"""(column, row) in pixels at 48."""


class Cover:
    """One opaque shape with its own shade, on an image of any size.

    Args:
        size: Height and width of the image, in pixels.
    """

    def __init__(self, size: tuple[int, int]):
        height, width = size
        self._size = width, height
        self._scale = FINER * width / SIDE, FINER * height / SIDE
        self._drawn = Image.new("L", (FINER * width, FINER * height))
        self._draw = ImageDraw.Draw(self._drawn)

    def polygon(self, points: Points, value: float = 1.0) -> None:
        """Fill a polygon; values run from 0 to 1."""
        self._draw.polygon(self._placed(points), fill=round(255 * value))

    def ellipse(self, centre: tuple[float, float], radii: tuple[float, float], value=1.0) -> None:
        """Fill an ellipse, by its centre and half its width and height."""
        (x, y), (a, b) = centre, radii
        corners = self._placed([(x - a, y - b), (x + a, y + b)])
        self._draw.ellipse([*corners[0], *corners[1]], fill=round(255 * value))

    def line(self, points: Points, thickness: float, value: float = 1.0) -> None:
        """Draw a line with round ends; its thickness is in pixels at 48."""
        placed = self._placed(points)
        width = max(1, round(thickness * self._scale[0]))
        self._draw.line(placed, fill=round(255 * value), width=width, joint="curve")
        for x, y in (placed[0], placed[-1]):
            box = [x - width / 2, y - width / 2, x + width / 2, y + width / 2]
            self._draw.ellipse(box, fill=round(255 * value))

    def strands(self, points: np.ndarray, thickness: np.ndarray, values: np.ndarray) -> None:
        """Draw many lines without round ends; much faster than as many calls of `line`.

        Args:
            points: float `(n, m, 2)`, column and row in pixels at 48; not two alike in a row.
            thickness: float `(n,)`, in pixels at 48.
            values: float `(n,)`, from 0 to 1.
        """
        placed = points * self._scale
        along = np.gradient(placed, axis=1)
        aside = along[..., ::-1] * (-1, 1) / np.linalg.norm(along, axis=-1, keepdims=True)
        aside = aside * (thickness * self._scale[0] / 2)[:, None, None]
        outlines = np.concatenate([placed + aside, (placed - aside)[:, ::-1]], axis=1)
        fills = np.rint(255 * values).astype(int).tolist()
        for outline, fill in zip(outlines.reshape(len(points), -1).tolist(), fills, strict=True):
            self._draw.polygon(outline, fill=fill)

    def values(self) -> np.ndarray:
        """Return what was drawn, float32 `(h, w)` from 0 to 1."""
        width, height = self._size
        grey = np.frombuffer(self._drawn.reduce(FINER).tobytes(), dtype=np.uint8)
        return grey.reshape(height, width) / np.float32(255)

    def _placed(self, points: Points) -> list[tuple[float, float]]:
        return [(x * self._scale[0], y * self._scale[1]) for x, y in points]


def lay_over(image: np.ndarray, shade: np.ndarray | float, cover: np.ndarray) -> np.ndarray:
    """Paint a shade on an image where the cover is opaque.

    Args:
        image: uint8 `(h, w, 1)`.
        shade: Grey levels, one or `(h, w)`.
        cover: float `(h, w)`, 0 (the image shows) to 1 (the shade shows).
    """
    under = image[..., 0].astype(np.float32)
    return to_pixels(under + cover * (shade - under))[..., None]


def curved(size: tuple[int, int], fall: float) -> np.ndarray:
    """Return the light on something as round as a head, float32 `(h, w)`: 1 in the middle.

    Args:
        size: Height and width.
        fall: How much darker it is at the sides, a share of 1.
    """
    height, width = size
    across = (np.arange(width, dtype=np.float32) + 0.5) / width * 2 - 1
    return np.broadcast_to(1 - fall * across[None] ** 2, (height, width))
