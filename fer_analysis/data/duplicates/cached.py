"""The copies in a data set, found once and kept in the cache, for audit and folds."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from fer_analysis.data.cache import cache_folder
from fer_analysis.data.duplicates.search import (
    NO_PAIRS,
    NearPairs,
    duplicate_groups,
    exact_groups,
    near_pairs,
)
from fer_analysis.files import replacing

VERSION = 1
"""Raised whenever the search gives other pairs for the same images."""


@dataclass(frozen=True)
class Copies:
    """Identical images and near-duplicates of a data set.

    Args:
        exact: int64 `(n,)`, position of the first image with the same pixels.
        near: Pairs that show the same photograph though their pixels differ.
    """

    exact: np.ndarray
    near: NearPairs

    @cached_property
    def groups(self) -> np.ndarray:
        """int64 `(n,)`, equal for images that are linked by a chain of copies."""
        return duplicate_groups(self.exact, self.near)


def find_copies(
    images: np.ndarray,
    *,
    cache: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Copies:
    """Find the copies among images, or read them from the cache.

    Args:
        images: uint8 `(n, height, width, 1)`, pixels 0-255.
        cache: Keep the near-duplicates for the next start.
        progress: Called with (done, total) during the search.
    """
    folder = cache_folder() if cache else None
    path = folder and folder / f"copies-{_key(images)}.npz"
    near = _load(path, len(images)) if path else None
    if near is None:
        near = near_pairs(images, progress=progress)
        if path:
            _store(path, near)
    return Copies(exact_groups(images), near)


def declare_no_copies(images: np.ndarray) -> None:
    """Keep in the cache that none of these images is another's near-duplicate.

    For faces that a program drew one by one: alike as they are, they are no copies.

    Args:
        images: As for `find_copies`.
    """
    if folder := cache_folder():
        _store(folder / f"copies-{_key(images)}.npz", NO_PAIRS)


def _key(images: np.ndarray) -> str:
    digest = hashlib.blake2b(f"{VERSION} {images.shape}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(images))
    return digest.hexdigest()


def _load(path: Path, n: int) -> NearPairs | None:
    try:
        if not path.is_file():
            return None
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            near = NearPairs(**{name: file[name] for name in file.files})
        first, second = near.first, near.second
        parts = first, second, near.likeness, near.mirrored
        fits = all(part.shape == first.shape and part.ndim == 1 for part in parts)
        kinds = tuple(part.dtype.kind for part in parts) == ("i", "i", "f", "b")
        inside = not len(first) or (
            first.min() >= 0 and (first < second).all() and second.max() < n
        )
        return near if fits and kinds and inside else None
    # A damaged archive raises many kinds of errors; the search is done again.
    except Exception:
        return None


def _store(path: Path, near: NearPairs) -> None:
    # Without a writable cache all works, only slower; reading the data reports it.
    with contextlib.suppress(OSError), replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **asdict(near))
