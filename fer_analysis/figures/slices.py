"""Pictures of slices: differences within labels, and the faces of the worst slice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.slices import FLAGGED, QUARTERS, Slices
from fer_analysis.figures import plain, save
from fer_analysis.text import percent

COLUMNS, ROWS = 8, 3
LARGEST = 0.15
"""Difference at which the colours end."""


def save_figures(found: Slices, evaluation: Evaluation, images: np.ndarray, folder: Path) -> None:
    """Write `slices.png`, and `worst_slice.png` where a slice is shown to be worse than the rest.

    Args:
        found: The slices.
        evaluation: The predictions that they are made of.
        images: uint8 `(n, h, w, 1)`, in the same order.
        folder: Where the pictures go.
    """
    save(slices_figure(found), folder / "slices.png")
    if len(found.worst):
        save(worst_slice_figure(found, evaluation, images), folder / "worst_slice.png")


def slices_figure(found: Slices) -> Figure:
    """Draw the difference of each quarter to the rest, within labels; bold where it is shown.

    Args:
        found: The slices.
    """
    measures = list(dict.fromkeys(each.measure for each in found.slices))
    present = {each.part for each in found.slices}
    parts = [part for part in (*QUARTERS, FLAGGED) if part in present] or [QUARTERS[0]]
    figure = Figure(figsize=(7.5, 1.4 + 0.3 * max(len(measures), 1)), layout="constrained")
    axes = figure.subplots()
    values = np.full((max(len(measures), 1), len(parts)), np.nan)
    for each in found.slices:
        row, column = measures.index(each.measure), parts.index(each.part)
        value = values[row, column] = each.difference.value
        weight = "bold" if each.shown else "normal"
        text = f"{100 * value:+.1f}{'*' if each.shown else ''}"
        axes.text(column, row, text, ha="center", va="center", fontsize=8, weight=weight)
    shown = axes.imshow(values, cmap="RdYlGn", vmin=-LARGEST, vmax=LARGEST, aspect="auto")
    axes.set_xticks(range(len(parts)), parts, fontsize=8)
    axes.xaxis.tick_top()
    names = [plain(name.replace("_", " ")) for name in measures]
    axes.set_yticks(range(len(measures)), names, fontsize=8)
    axes.tick_params(length=0)
    figure.colorbar(shown, ax=axes, shrink=0.6, label="difference in accuracy, share of 1")
    figure.suptitle(
        f"{plain(found.split)} split, {found.images} (n={found.n:,}): points of accuracy, compared "
        "within labels\n* shown at 5 % after Holm's correction",
        fontsize=9,
    )
    return figure


def worst_slice_figure(found: Slices, evaluation: Evaluation, images: np.ndarray) -> Figure:
    """Draw faces of the worst slice, wrong predictions first, with label and prediction.

    Args:
        found: Slices with a worst one.
        evaluation: The predictions.
        images: uint8 `(n, h, w, 1)`.
    """
    rows = found.worst[: COLUMNS * ROWS]
    figure = Figure(figsize=(1.35 * COLUMNS, 1.75 * ROWS + 0.5), layout="constrained")
    panels = figure.subplots(ROWS, COLUMNS, squeeze=False).ravel()
    for axes in panels:
        axes.axis("off")
    for axes, row in zip(panels, rows, strict=False):
        axes.imshow(images[row, ..., 0], cmap="gray", vmin=0, vmax=255)
        names = (evaluation.labels[row], evaluation.predicted[row])
        true, predicted = (plain(evaluation.label_names[index], 11) for index in names)
        share = percent(float(evaluation.probabilities[row].max()), 0)
        axes.set_title(f"{true}\n→ {predicted} {share}", fontsize=7)
    worst = found.worse[0]
    figure.suptitle(
        f"worst slice: {plain(worst.name, 70)}: {percent(worst.accuracy.value)} of {worst.n:,} "
        f"correct ({100 * worst.difference.value:+.1f} points within labels)",
        fontsize=9,
    )
    return figure
