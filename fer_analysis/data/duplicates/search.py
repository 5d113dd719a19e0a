"""Duplicates: identical pixels, or the same photograph mirrored, shifted, compressed, scaled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fer_analysis.data.duplicates.similarity import (
    SIDE,
    aligned_likeness,
    contrast,
    mirror_signatures,
    signatures,
)
from fer_analysis.data.readers.source import resize

CANDIDATE = 0.66
"""Product of two signatures from which a pair is compared closely. Of planted copies of
FER-2013's faces (mirrored, shifted up to 3 pixels, JPEG quality 20, contrast, zoom of 5 %) 99 %
and more are above it, of all pairs of FER-2013 2 in 100,000."""

NEAR = 0.88
"""Likeness from which a pair is the same photograph. FER-2013's candidates have a minimum
there: from .88 to .90 about 2 of 50 pairs were two photographs on inspection, from .86 to .88 6 of
50, from .82 to .84 more than half."""

FLAT = 8.0
"""Grey levels: images whose pixels' standard deviation is less are not compared."""

MOST = 50
"""Candidates that are followed up for each image among `_WIDTH` others, the most alike. On
FER-2013 the limit changes nothing; if all images are alike (frames of a film) every pair would
be a candidate, and most of them are not needed to link copies to groups."""

_BLOCK, _WIDTH, _PAIRS = 2048, 8192, 512
"""Images compared at a time, and pairs aligned at a time."""


@dataclass(frozen=True)
class NearPairs:
    """Pairs of images, not identical, that show the same photograph.

    Of identical images only the first one is in pairs.

    Args:
        first: int64 `(p,)`, positions of images; always less than `second`.
        second: int64 `(p,)`.
        likeness: float32 `(p,)`, from `NEAR` to 1.
        mirrored: bool `(p,)`, whether one is the other's mirror image.
    """

    first: np.ndarray
    second: np.ndarray
    likeness: np.ndarray
    mirrored: np.ndarray

    def __len__(self) -> int:
        return len(self.first)


NO_PAIRS = NearPairs(*(np.zeros(0, kind) for kind in (np.int64, np.int64, np.float32, bool)))


def exact_groups(images: np.ndarray) -> np.ndarray:
    """Number groups of identical images.

    Args:
        images: uint8 `(n, ...)`, pixels 0-255.

    Returns:
        int64 `(n,)`, the position of the first image with the same pixels.
    """
    if not images.size:
        return np.arange(len(images))
    # Bytes as one value each: equal values are equal images, without hash collisions.
    rows = np.ascontiguousarray(images).reshape(len(images), -1)
    whole = rows.view(np.dtype((np.void, rows.shape[1]))).ravel()
    _, first, group = np.unique(whole, return_index=True, return_inverse=True)
    return first[group]


def near_pairs(
    images: np.ndarray, *, progress: Callable[[int, int], None] | None = None
) -> NearPairs:
    """Find all pairs that show the same photograph though their pixels differ.

    Every image is compared with every other and its mirror image by a signature that does not
    depend on small shifts; similar ones are aligned and correlated (see `similarity.py`).

    Args:
        images: uint8 `(n, height, width, 1)`, pixels 0-255; compared at 48x48.
        progress: Called with (done, total).
    """
    rows = np.unique(exact_groups(images))
    rows = rows[contrast(images[rows]) >= FLAT]
    if not len(rows):
        return NO_PAIRS
    faces = np.stack([resize(images[row, ..., 0], SIDE) for row in rows])
    first, second, mirrored = _candidates(signatures(faces), progress)
    likeness = np.zeros(len(first), np.float32)
    for start in range(0, len(first), _PAIRS):
        part = slice(start, start + _PAIRS)
        ours = faces[first[part]]
        ours = np.where(mirrored[part, None, None], ours[:, :, ::-1], ours)
        likeness[part] = aligned_likeness(ours, faces[second[part]])
    return _best_of_each_pair(rows[first], rows[second], likeness, mirrored)


def _candidates(
    marks: np.ndarray, progress: Callable[[int, int], None] | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (first, second, mirrored) of all pairs whose signatures are alike."""
    n = len(marks)
    plain = marks.reshape(n, -1)
    found = []
    for start in range(0, n, _BLOCK):
        block = marks[start : start + _BLOCK]
        for mirrored, query in enumerate((block, mirror_signatures(block))):
            query = np.ascontiguousarray(query).reshape(len(block), -1)
            # Similarity is symmetric, also with a mirror image: half of the matrix is enough.
            for left in range(start, n, _WIDTH):
                likeness = query @ plain[left : left + _WIDTH].T
                row, column = _strongest(likeness)
                row, column = row + start, column + left
                upper = row < column
                found.append((row[upper], column[upper], np.full(upper.sum(), bool(mirrored))))
        if progress:
            progress(min(start + _BLOCK, n), n)
    return tuple(map(np.concatenate, zip(*found, strict=True)))


def _strongest(likeness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (row, column) of the candidates in a block, at most `MOST` a row."""
    row, column = np.divmod(np.flatnonzero(likeness >= CANDIDATE), likeness.shape[1])
    count = np.bincount(row, minlength=1)
    if count.max() <= MOST:
        return row, column
    order = np.lexsort((-likeness[row, column], row))
    rank = np.arange(len(row)) - (np.cumsum(count) - count)[row]
    order = order[rank < MOST]
    return row[order], column[order]


def _best_of_each_pair(first, second, likeness, mirrored) -> NearPairs:
    """Keep pairs that are alike enough, each in the better of its two orientations."""
    keep = likeness >= NEAR
    first, second, likeness, mirrored = (a[keep] for a in (first, second, likeness, mirrored))
    order = np.lexsort((-likeness, second, first))
    first, second, likeness, mirrored = (a[order] for a in (first, second, likeness, mirrored))
    new = np.ones(len(first), bool)
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return NearPairs(first[new], second[new], likeness[new], mirrored[new])


def duplicate_groups(exact: np.ndarray, pairs: NearPairs) -> np.ndarray:
    """Join identical images and near-duplicate pairs to groups.

    Args:
        exact: `exact_groups` of the images.
        pairs: `near_pairs` of the images.

    Returns:
        int64 `(n,)`, equal for images that are linked by a chain of copies.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(exact)
    tail = np.concatenate([np.arange(n), pairs.first])
    head = np.concatenate([exact, pairs.second])
    graph = coo_array((np.ones(len(tail), bool), (tail, head)), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)
