"""What replaces hidden pixels: the mean face, or the blurred image."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from scipy import ndimage

from fer_analysis.errors import FerError, did_you_mean

Fill = Literal["mean", "blur"]
FILLS = get_args(Fill)
BLUR = 5 / 48
"""Standard deviation of the blur, a share of the image's height: no feature of a face is left."""


def fill(images: np.ndarray, kind: str, face: np.ndarray | None = None) -> np.ndarray:
    """Return what replaces the images' pixels.

    The mean face is the same for all images and independent of the label; the blur keeps an
    image's light and shade, and with it traces of a wide open mouth. Neither is neutral beyond
    doubt: therefore there are two.

    Args:
        images: `(n, h, w, channels)`, pixels 0-255.
        kind: One of `FILLS`.
        face: The mean face, `(h, w, channels)`; by default that of `images`.

    Returns:
        float32 `(n, h, w, channels)`, pixels 0-255.

    Raises:
        FerError: If there is no such fill.
    """
    if kind not in FILLS:
        raise FerError(f"unknown fill '{kind}'{did_you_mean(kind, FILLS)}")
    images = np.asarray(images, np.float32)
    if kind == "mean":
        return np.broadcast_to(mean_face(images) if face is None else face, images.shape)
    width = BLUR * images.shape[1]
    return ndimage.gaussian_filter(images, (0, width, width, 0), mode="nearest")


def mean_face(images: np.ndarray) -> np.ndarray:
    """Return the mean of the images, float32 `(h, w, channels)`."""
    return images.mean(axis=0, dtype=np.float64).astype(np.float32)
