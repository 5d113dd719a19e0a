"""Images in any number, read and predicted batch by batch; a bad one is passed over."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fer_analysis.data.readers.image_files import in_parallel
from fer_analysis.prediction.find_images import Found
from fer_analysis.prediction.look import Seen, look
from fer_analysis.prediction.predictions import Unreadable

if TYPE_CHECKING:
    from fer_analysis.faces.face import Face
    from fer_analysis.prediction.classifier import Classifier

BATCH = 256
WITH_SEARCH = 64
"""Images at a time where some may be searched for faces: that takes longer."""

READABLE = 32
"""Pixels of a face below which it is found but not recognised: at 24, 62 % of the answers are
correct, where 71 % are of large faces."""


class Classified(NamedTuple):
    """A network's output for one face.

    Args:
        source: The file, or the position among the given images.
        image: uint8 `(size, size, 1)`, what the network saw of it.
        seen: Where that comes from.
        label: The position of the most probable label.
        probabilities: float64 `(k,)`.
        unsure: Whether they are below the network's threshold, or the face is too small or cut
            off; None where there is no threshold.
        reason: Why it is unsure, if for another reason than its probability.
        labels: bool `(k,)`, the labels of its set; None where no sets are asked for.
    """

    source: Found | int
    image: np.ndarray
    seen: Seen
    label: int
    probabilities: np.ndarray
    unsure: bool | None
    reason: str | None
    labels: np.ndarray | None = None


def classify(
    classifier: Classifier,
    images: Sequence,
    *,
    faces: str = "auto",
    batch_size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[list[Classified | Unreadable]]:
    """Yield a network's outputs for images, in their order; one batch at a time is in memory.

    Args:
        classifier: The network.
        images: Files (`Found`) of any size and colour, or pictures as `faces.find.as_rgb` takes
            them.
        faces: Which of them are searched for faces, see `look`.
        batch_size: Images at a time.
        progress: Called with (images done, images in all).
    """
    batch_size = batch_size or (BATCH if faces == "never" else WITH_SEARCH)
    shown = functools.partial(look, size=classifier.size, faces=faces)
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        if len(batch) and isinstance(batch[0], Found):
            sources: list = list(batch)
            looked = list(in_parallel(shown, [file.path for file in batch]))
        else:
            sources = list(range(start, start + len(batch)))
            looked = [shown(image) for image in batch]
        yield _classify(classifier, sources, looked)
        if progress:
            progress(start + len(batch), len(images))


def _classify(classifier: Classifier, sources, looked) -> list[Classified | Unreadable]:
    good = [seen.image[..., None] for each in looked if not isinstance(each, str) for seen in each]
    rows = iter(_rows(classifier, np.stack(good)) if good else ())
    results: list[Classified | Unreadable] = []
    for source, each in zip(sources, looked, strict=True):
        if isinstance(each, str):
            results.append(Unreadable(source.path if isinstance(source, Found) else source, each))
            continue
        for seen in each:
            label, probabilities, unsure, reason, labels = next(rows)
            reason = distrusted(seen.face) or reason
            unsure = True if reason else unsure
            image = seen.image[..., None]
            results.append(
                Classified(
                    source=source,
                    image=image,
                    seen=seen,
                    label=label,
                    probabilities=probabilities,
                    unsure=unsure,
                    reason=reason,
                    labels=labels,
                )
            )
    return results


def distrusted(face: Face | None) -> str | None:
    """Return the reason not to trust what is predicted of a face, by where it is, if it has one."""
    if face is None:
        return None
    if face.size < READABLE:
        return f"too small ({face.size:.0f} pixels)"
    return "cut off by the edge" if face.is_cut else None


def _rows(classifier: Classifier, images: np.ndarray) -> Iterator[tuple]:
    outputs = classifier(images)
    unsure = [None] * len(images) if outputs.unsure is None else outputs.unsure.tolist()
    sets = [None] * len(images) if outputs.sets is None else outputs.sets
    labels = outputs.labels.tolist()
    return zip(labels, outputs.probabilities, unsure, outputs.reasons, sets, strict=True)
