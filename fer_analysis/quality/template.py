"""How a face lies in its picture, found by comparison with the mean face of other pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fer_analysis.quality.measures import SIDE, reduced, unit

WIDTH = 24
"""Side of the reduced pictures that are compared."""

TURNS = tuple(range(-75, 76, 15))
"""Degrees, counter-clockwise."""

SIZES = (0.4, 0.55, 0.7, 0.85, 1.0, 1.2, 1.45, 1.8)
MOVES = tuple((down, right) for down in range(-12, 13, 6) for right in range(-12, 13, 6))
"""Pixels of a picture with a side of 48."""

UPPER, LOWER = slice(5, 12), slice(12, 23)
"""Rows of a reduced picture: from the brows to the eyes, and from the nose to the chin."""

_CHUNK = 1024
_LIGHT = 3.0
"""Pixels of a reduced picture: what changes more slowly is light, not a face."""

_SHARPNESS = 25
"""How much more a place counts for a better correlation: e to the power of this times it."""


@dataclass(frozen=True, eq=False)
class FaceTemplate:
    """The mean face of pictures that are roughly registered, as FER-2013's are.

    Args:
        mean: float32 `(24, 24)`, the mean of pictures with mean 0 and length 1.
    """

    mean: np.ndarray

    @classmethod
    def of(cls, images: np.ndarray) -> FaceTemplate:
        """Return the mean face of images, uint8 `(n, h, w, 1)`."""
        return cls(_flat(images).mean(axis=0).reshape(WIDTH, WIDTH))

    def measure(self, images: np.ndarray) -> dict[str, np.ndarray]:
        """Measure how faces lie in their pictures.

        Args:
            images: uint8 `(n, h, w, 1)`.

        Returns:
            Name -> float64 `(n,)`: `likeness`, the correlation with the mean face; `tilt`, by how
            many degrees it must be turned to fit best; `off_centre`, by how many pixels it must be
            moved; `size`, how many times as large it must be; `misfit`, what the best turn, move or
            size adds to the correlation. Turn, move and size are means over all that were tried,
            those with better correlation counting more. `upper_face` and `lower_face`: the
            correlation from the brows to the eyes, and from the nose to the chin.
        """
        if not len(images):
            blank = np.zeros((1, WIDTH, WIDTH, 1), np.uint8)
            return {name: values[:0] for name, values in self.measure(blank).items()}
        starts = range(0, len(images), _CHUNK)
        parts = [self._compared(images[at : at + _CHUNK]) for at in starts]
        found = np.concatenate(parts).astype(np.float64)
        found, halves = found[:, :-2], found[:, -2:]
        turns, sizes, moves = np.split(found, np.cumsum([len(TURNS), len(SIZES)]), axis=1)
        upright = turns[:, TURNS.index(0)]
        return {
            "likeness": upright,
            "tilt": np.abs(_fitting(turns, TURNS)),
            "off_centre": _fitting(moves, np.hypot(*np.transpose(MOVES))),
            "size": np.exp(_fitting(sizes, np.log(SIZES))),
            "misfit": found.max(axis=1) - upright,
            "upper_face": halves[:, 0],
            "lower_face": halves[:, 1],
        }

    def _compared(self, images: np.ndarray) -> np.ndarray:
        """Return correlations with all variants and, in the last two columns, of both halves."""
        flat = _flat(images)
        faces, mean = flat.reshape(-1, WIDTH, WIDTH), unit(self.mean.reshape(1, -1))
        mean = mean.reshape(WIDTH, WIDTH)
        halves = [
            (unit(faces[:, rows].reshape(len(flat), -1)) * unit(mean[rows].reshape(1, -1))).sum(1)
            for rows in (UPPER, LOWER)
        ]
        return np.column_stack([flat @ self._variants.T, *halves])

    @cached_property
    def _variants(self) -> np.ndarray:
        """The mean face turned, resized and moved, `(variants, 576)`."""
        variants = [self._changed(turn=turn) for turn in TURNS]
        variants += [self._changed(size=size) for size in SIZES]
        variants += [self._changed(move=move) for move in MOVES]
        return unit(np.stack(variants).reshape(len(variants), -1)).astype(np.float32)

    def _changed(self, *, turn=0.0, size=1.0, move=(0, 0)) -> np.ndarray:
        angle, centre = np.deg2rad(turn), (WIDTH - 1) / 2
        cosine, sine = np.cos(angle), np.sin(angle)
        rows, columns = np.meshgrid(np.arange(WIDTH), np.arange(WIDTH), indexing="ij")
        down = rows - centre - move[0] * WIDTH / SIDE
        right = columns - centre - move[1] * WIDTH / SIDE
        y = (cosine * down - sine * right) / size + centre
        x = (sine * down + cosine * right) / size + centre
        return _between(self.mean, y.clip(0, WIDTH - 1), x.clip(0, WIDTH - 1))


def _between(picture: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Read a picture between its pixels (bilinear)."""
    top, left = (np.minimum(np.floor(each).astype(int), WIDTH - 2) for each in (y, x))
    y, x = y - top, x - left
    upper = picture[top, left] * (1 - x) + picture[top, left + 1] * x
    lower = picture[top + 1, left] * (1 - x) + picture[top + 1, left + 1] * x
    return upper * (1 - y) + lower * y


def _flat(images: np.ndarray) -> np.ndarray:
    """Return reduced pictures without their light: local mean 0, local spread 1, as rows."""
    small = reduced(images[..., 0].astype(np.float32), WIDTH)
    detail = small - _SMOOTH @ small @ _SMOOTH.T
    spread = np.sqrt(np.maximum(_SMOOTH @ detail**2 @ _SMOOTH.T, 0))
    detail /= spread + 0.1 * spread.mean(axis=(1, 2), keepdims=True) + 0.1
    return unit(detail.reshape(len(small), -1))


def _smoothing() -> np.ndarray:
    """Return the matrix that smooths rows by a normal curve."""
    distance = np.subtract.outer(np.arange(WIDTH), np.arange(WIDTH))
    weight = np.exp(-0.5 * (distance / _LIGHT) ** 2)
    return (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)


_SMOOTH = _smoothing()


def _fitting(found: np.ndarray, values) -> np.ndarray:
    weight = np.exp(_SHARPNESS * (found - found.max(axis=1, keepdims=True)))
    return weight @ np.asarray(values, dtype=float) / weight.sum(axis=1)
