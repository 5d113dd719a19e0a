"""One photo as RGB pixels, turned as its camera was held."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_analysis.data.readers.decode import is_deep, on_background, read_image, to_8_bits, upright


def read_photo(path: Path) -> np.ndarray | str:
    """Return a photo as uint8 `(h, w, 3)`, RGB, or a text why it cannot be read.

    The limits are those of `data.readers.decode`: 50 million pixels, 20,000 a side.

    Args:
        path: The file.
    """
    return read_image(path, lambda image: to_rgb(upright(image)))


def to_rgb(image) -> np.ndarray:
    """Return a PIL image as uint8 `(h, w, 3)`; transparent parts become black.

    Raises:
        ValueError: If its pixels are not of 8 or 16 bits.
    """
    if is_deep(image):
        grey, _ = to_8_bits(image)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.mode == "F":
        raise ValueError("pixels of mode F, expected 8 or 16 bits")
    return np.asarray(on_background(image)[0].convert("RGB"))
