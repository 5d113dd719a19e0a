"""The canvas of a face: pixel grids placed on the face, and shapes with soft edges.

A shape is a signed distance in pixels (negative inside), so that thousands of faces are drawn
at once without aliasing.
"""

from __future__ import annotations

import numpy as np

from fer_analysis.data.regions.template import SIZE

CENTRE_ROW, CENTRE_COLUMN = 26.0, 24.0


def cover(distance: np.ndarray, edge: float = 1.2) -> np.ndarray:
    """Return opacity 0-1 from a signed distance (negative inside), with an edge in pixels."""
    return np.clip(np.float32(0.5) - distance * np.float32(1 / edge), 0, 1)


def paint(image: np.ndarray, opacity: np.ndarray, tone: np.ndarray | float) -> None:
    """Paint a tone over the image, in place."""
    image += opacity * (tone - image)


def ellipse(x: np.ndarray, y: np.ndarray, width: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Return the approximate distance from an ellipse around 0 with these half axes."""
    return (np.sqrt((x / width) ** 2 + (y / height) ** 2) - 1) * np.minimum(width, height)


def stroke(x, y, start, end, *, bend=0.0, thick=0.4) -> np.ndarray:
    """Return the distance from a bent line.

    Args:
        x: Pixel positions.
        y: Pixel positions.
        start: The line's first point (x, y).
        end: Its last point.
        bend: Pixels of its middle from the straight line, to the right of the
            direction of drawing.
        thick: Half its thickness.
    """
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = np.sqrt(dx * dx + dy * dy)
    dx, dy = np.float32(dx / length), np.float32(dy / length)
    x, y = x - np.float32(start[0]), y - np.float32(start[1])
    along = x * dx + y * dy
    part = np.clip(along / np.float32(length), 0, 1)
    across = y * dx - x * dy - np.float32(4 * bend) * part * (1 - part)
    beyond = along - part * np.float32(length)
    return np.sqrt(across * across + beyond * beyond) - thick


def wrinkle(view, start, end, opacity, *, bend=0.0, thick=0.4) -> None:
    """Draw a dark line with an opacity for each face, `(n, 1, 1)`; see `stroke`."""
    if opacity.any():
        image, x, y = view
        paint(image, cover(stroke(x, y, start, end, bend=bend, thick=thick)) * opacity, 0.1)


class Canvas:
    """The images with each pixel's place on the face: x from the midline, y as template row."""

    def __init__(
        self, traits: dict[str, np.ndarray], effects: dict[str, np.ndarray], jitter: float
    ):
        self.traits = {k: np.asarray(v, np.float32)[:, None, None] for k, v in traits.items()}
        self._effects = {k: v[:, :, None, None] for k, v in effects.items()}
        # Rotation and scale move features by at most this.
        self.margin = 3 + int(np.ceil(jitter))
        place = self.traits
        rows = np.arange(SIZE, dtype=np.float32)[None, :, None] - CENTRE_ROW
        columns = np.arange(SIZE, dtype=np.float32)[None, None, :] - CENTRE_COLUMN
        rows = rows - np.float32(jitter) * place["shift_row"]
        columns = columns - np.float32(jitter) * place["shift_column"]
        cos, sin = np.cos(place["rotation"]), np.sin(place["rotation"])
        self.x = (columns * cos + rows * sin) / place["scale"]
        self.y = (rows * cos - columns * sin) / place["scale"] + np.float32(CENTRE_ROW)
        self.image = np.empty_like(self.x)
        self.image[:] = place["backdrop"]

    def window(self, top: int, bottom: int, left: int, right: int) -> tuple[np.ndarray, ...]:
        """Return views of (image, x, y) around a box that contains a small shape."""
        m = self.margin
        box = np.s_[:, max(top - m, 0) : bottom + m, max(left - m, 0) : right + m]
        return self.image[box], self.x[box], self.y[box]

    def half(self, top: int, bottom: int, sign: float) -> tuple[np.ndarray, ...]:
        """Return views of (image, x, y) of one side; x grows outwards from the midline."""
        columns = (2, 24) if sign < 0 else (24, 46)
        image, x, y = self.window(top, bottom, *columns)
        return image, x * np.float32(sign), y

    def effect(self, name: str, side: int) -> np.ndarray:
        """Return the movement of `name` by the face's actions on one side, `(n, 1, 1)`."""
        return self._effects[name][:, side]

    def mean(self, name: str) -> np.ndarray:
        """Return the mean of both sides, for features without sides, `(n, 1, 1)`."""
        return self._effects[name].mean(1)
