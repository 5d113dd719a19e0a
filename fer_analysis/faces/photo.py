"""One photo as RGB pixels, turned as its camera was held."""

from __future__ import annotations

from collections.abc import Collection
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


def scaled_by(bits: Collection[int], what: str) -> str:
    """Return a note on pictures of 16 bits that were scaled by a part of them.

    Args:
        bits: Of each, by how many, see `part_of_16_bits`; at least one.
        what: What the pictures are, in the plural.
    """
    low, high = min(bits), max(bits)
    used = low if low == high else f"{low} to {high}"
    return (
        f"{len(bits):,} {what} of 16 bits were scaled by the {used} bits that each uses, as if "
        "none was dark by itself: save dark ones with 8 bits"
    )


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
