"""Test-time augmentation: predictions averaged over mirrored and shifted views."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

VIEW_SHIFTS = ((0, 0), (-2, 0), (2, 0), (0, -2), (0, 2))
"""Rows and columns, in pixels, by which test-time augmentation shifts an image."""


def over_views(predict: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """Return `predict` averaged over test-time augmentation: five places, mirrored and not.

    Args:
        predict: What `models.predict.predictor` returns.

    Returns:
        A function of the same arguments, ten times as long.
    """

    def averaged(images: np.ndarray, progress: Callable[[int, int], None] | None = None):
        shown, total = [], 2 * len(VIEW_SHIFTS) * len(images)
        for mirrored in (images, images[:, :, ::-1]):
            for rows, columns in VIEW_SHIFTS:
                shown.append(predict(_shifted(mirrored, rows, columns)))
                if progress:
                    progress(len(shown) * len(images), total)
        return np.mean(shown, axis=0)

    return averaged


def _shifted(images: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Shift images by whole pixels; the edge is repeated."""
    margin = max(abs(rows), abs(columns))
    height, width = images.shape[1:3]
    padded = np.pad(images, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="edge")
    top, left = margin - rows, margin - columns
    return padded[:, top : top + height, left : left + width]
