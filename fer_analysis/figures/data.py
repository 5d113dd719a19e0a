"""Pictures of a data set: faces of every label, and their augmented versions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.data.augmentation import Augmentation
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.figures import plain, save
from fer_analysis.figures.conditions import conditions_figure
from fer_analysis.figures.style import WIDTH, describe, styled, theme
from fer_analysis.text import short

GAP = 2
"""Empty pixels between two faces."""

TALLEST = 20
"""Inches of a mosaic: many rows are smaller."""

NAMES = 1.6
"""Inches for the names at the left."""

MOST_ROWS = 32
"""Labels in one picture of samples; of more, the most frequent are shown."""

LONGEST_NAME = 24
"""Characters of a label's name next to its faces."""


def save_figures(
    dataset: FaceDataset,
    folder: Path,
    *,
    augmentation: Augmentation | None = None,
    conditions: bool = False,
) -> list[Path]:
    """Draw `samples.png`; on request, `augmented.png` and `conditions.png`.

    Args:
        dataset: The faces.
        folder: Where the pictures go.
        augmentation: What `augmented.png` shows the effect of.
        conditions: Draw the data's middle face under every condition too.

    Returns:
        The files that were written.
    """
    files = [folder / "samples.png"]
    save(samples_figure(dataset), files[0])
    if augmentation:
        files.append(folder / "augmented.png")
        save(augmented_figure(*augmentation.examples(dataset)), files[-1])
    if conditions:
        files.append(folder / "conditions.png")
        save(conditions_figure(dataset.images[len(dataset) // 2]), files[-1])
    return files


@styled
def samples_figure(dataset: FaceDataset, *, per_label: int = 8, seed: int = 0) -> Figure:
    """Draw a row of faces for each label, with its number of images in each split.

    Args:
        dataset: The faces.
        per_label: Faces a label, chosen at random.
        seed: Of the choice.
    """
    rng = np.random.default_rng(seed)
    counts = dataset.counts()
    total = np.bincount(dataset.labels, minlength=len(dataset.label_names))
    shown = np.sort(np.argsort(-total, kind="stable")[:MOST_ROWS])
    rows = []
    for label in shown:
        members = np.flatnonzero(dataset.labels == label)
        rows.append(list(dataset.images[rng.permutation(members)[:per_label], ..., 0]))
    figure, axes = _mosaic(rows, dataset.images.shape[1:3], columns=per_label)
    for row, label in enumerate(shown):
        middle = (row + 0.5) * (dataset.images.shape[1] + GAP)
        numbers = "\n".join(f"{split} {count[label]:,}" for split, count in counts.items())
        name = short(dataset.label_names[label], LONGEST_NAME)
        axes.text(-3, middle - 2, plain(name), ha="right", va="bottom", weight="bold")
        axes.text(-3, middle, numbers, ha="right", va="top", fontsize=8)
    some = f"the {MOST_ROWS} most frequent of {len(total):,} labels"
    describe(
        figure,
        "Faces of every label",
        f"n = {len(dataset):,} images",
        *(f"{count.sum():,} {split}" for split, count in counts.items()),
        f"faces chosen at random, seed {seed}",
        some if len(shown) < len(total) else "",
    )
    return figure


@styled
def augmented_figure(originals: np.ndarray, augmented: np.ndarray) -> Figure:
    """Draw faces in the first column and their augmented versions in the others.

    Args:
        originals: uint8 `(r, h, w, 1)`, pixels 0-255.
        augmented: uint8 or float `(r, c, h, w, 1)`, pixels 0-255.
    """
    height, width = originals.shape[1:3]
    between = np.full((height, width // 4), np.nan)
    rows = [
        [original[..., 0], between, *versions[..., 0]]
        for original, versions in zip(originals, augmented, strict=True)
    ]
    figure, axes = _mosaic(rows, (height, width))
    left = width + GAP + width // 4 + GAP
    right = left + augmented.shape[1] * (width + GAP)
    for middle, text in ((width / 2, "original"), ((left + right) / 2, "augmented")):
        axes.text(middle, -height / 12, text, ha="center", va="bottom")
    count = f"n = {len(originals)} training images, {augmented.shape[1]} versions of each"
    describe(figure, "What augmentation shows the network", count)
    return figure


def _mosaic(
    rows: list[list[np.ndarray]], size: tuple[int, int], *, columns: int = 0
) -> tuple[Figure, Axes]:
    """Draw rows of images as one: one axes is many times faster than one for each image.

    With `columns`, every row has room for that many, and for text at the left.
    """
    height, width = size
    total = max([columns * (width + GAP), *(sum(i.shape[1] + GAP for i in row) for row in rows)])
    canvas = np.full((len(rows) * (height + GAP), total), np.nan)
    for index, row in enumerate(rows):
        top, left = index * (height + GAP), 0
        for image in row:
            canvas[top : top + height, left : left + image.shape[1]] = image
            left += image.shape[1] + GAP
    beside = NAMES if columns else 0.2
    inches = min((WIDTH - beside - 0.2) / canvas.shape[1], TALLEST / canvas.shape[0])
    shape = (WIDTH, canvas.shape[0] * inches + 1.1)
    figure = Figure(figsize=shape, layout="constrained")
    axes = figure.subplots()
    axes.imshow(canvas, cmap=theme().greys, vmin=0, vmax=255, interpolation="nearest")
    axes.axis("off")
    return figure, axes
