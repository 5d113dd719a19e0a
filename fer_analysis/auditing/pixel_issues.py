"""Issues that pixels alone show: blank images, placeholders, drawings.

The rules for placeholders and drawings are suspicions: high-contrast photographs of much black
or white are among what they find, soft drawings are not. Their limits were set by eye on
FER-2013.
"""

from __future__ import annotations

import numpy as np

from fer_analysis.auditing.issues import Issues
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.duplicates.search import FLAT
from fer_analysis.data.duplicates.similarity import contrast

PLAIN, GRADED = 8, (10, 60)
"""Grey levels. A pixel is plain where its 3x3 neighbourhood spans no more than the first; it
belongs to something graded, as photographs are all over, where that spans the others."""

PLACEHOLDER = 0.44
"""Share of plain pixels less that of graded ones from which an image is suspected to be a
placeholder."""

FLAT_COLOUR, SOFT, HARD = 4, (8, 40), 90
"""Grey levels, likewise: even colour; skin; ink next to paper."""

DRAWING = 0.5
"""Share of even and of hard pixels less that of soft ones, in the middle of the image, from
which it is suspected to be no photograph."""

_CHUNK = 2048


def pixel_issues(dataset: FaceDataset) -> list[Issues]:
    """Return blank images, suspected placeholders and suspected drawings, each image once."""
    everyone = np.ones(len(dataset), bool)
    return [
        _ranked(kind, mask, score, everyone, lowest_first=kind == "blank")
        for kind, (mask, score) in _found(dataset.images).items()
    ]


def pixel_flags(images: np.ndarray) -> dict[str, np.ndarray]:
    """Return kind of issue -> which images, uint8 `(n, h, w, 1)`, have it, bool `(n,)`."""
    return {kind: mask for kind, (mask, _) in _found(images).items()}


def _found(images: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    n = len(images)
    plain, drawn = np.zeros(n), np.zeros(n)
    for start in range(0, n, _CHUNK):
        part = slice(start, start + _CHUNK)
        plain[part], drawn[part] = _plain_and_drawn(images[part, ..., 0])
    grey = contrast(images)
    blank = grey < FLAT
    placeholder = ~blank & (plain >= PLACEHOLDER)
    drawing = ~blank & ~placeholder & (drawn >= DRAWING)
    return {
        "blank": (blank, grey),
        "placeholder": (placeholder, plain),
        "not_a_photograph": (drawing, drawn),
    }


def _ranked(kind, mask, score, among, *, lowest_first=False) -> Issues:
    rows = np.flatnonzero(mask)
    order = np.argsort(score[rows] if lowest_first else -score[rows], kind="stable")
    rows = rows[order]
    return Issues(kind, rows, score[rows], among, ranked=True)


def _plain_and_drawn(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how plain each image is, and how much of a drawing it has.

    Args:
        images: uint8 `(n, height, width)`, pixels 0-255.

    Returns:
        Two float64 `(n,)`, from -1 to 1.
    """
    spans = span(images)
    height, width = spans.shape[1:]
    middle = spans[:, height // 8 : height - height // 8, width // 8 : width - width // 8]

    def share(pixels: np.ndarray) -> np.ndarray:
        return pixels.mean(axis=(1, 2))

    def between(pixels: np.ndarray, limits: tuple[int, int]) -> np.ndarray:
        return share((pixels > limits[0]) & (pixels <= limits[1]))

    plain = share(spans <= PLAIN) - between(spans, GRADED)
    drawn = share(middle <= FLAT_COLOUR) + share(middle > HARD) - between(middle, SOFT)
    return plain, drawn


def span(images: np.ndarray) -> np.ndarray:
    """Return what each pixel's 3x3 neighbourhood spans, uint8 `(n, height, width)`."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)), mode="edge")
    height, width = images.shape[1:]
    high = low = None
    for top in range(3):
        for left in range(3):
            window = padded[:, top : top + height, left : left + width]
            high = window.copy() if high is None else np.maximum(high, window, out=high)
            low = window.copy() if low is None else np.minimum(low, window, out=low)
    return high - low
