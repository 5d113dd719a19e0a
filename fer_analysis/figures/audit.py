"""Contact sheets: the images with one kind of issue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from fer_analysis.auditing.audit import Audit
from fer_analysis.auditing.issues import KINDS, Issues
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.figures import plain, save

COLUMNS = 8
"""Tiles per row."""

MOST_IMAGES, MOST_PAIRS = 64, 40
"""Cases per sheet."""

LINE = 0.13
"""Height of a line of text below a tile, as a share of an image's."""


def save_figures(audit: Audit, folder: Path, *, seed: int = 0) -> None:
    """Write a contact sheet of each kind of issue that was found; earlier ones are removed.

    Args:
        audit: An audit that was just made, with its data.
        folder: Where to.
        seed: Of the choice of images.
    """
    for kind in KINDS:
        (folder / f"{kind}.png").unlink(missing_ok=True)
    for issues in audit.groups:
        if len(issues):
            save(contact_sheet(audit.dataset, issues, seed=seed), folder / f"{issues.kind}.png")


def contact_sheet(dataset: FaceDataset, issues: Issues, *, seed: int = 0) -> Figure:
    """Draw images with an issue, each with its id, label and split; pairs side by side.

    Of more issues than fit, the strongest are shown if they are ranked, else a random choice.

    Args:
        dataset: The data.
        issues: Issues of one kind in it, not empty.
        seed: Of the choice.
    """
    pairs = issues.has_partners
    shown, how = _choice(issues, MOST_PAIRS if pairs else MOST_IMAGES, seed)
    rows = np.stack([issues.rows, issues.partner], axis=1)[shown, : 2 if pairs else 1]
    canvas, corners = _tiles(dataset.images[rows, ..., 0])
    height = dataset.images.shape[1]
    inches = 0.9 / height  # an image is about an inch high, whatever its size in pixels
    wide, high = canvas.shape[1] * inches, canvas.shape[0] * inches
    figure = Figure(figsize=(wide + 0.3, high + 0.7))
    # Placed manually: a layout engine takes longer than everything else.
    axes = figure.add_axes((0.2 / (wide + 0.3), 0, wide / (wide + 0.3), high / (high + 0.7)))
    axes.imshow(canvas, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.axis("off")
    for case, (top, left) in zip(shown, corners, strict=True):
        axes.text(
            left, top + 1.02 * height, _caption(dataset, issues, case), fontsize=5.5, va="top"
        )
    figure.suptitle(
        f"{issues.kind}: {plain(KINDS[issues.kind], 60)}\n"
        f"{len(shown):,} of {len(issues):,} {'pairs' if pairs else 'images'} shown{how}",
        fontsize=10,
        y=1 - 0.1 / (high + 0.7),
        va="top",
    )
    return figure


def _choice(issues: Issues, most: int, seed: int) -> tuple[np.ndarray, str]:
    """Return which cases are shown, int64 `(t,)`, and how they were chosen, as text."""
    total = len(issues)
    if total <= most:
        return np.arange(total), ""
    if issues.ranked:
        return np.arange(most), ", the strongest"
    return np.sort(np.random.default_rng(seed).permutation(total)[:most]), ", chosen at random"


def _caption(dataset: FaceDataset, issues: Issues, case: int) -> str:
    rows = [row for row in (issues.rows[case], issues.partner[case]) if row >= 0]
    lines = [
        f"{plain(str(dataset.ids[row]).rsplit('/', 1)[-1], 22)}: "
        f"{plain(dataset.label_names[dataset.labels[row]], 10)}, {dataset.split[row]}"
        for row in rows
    ]
    suggested = issues.suggested[case]
    rather = f", suggested {plain(dataset.label_names[suggested], 10)}" if suggested >= 0 else ""
    return "\n".join([*lines, f"score {issues.score[case]:.2f}{rather}"])


def _tiles(images: np.ndarray) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Join images into one: one axes is many times faster than one for each.

    Args:
        images: uint8 `(t, a, h, w)`, a images side by side in each of t tiles.

    Returns:
        uint8, all of them; (top, left) of each tile.
    """
    tiles, across, height, width = images.shape
    columns = COLUMNS // across
    # A line for each image, one for the score, and a margin.
    step_y, step_x = round(height * (1 + LINE * (across + 2))), across * width + width // 6
    canvas = np.full((-(-tiles // columns) * step_y, columns * step_x), 255, np.uint8)
    corners = [(i // columns * step_y, i % columns * step_x) for i in range(tiles)]
    for (top, left), tile in zip(corners, images, strict=True):
        canvas[top : top + height, left : left + across * width] = np.concatenate(tile, axis=1)
    return canvas, corners
