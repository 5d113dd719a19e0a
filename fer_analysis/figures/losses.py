"""The faces with the highest loss."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from fer_analysis.figures import plain
from fer_analysis.text import percent

COLUMNS = 6


def top_losses_figure(rows: list[dict], images: np.ndarray, title: str) -> Figure:
    """Draw the images of `confusions.top_losses`, the worst first, each with its labels and votes.

    Args:
        rows: What `top_losses` returns.
        images: uint8 `(len(rows), h, w, 1)`.
        title: What was evaluated.
    """
    rows_of_faces = max(1, -(-len(rows) // COLUMNS))
    figure = Figure(figsize=(1.9 * COLUMNS, 2.5 * rows_of_faces + 0.5), layout="constrained")
    for axes in (grid := figure.subplots(rows_of_faces, COLUMNS, squeeze=False)).ravel():
        axes.axis("off")
    for axes, row, image in zip(grid.ravel(), rows, images, strict=False):
        axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255)
        leaked = " · leaked" if row["leaked"] else ""
        lines = [
            f"{plain(row['id'], 24)}{leaked}",
            f"label: {plain(row['true'], 12)} ({percent(row['probability_of_true'])})",
            f"model: {plain(row['predicted'], 12)} ({percent(row['probability_of_predicted'], 0)})",
        ]
        if row["votes"]:
            lines.append(f"votes: {plain(row['votes'], 24)}")
        axes.set_title("\n".join(lines), fontsize=7, loc="left")
    figure.suptitle(title, fontsize=10)
    return figure
