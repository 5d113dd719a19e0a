"""Images in any number, read and predicted batch by batch; a bad one is passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from fer_analysis.data.readers.decode import Decoded
from fer_analysis.data.readers.image_files import decode_all
from fer_analysis.data.readers.source import resize
from fer_analysis.prediction.find_images import Found
from fer_analysis.prediction.predictions import Unreadable

if TYPE_CHECKING:
    from fer_analysis.prediction.classifier import Classifier

BATCH = 256
SMALLEST = 8
"""Pixels of a side below which nothing can be a face."""

OBLONG = 1.5
"""Ratio of the sides from which a picture is no face crop."""


class Classified(NamedTuple):
    """A network's output for one image.

    Args:
        source: The file, or the position among the given images.
        image: uint8 `(size, size, 1)`, what the network saw of it.
        oblong: Whether it was so far from square that the face is out of shape.
        label: The position of the most probable label.
        probabilities: float64 `(k,)`.
        unsure: Whether they are below the network's threshold, or the guard refuses the picture;
            None where there is neither.
        reason: Why the guard refuses it; None if it does not.
    """

    source: Found | int
    image: np.ndarray
    oblong: bool
    label: int
    probabilities: np.ndarray
    unsure: bool | None
    reason: str | None


class _Face(NamedTuple):
    """A grey face uint8 `(size, size)`, and the height and width that it had."""

    image: np.ndarray
    shape: tuple[int, int]


def classify(
    classifier: Classifier,
    images: Sequence[Found] | np.ndarray,
    *,
    batch_size: int = BATCH,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[list[Classified | Unreadable]]:
    """Yield a network's outputs for images, in their order; one batch at a time is in memory.

    Args:
        classifier: The network.
        images: Files of any size and colour, or uint8 `(n, h, w)`, `(n, h, w, 1)` or
            `(n, h, w, 3)` (RGB).
        batch_size: Images at a time.
        progress: Called with (images done, images in all).
    """
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        if isinstance(batch, np.ndarray):
            sources: list = list(range(start, start + len(batch)))
            faces = [_face(image, classifier.size) for image in batch]
        else:
            sources = list(batch)
            faces = list(decode_all([file.path for file in batch], classifier.size))
        yield _classify(classifier, sources, [_checked(face) for face in faces])
        if progress:
            progress(start + len(batch), len(images))


def _classify(classifier: Classifier, sources, faces) -> list[Classified | Unreadable]:
    good = [face.image[..., None] for face in faces if not isinstance(face, str)]
    rows = iter(_rows(classifier, np.stack(good)) if good else ())
    return [
        Unreadable(source.path if isinstance(source, Found) else source, face)
        if isinstance(face, str)
        else Classified(source, face.image[..., None], _oblong(face.shape), *next(rows))
        for source, face in zip(sources, faces, strict=True)
    ]


def _rows(classifier: Classifier, images: np.ndarray) -> Iterator[tuple]:
    outputs = classifier(images)
    unsure = [None] * len(images) if outputs.unsure is None else outputs.unsure.tolist()
    labels = outputs.labels.tolist()
    return zip(labels, outputs.probabilities, unsure, outputs.reasons, strict=True)


def _face(image: np.ndarray, size: int) -> _Face:
    if image.ndim == 3 and image.shape[-1] == 3:
        image = np.asarray(Image.fromarray(image).convert("L"))
    grey = image.reshape(image.shape[:2])
    return _Face(resize(grey, size), grey.shape)


def _checked(face: Decoded | _Face | str) -> Decoded | _Face | str:
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
