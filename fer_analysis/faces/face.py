"""A face in a picture: where it is, how large, how tilted, and its crop."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

Point = tuple[float, float]

CUT = 0.05
"""Share of its square outside the picture from which a face counts as cut off."""


@dataclass(frozen=True)
class Face:
    """A face that was found.

    Args:
        box: Left, top, width and height in pixels of the upright picture; it may reach outside.
        score: The detector's confidence that it is a face, 0-1.
        eyes: The eye that is left in the picture and the other one, (x, y) in pixels.
        crop: uint8 `(size, size)`, grey, framed as FER-2013 frames faces; None before it is cut.
        outside: Share of the square that is cropped which lies outside the picture.
    """

    box: tuple[float, float, float, float]
    score: float
    eyes: tuple[Point, Point] | None = None
    crop: np.ndarray | None = field(default=None, compare=False, repr=False)
    outside: float = 0.0

    @property
    def size(self) -> float:
        """Side of the square that is cropped, in pixels of the picture: (width + height) / 2."""
        return (self.box[2] + self.box[3]) / 2

    @property
    def centre(self) -> Point:
        """The middle of the box, (x, y) in pixels."""
        left, top, width, height = self.box
        return left + width / 2, top + height / 2

    @property
    def tilt(self) -> float:
        """Degrees by which the head is turned in the picture, positive clockwise."""
        if self.eyes is None:
            return 0.0
        (left_x, left_y), (right_x, right_y) = self.eyes
        return math.degrees(math.atan2(right_y - left_y, right_x - left_x))

    @property
    def is_cut(self) -> bool:
        """Whether the picture's edge cuts off a part of the face.

        The detector's box is what is to be seen of it, so that a face without its forehead or its
        chin is wider than high.
        """
        return self.outside > CUT or (self.outside > 0 and self.box[2] > self.box[3])

    def as_dict(self) -> dict:
        """Return where the face is, ready for JSON."""
        return {
            "box": [round(each, 1) for each in self.box],
            "size": round(self.size, 1),
            "tilt": round(self.tilt, 1),
            "score": round(self.score, 4),
        }


def outside(face: Face, height: int, width: int) -> float:
    """Return the share of a face's square that lies outside a picture of this size."""
    (x, y), half = face.centre, face.size / 2
    inside = [
        max(0.0, min(at + half, most) - max(at - half, 0)) for at, most in ((x, width), (y, height))
    ]
    return 1 - inside[0] * inside[1] / face.size**2


def overlaps(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the intersection over union of boxes, float64 `(n, m)`.

    Args:
        first: Boxes `(n, 4)`: left, top, width, height.
        second: Boxes `(m, 4)`.
    """
    a, b = (np.asarray(boxes, float).reshape(-1, 4) for boxes in (first, second))
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum((a[:, :2] + a[:, 2:])[:, None], (b[:, :2] + b[:, 2:])[None])
    shared = np.clip(high - low, 0, None).prod(-1)
    areas = a[:, 2:].prod(-1)[:, None] + b[:, 2:].prod(-1)[None] - shared
    return np.divide(shared, areas, out=np.zeros_like(shared), where=areas > 0)
