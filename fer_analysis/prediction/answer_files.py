"""Image files in any number, read and answered batch by batch; a bad one is passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fer_analysis.data.readers.image_files import Decoded, decode_all
from fer_analysis.prediction.find_images import Found

if TYPE_CHECKING:
    from fer_analysis.prediction.classifier import Classifier

BATCH = 256
SMALLEST = 8
"""Pixels of a side below which nothing can be a face."""

OBLONG = 1.5
"""Ratio of the sides from which a picture is no face crop."""


class Answer(NamedTuple):
    """What a network says of one file.

    Args:
        found: The file.
        image: uint8 `(size, size, 1)`, what the network saw of it.
        oblong: Whether it was so far from square that the face is out of shape.
        label: The position of the most probable label.
        probabilities: float64 `(k,)`.
        sure: Whether it counts as an answer; None where there is no rule.
    """

    found: Found
    image: np.ndarray
    oblong: bool
    label: int
    probabilities: np.ndarray
    sure: bool | None


class Unreadable(NamedTuple):
    """A file that gave no answer, and why."""

    path: Path
    reason: str


def answer_files(
    classifier: Classifier,
    files: Sequence[Found],
    *,
    batch_size: int = BATCH,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[list[Answer | Unreadable]]:
    """Yield what a network says of files, in their order; memory holds one batch at a time.

    Args:
        classifier: The network.
        files: Images of any size and colour.
        batch_size: Files at a time.
        progress: Called with (files done, files in all).
    """
    for start in range(0, len(files), batch_size):
        batch = files[start : start + batch_size]
        decoded = decode_all([file.path for file in batch], classifier.size)
        yield _answer(classifier, batch, [_checked(each) for each in decoded])
        if progress:
            progress(start + len(batch), len(files))


def _answer(classifier: Classifier, files, decoded) -> list[Answer | Unreadable]:
    good = [face.image[..., None] for face in decoded if isinstance(face, Decoded)]
    answers = iter(_rows(classifier, np.stack(good)) if good else ())
    return [
        Unreadable(file.path, face)
        if isinstance(face, str)
        else Answer(file, face.image[..., None], _oblong(face.shape), *next(answers))
        for file, face in zip(files, decoded, strict=True)
    ]


def _rows(classifier: Classifier, images: np.ndarray) -> Iterator[tuple]:
    answers = classifier(images)
    sure = [None] * len(images) if answers.sure is None else answers.sure.tolist()
    return zip(answers.labels.tolist(), answers.probabilities, sure, strict=True)


def _checked(face: Decoded | str) -> Decoded | str:
    """Refuse what can be read but shows nothing."""
    if isinstance(face, str):
        return face
    height, width = face.shape
    if min(height, width) < SMALLEST:
        return f"{width}x{height} pixels, too small for a face (expected {SMALLEST} at least)"
    if face.image.min() == face.image.max():
        return "one grey all over, shows nothing"
    return face


def _oblong(shape: tuple[int, int]) -> bool:
    return max(shape) >= OBLONG * min(shape)
