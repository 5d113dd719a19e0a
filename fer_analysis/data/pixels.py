"""Hashes of an image's pixels, by which it is known again whatever its id is."""

from __future__ import annotations

import hashlib

import numpy as np

DIGITS = 12
"""Of the hash, in a mark."""


def pixel_hash(image: np.ndarray) -> str:
    """Return a hash of an image's pixels, 32 hexadecimal digits: equal for identical images."""
    return hashlib.blake2b(image.tobytes(), digest_size=16).hexdigest()


def pixel_mark(image: np.ndarray) -> str:
    """Return what a list of faces says of an image `(h, w, ...)`: `48x48-1f2e3d4c5b6a`.

    The size belongs to it: images that were read at another size have other pixels.
    """
    height, width = image.shape[:2]
    return f"{width}x{height}-{pixel_hash(image)[:DIGITS]}"


def same_size(mark: str, other: str) -> bool:
    """Tell whether two marks can be compared: those of images of one size; an empty one cannot."""
    return bool(mark) and mark.partition("-")[0] == other.partition("-")[0]


def differ(mark: str, other: str) -> bool:
    """Tell whether two marks are of different images; those of two sizes may be of the same."""
    return same_size(mark, other) and mark != other
