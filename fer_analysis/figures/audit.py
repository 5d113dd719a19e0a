"""Contact sheets: the images with one kind of issue."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from fer_analysis.auditing.audit import Audit
from fer_analysis.auditing.issues import KINDS, Issues
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.figures import plain, save
from fer_analysis.figures.style import WIDTH, describe, styled, theme

COLUMNS = 8
"""Tiles per row."""

MOST_IMAGES, MOST_PAIRS = 64, 40
"""Cases per sheet."""

ABOVE = 0.8
"""Inches for the title."""

LINE = 0.11
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


@styled
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
    height, width = dataset.images.shape[1:3]
    inches = (WIDTH - 0.3) / canvas.shape[1]
    high = canvas.shape[0] * inches
    figure = Figure(figsize=(WIDTH, high + ABOVE))
    # Placed manually: a layout engine takes longer than everything else.
    axes = figure.add_axes((0.15 / WIDTH, 0, 1 - 0.3 / WIDTH, high / (high + ABOVE)))
    axes.imshow(canvas, cmap=theme().greys, vmin=0, vmax=255, interpolation="nearest")
    axes.axis("off")
    style = {"fontsize": 6.5, "va": "top", "linespacing": 1.1}
    for case, pictures, (top, left) in zip(shown, rows, corners, strict=True):
        for place, row in enumerate(pictures[pictures >= 0]):
            below = (left + place * width, top + 1.02 * height)
            axes.text(*below, _caption(dataset, row, issues, case, last=not place), **style)
    describe(
        figure,
        f"{issues.kind}: {plain(KINDS[issues.kind], 60)}",
        f"n = {len(issues):,} {'pairs' if pairs else 'images'}, {len(shown):,} shown{how}",
        "below: id, label and split",
        "score: how strong the issue is",
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


def _caption(dataset: FaceDataset, row: int, issues: Issues, case: int, *, last: bool) -> str:
    """Return an image's id, label and split; with `last`, the score of its issue too."""
    label = plain(dataset.label_names[dataset.labels[row]], 11)
    lines = [
        plain(str(dataset.ids[row]).rsplit("/", 1)[-1], 20),
        f"{label}, {dataset.split[row]}",
    ]
    if last:
        lines.append(f"score {issues.score[case]:.2f}")
        if (suggested := issues.suggested[case]) >= 0:
            lines.append(f"suggested {plain(dataset.label_names[suggested], 10)}")
    return "\n".join(lines)


def _tiles(images: np.ndarray) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Join images into one: one axes is many times faster than one for each.

    Args:
        images: uint8 `(t, a, h, w)`, a images side by side in each of t tiles.

    Returns:
        uint8, all of them; (top, left) of each tile.
    """
    tiles, across, height, width = images.shape
    columns = COLUMNS // across
    # Lines for id, label and split, score and suggestion, and a margin.
    step_y, step_x = round(height * (1 + LINE * 5)), across * width + width // 6
    canvas = np.full((-(-tiles // columns) * step_y, columns * step_x), np.nan, np.float32)
    corners = [(i // columns * step_y, i % columns * step_x) for i in range(tiles)]
    for (top, left), tile in zip(corners, images, strict=True):
        canvas[top : top + height, left : left + across * width] = np.concatenate(tile, axis=1)
    return canvas, corners
