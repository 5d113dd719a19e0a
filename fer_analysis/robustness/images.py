"""Which images of a split are put to the test."""

from __future__ import annotations

import hashlib

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.errors import FerError
from fer_analysis.run import Run
from fer_analysis.statistics.rounding import whole_numbers

LEAST = 500
"""Images that a rule can be fitted on: those of a tenth are 50, the least that it tries."""


def leak_free_part(dataset: FaceDataset, split: str, run: Run | None = None) -> FaceDataset:
    """Return the images of a split that are not among the training images pixel for pixel.

    Args:
        dataset: The data.
        split: Which part of it; of `train`, all images are returned.
        run: The run, whose training images may be others than the data's.
    """
    part = dataset.part(split)
    if split == "train":
        return part
    hashes = part.pixel_hashes()
    leaked = np.zeros(len(part), dtype=bool)
    if dataset.has("train"):
        leaked |= np.isin(hashes, dataset.part("train").pixel_hashes())
    if run is not None:
        among = run.leaked(hashes)
        leaked |= False if among is None else among
    if leaked.all():
        raise FerError(f"all images of split '{split}' are among the training images")
    return part.take(~leaked)


def draw(part: FaceDataset, n: int, seed: int) -> FaceDataset:
    """Draw images at random, each label with its share of the images.

    Keeping the shares leaves the accuracy unbiased, and its Wilson interval a little wide.

    Args:
        part: What to draw from.
        n: How many; all where there are no more.
        seed: Of the draw.
    """
    if n >= len(part):
        return part
    counts = np.bincount(part.labels, minlength=len(part.label_names))
    chosen = whole_numbers(counts / counts.sum(), n)
    order = np.random.default_rng(seed).permutation(len(part))
    rows = [order[part.labels[order] == label][:count] for label, count in enumerate(chosen)]
    return part.take(np.sort(np.concatenate(rows)))


def held_out(
    dataset: FaceDataset, split: str, part: FaceDataset, drawn: FaceDataset
) -> FaceDataset | None:
    """Return clean images that a rule can be fitted on; None where there are too few.

    Args:
        dataset: The data.
        split: The split that is put to the test.
        part: Its leak-free images.
        drawn: Those that were drawn.

    Returns:
        The leak-free validation images, or of `validation` itself those that were not drawn.
    """
    if split != "validation" and dataset.has("validation"):
        rest = leak_free_part(dataset, "validation")
    else:
        rest = part.take(~np.isin(part.ids, drawn.ids))
    return rest if len(rest) >= LEAST else None


def content(part: FaceDataset) -> str:
    """Return a short hash of images and labels."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(np.ascontiguousarray(part.images).tobytes())
    digest.update(part.labels.astype("<i8").tobytes())
    digest.update("\n".join(part.label_names).encode())
    return digest.hexdigest()
