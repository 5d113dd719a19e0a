"""FaceDataset: faces, labels and the origin of each, checked once on creation."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass

import numpy as np

from fer_analysis.data.pixels import pixel_hash
from fer_analysis.errors import FerError

FER_LABELS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""FER-2013's labels in the order of the CSV's codes 0-6."""

DIVISION = ("train", "validation", "test")
"""Our names of FER-2013's Training, PublicTest and PrivateTest, in this order."""

SPLITS = (*DIVISION, "fold")
"""All splits: `fold` is the part of `train` that a run leaves out on request (`folds.py`)."""

OFFICIAL_SPLITS = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}
OFFICIAL_NAMES = {split: name for name, split in OFFICIAL_SPLITS.items()}
"""Our name of a split -> FER-2013's own."""

_ROWS = 4096
"""Images copied at a time when a split is hashed."""


@dataclass(frozen=True)
class FaceDataset:
    """Faces with their labels.

    Args:
        images: uint8 `(n, height, width, 1)`, pixels 0-255.
        labels: int64 `(n,)`, positions in `label_names`.
        label_names: The labels; FER-2013's always in the order of `FER_LABELS`.
        ids: str `(n,)`, the source's own name for each image: the CSV's row (counted from
            0) or the path relative to the data folder.
        split: str `(n,)`, one of `SPLITS` for each image.
        votes: Optional int64 `(n, k)`, how many annotators chose each of `vote_names`.
            A row of zeros: no votes on this image.
        vote_names: The data set's labels in their order, then extras (contempt, unknown, NF).

    Raises:
        FerError: If shapes, types or values do not fit together.
    """

    images: np.ndarray
    labels: np.ndarray
    label_names: tuple[str, ...]
    ids: np.ndarray
    split: np.ndarray
    votes: np.ndarray | None = None
    vote_names: tuple[str, ...] = ()

    def __post_init__(self):
        n, k = len(self.labels), len(self.label_names)
        object.__setattr__(self, "label_names", tuple(self.label_names))
        object.__setattr__(self, "vote_names", tuple(self.vote_names))
        problems = []
        if self.images.dtype != np.uint8 or self.images.ndim != 4 or self.images.shape[-1] != 1:
            problems.append(
                "images: expected uint8 (n, height, width, 1), "
                f"received {self.images.dtype} {self.images.shape}"
            )
        if not len(self.images) == len(self.ids) == len(self.split) == n:
            problems.append(
                f"lengths differ: {len(self.images)} images, {n} labels, "
                f"{len(self.ids)} ids, {len(self.split)} splits"
            )
        if n and not 0 <= self.labels.min() <= self.labels.max() < k:
            problems.append(f"labels: expected 0 to {k - 1}, received {np.unique(self.labels)}")
        if unknown := set(np.unique(self.split)) - set(SPLITS):
            problems.append(f"split: expected {SPLITS}, received {sorted(unknown)}")
        if self.votes is not None:
            if self.votes.shape != (n, len(self.vote_names)):
                problems.append(
                    f"votes: expected {(n, len(self.vote_names))}, received {self.votes.shape}"
                )
            if self.vote_names[:k] != self.label_names:
                problems.append(f"vote_names: expected {self.label_names} first")
        if problems:
            raise FerError("a data set whose parts do not fit", problems)

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, rows: np.ndarray) -> FaceDataset:
        """Return the images at `rows` (positions or a mask), in that order."""
        return dataclasses.replace(
            self,
            images=self.images[rows],
            labels=self.labels[rows],
            ids=self.ids[rows],
            split=self.split[rows],
            votes=None if self.votes is None else self.votes[rows],
        )

    def part(self, split: str) -> FaceDataset:
        """Return one split.

        Raises:
            FerError: If it has no image.
        """
        if not self.has(split):
            raise FerError(
                f"the data has no '{split}' split (it has: {', '.join(self.splits) or 'none'})"
            )
        return self.take(self.split == split)

    def has(self, split: str) -> bool:
        """Return whether `split` has any image."""
        return bool((self.split == split).any())

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have images, in the order of `SPLITS`."""
        return tuple(name for name in SPLITS if self.has(name))

    def counts(self) -> dict[str, np.ndarray]:
        """Return split -> number of images of each label, int64 `(labels,)`."""
        return {
            name: np.bincount(self.labels[self.split == name], minlength=len(self.label_names))
            for name in self.splits
        }

    def pixel_hashes(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Return a hash of each image's pixels, str `(n,)`: equal for identical images.

        It identifies the same image in different layouts, whose ids differ.

        Args:
            rows: Positions of the images; all if None.
        """
        rows = range(len(self)) if rows is None else rows
        return np.array([pixel_hash(self.images[row]) for row in rows], dtype="U32")

    def fingerprint(self) -> str:
        """Return a short hash of images, labels, label names and splits (not of the ids)."""
        digest = hashlib.blake2b(digest_size=8)
        for start in range(0, len(self), _ROWS):
            digest.update(self.images[start : start + _ROWS].tobytes())
        digest.update(self.labels.astype("<i8").tobytes())
        digest.update(self.split.astype("U10").tobytes())
        digest.update("\n".join(self.label_names).encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def fingerprints(self) -> dict[str, str]:
        """Return split -> a short hash of its images, labels and label names (not of the ids).

        It does not depend on other splits: data without its test split has the same `train`.
        """
        return {name: self._split_fingerprint(name) for name in self.splits}

    def _split_fingerprint(self, split: str) -> str:
        digest = hashlib.blake2b(digest_size=8)
        rows = np.flatnonzero(self.split == split)
        for start in range(0, len(rows), _ROWS):
            digest.update(self.images[rows[start : start + _ROWS]].tobytes())
        digest.update(f"{self.images.shape[1:]}".encode())
        digest.update(self.labels[rows].astype("<i8").tobytes())
        digest.update("\n".join(self.label_names).encode("utf-8", "surrogateescape"))
        return digest.hexdigest()
