"""Which row of FER-2013's CSV each image of a folder is: votes belong to rows.

Kaggle's folders number their files in another way, and saved them as JPEG. So an image is known
by its pixels: it is the row whose picture is nearest, if that is nearer than compression makes it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fer_analysis.errors import FerError

CSVS = ("fer2013.csv", "icml_face_data.csv")
"""What FER-2013's CSV is called; it is searched for beside the votes."""

FARTHEST = 8.0
"""Root-mean-square difference in grey levels up to which two pictures are one: saving as JPEG
changes about 2, two different faces differ by 20 and more."""

_SIDE = 4
"""Side of the blocks whose mean grey levels are compared first."""

_AT_ONCE = 1024


def find_faces(votes: Path, given: str | Path | None) -> Path | None:
    """Return the CSV whose rows the votes belong to: the one given, or the one beside them.

    Raises:
        FerError: If `given` does not exist.
    """
    if given is not None:
        path = Path(given).expanduser()
        if not path.exists():
            raise FerError(f"data.votes_of: {path}: no such file or folder")
        return path
    return next((votes.parent / name for name in CSVS if (votes.parent / name).is_file()), None)


def rows_by_pixels(
    images: np.ndarray, labels: np.ndarray, known: np.ndarray, known_labels: np.ndarray
) -> np.ndarray:
    """Return the position of each image among known ones.

    First among those of the same label, so that one picture under two labels is told apart, then
    among all. Of several images with the same picture each gets its own, as far as there are any.

    Args:
        images: uint8 `(n, size, size, 1)`.
        labels: int64 `(n,)`.
        known: uint8 `(m, size, size, 1)`.
        known_labels: int64 `(m,)`.

    Returns:
        int64 `(n,)`, -1 where none is near enough.
    """
    rows = np.full(len(images), -1)
    for label in np.unique(labels):
        mine, theirs = np.flatnonzero(labels == label), np.flatnonzero(known_labels == label)
        rows[mine] = _nearest(images, mine, known, theirs)
    missing = np.flatnonzero(rows < 0)
    rows[missing] = _nearest(images, missing, known, np.arange(len(known)))
    return rows


def _nearest(images, mine: np.ndarray, known, theirs: np.ndarray) -> np.ndarray:
    """Return which of `known[theirs]` each of `images[mine]` is; -1 where none is near enough."""
    if not len(mine) or not len(theirs):
        return np.full(len(mine), -1)
    copies: dict[bytes, list[int]] = {}
    for row in theirs.tolist():
        copies.setdefault(known[row].tobytes(), []).append(row)
    groups = list(copies.values())
    firsts = np.array([group[0] for group in groups])
    theirs_coarse = _coarse(known[firsts])
    squares = (theirs_coarse**2).sum(axis=1)
    taken = np.zeros(len(groups), dtype=int)
    found = np.full(len(mine), -1)
    for start in range(0, len(mine), _AT_ONCE):
        block = images[mine[start : start + _AT_ONCE]]
        nearest = (squares - 2 * _coarse(block) @ theirs_coarse.T).argmin(axis=1)
        apart = block.astype(np.float32) - known[firsts[nearest]]
        near = np.sqrt((apart**2).mean(axis=(1, 2, 3))) <= FARTHEST
        for place in np.flatnonzero(near).tolist():
            group = nearest[place]
            found[start + place] = groups[group][taken[group] % len(groups[group])]
            taken[group] += 1
    return found


def _coarse(images: np.ndarray) -> np.ndarray:
    """Return the mean grey level of each block of an image, float32 `(n, blocks)`, centred."""
    n, size = images.shape[:2]
    whole = size - size % _SIDE
    blocks = images[:, :whole, :whole].reshape(n, whole // _SIDE, _SIDE, whole // _SIDE, _SIDE)
    return (blocks.mean(axis=(2, 4), dtype=np.float32) - 128).reshape(n, -1)
