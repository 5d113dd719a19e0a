"""Gaps of a data set: images that show nothing, labels without images."""

from __future__ import annotations

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.readers.source import few

LEAST_RANGE = 16
"""Grey levels between an image's darkest and brightest pixel below which it shows nothing."""

BLACK, WHITE = 8, 247
"""Mean grey levels below and above which an image is nearly black or white."""

_CHUNK = 4096


def blank(images: np.ndarray) -> np.ndarray:
    """Return which images are nearly black, nearly white or of nearly one grey, bool `(n,)`.

    Args:
        images: uint8 `(n, h, w, 1)`, pixels 0-255.
    """
    result = np.zeros(len(images), dtype=bool)
    for start in range(0, len(images), _CHUNK):
        pixels = images[start : start + _CHUNK].reshape(len(images[start : start + _CHUNK]), -1)
        mean = pixels.mean(axis=1, dtype=np.float32)
        flat = pixels.max(axis=1) - pixels.min(axis=1) < LEAST_RANGE
        result[start : start + _CHUNK] = flat | (mean < BLACK) | (mean > WHITE)
    return result


def blank_notices(images: np.ndarray, ids: np.ndarray) -> tuple[str, ...]:
    """Return a notice of how many images show nothing, with the first of them."""
    rows = np.flatnonzero(blank(images))
    if not len(rows):
        return ()
    most = ": are the files what they should be?" if 2 * len(rows) > len(images) else ""
    return (
        f"{len(rows):,} of {len(images):,} images are nearly black, nearly white or all of one "
        f"grey ({few(ids[rows].tolist(), 3)}){most}",
    )


def label_notices(dataset: FaceDataset) -> tuple[str, ...]:
    """Return a notice of each of train and test in which labels have no image."""
    notices = []
    for split, counts in dataset.counts().items():
        names = [name for name, n in zip(dataset.label_names, counts, strict=True) if not n]
        if names and split in ("train", "test"):
            what = "training images" if split == "train" else "test images"
            notices.append(f"labels without {what}: {few(names, 7)}")
    return tuple(notices)
