"""The faces with the highest loss."""

from __future__ import annotations

from textwrap import wrap

import numpy as np
from matplotlib.figure import Figure

from fer_analysis.figures import plain
from fer_analysis.figures.style import WIDTH, describe, styled
from fer_analysis.text import percent

COLUMNS = 6


@styled
def top_losses_figure(rows: list[dict], images: np.ndarray, *facts: str) -> Figure:
    """Draw the images of `confusions.top_losses`, the worst first, each with its labels and votes.

    Args:
        rows: What `top_losses` returns.
        images: uint8 `(len(rows), h, w, 1)`.
        *facts: What was evaluated.
    """
    rows_of_faces = max(1, -(-len(rows) // COLUMNS))
    figure = Figure(figsize=(WIDTH, 2.25 * rows_of_faces + 0.8), layout="constrained")
    for axes in (grid := figure.subplots(rows_of_faces, COLUMNS, squeeze=False)).ravel():
        axes.axis("off")
    for axes, row, image in zip(grid.ravel(), rows, images, strict=False):
        axes.imshow(image[..., 0], cmap="gray", vmin=0, vmax=255)
        leaked = " · leaked" if row["leaked"] else ""
        lines = [
            f"{plain(row['id'], 20)}{leaked}",
            f"label: {plain(row['true'], 10)} {percent(row['probability_of_true'])}",
            f"model: {plain(row['predicted'], 10)} {percent(row['probability_of_predicted'], 0)}",
        ]
        if row["votes"]:
            lines += wrap(f"votes: {plain(row['votes'], 60)}", 24)[:2]
        axes.set_title("\n".join(lines), fontsize=7.5, loc="left")
    describe(figure, f"The {len(rows)} images with the highest loss", *facts)
    return figure
