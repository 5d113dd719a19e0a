"""Pictures of a data set: faces of every label, and what augmentation makes of them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.figures import plain

GAP = 2
"""White pixels between two faces."""


def samples_figure(dataset, *, per_label: int = 8, seed: int = 0) -> Figure:
    """Draw a row of faces for each label, its number of images in each split beside it.

    Args:
        dataset: A `fer_analysis.data.dataset.FaceDataset`.
        per_label: Faces a label, chosen at random.
        seed: Of the choice.
    """
    rng = np.random.default_rng(seed)
    counts = dataset.counts()
    rows, names = [], []
    for label, name in enumerate(dataset.label_names):
        members = np.flatnonzero(dataset.labels == label)
        chosen = rng.permutation(members)[:per_label]
        rows.append(list(dataset.images[chosen, ..., 0]))
        numbers = [f"{split} {number[label]:,}" for split, number in counts.items()]
        names.append("\n".join([plain(name), *numbers]))
    figure = _grid(rows, per_label, dataset.images.shape[1:3], names)
    splits = ", ".join(f"{number.sum():,} {split}" for split, number in counts.items())
    figure.suptitle(f"{len(dataset):,} images: {splits} (faces chosen at random)", fontsize=10)
    return figure


def augmented_figure(originals: np.ndarray, augmented: np.ndarray) -> Figure:
    """Draw faces in the first column and their augmented versions beside.

    Args:
        originals: uint8 `(r, h, w, 1)`, pixels 0-255.
        augmented: uint8 or float `(r, c, h, w, 1)`, pixels 0-255.
    """
    size = originals.shape[1:3]
    blank = np.full(size, 255.0)
    rows = [
        [original[..., 0], blank, *versions[..., 0]]
        for original, versions in zip(originals, augmented, strict=True)
    ]
    figure = _grid(rows, augmented.shape[1] + 2, size, [""] * len(rows))
    axes = figure.axes[0]
    step = size[1] + GAP
    for column, text in ((0, "original"), (1.5 + augmented.shape[1] / 2, "augmented versions")):
        axes.text(
            column * step + size[1] / 2, -size[0] / 8, text, ha="center", va="bottom", fontsize=10
        )
    return figure


def _grid(rows: list[list], columns: int, size: tuple[int, int], names: list[str]) -> Figure:
    """Draw rows of images as one mosaic: one axes is many times faster than one an image."""
    height, width = size
    mosaic = np.full(
        (max(len(rows), 1) * (height + GAP) - GAP, columns * (width + GAP) - GAP), 255.0
    )
    for r, row in enumerate(rows):
        for c, image in enumerate(row):
            top, left = r * (height + GAP), c * (width + GAP)
            mosaic[top : top + height, left : left + width] = image
    side = 0.95
    margin = 1.3 if any(names) else 0.1
    shape = (columns * side * width / height + margin, len(rows) * side + 0.5)
    figure = Figure(figsize=shape, layout="constrained")
    axes: Axes = figure.subplots()
    axes.imshow(mosaic, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_xticks([])
    ticks = np.arange(len(rows)) * (height + GAP) + (height - 1) / 2
    axes.set_yticks(ticks, names, fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure
