"""Pictures of slices: differences within labels, and the faces of the worst slice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.slices import FLAGGED, QUARTERS, Slice, Slices
from fer_analysis.figures import plain, save
from fer_analysis.figures.colours import ink_on
from fer_analysis.figures.facts import of_run
from fer_analysis.figures.style import WIDTH, bare, describe, styled, theme
from fer_analysis.text import estimate, percent, points

COLUMNS, ROWS = 8, 3
LARGEST = 15
"""Difference at which the colours end, points."""


def save_figures(found: Slices, evaluation: Evaluation, images: np.ndarray, folder: Path) -> None:
    """Write `slices.png`, and `worst_slice.png` where a slice is shown to be worse than the rest.

    Args:
        found: The slices.
        evaluation: The predictions that they are made of.
        images: uint8 `(n, h, w, 1)`, in the same order.
        folder: Where the pictures go.
    """
    save(slices_figure(found, evaluation.run, where=evaluation.where), folder / "slices.png")
    if len(found.worst):
        save(worst_slice_figure(found, evaluation, images), folder / "worst_slice.png")


@styled
def slices_figure(found: Slices, run: str = "", where: str = "") -> Figure:
    """Draw the difference of each quarter to the rest, within labels; bold where it is shown.

    Args:
        found: The slices.
        run: Whose predictions they are made of.
        where: Of which split; the slices' own if empty.
    """
    measures = list(dict.fromkeys(each.measure for each in found.slices))
    present = {each.part for each in found.slices}
    parts = [part for part in (*QUARTERS, FLAGGED) if part in present] or [QUARTERS[0]]
    figure = Figure(figsize=(WIDTH, 2.1 + 0.42 * max(len(measures), 1)), layout="constrained")
    axes = figure.subplots()
    values = np.full((max(len(measures), 1), len(parts)), np.nan)
    for each in found.slices:
        row, column = measures.index(each.measure), parts.index(each.part)
        values[row, column] = 100 * each.difference.value
    limits = {"vmin": -LARGEST, "vmax": LARGEST}
    shown = axes.imshow(values, cmap=theme().diverging, aspect="auto", **limits)
    for each in found.slices:
        row, column = measures.index(each.measure), parts.index(each.part)
        _cell(axes, row, column, each, ink_on(shown.cmap(shown.norm(values[row, column]))[:3]))
    axes.set_xticks(range(len(parts)), parts)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(measures)), [plain(name.replace("_", " ")) for name in measures])
    bare(axes)
    bar = figure.colorbar(shown, ax=axes, shrink=0.8, extend="both", pad=0.02)
    bar.set_label("points of accuracy; blue: worse than the rest, red: better")
    bar.outline.set_visible(False)
    describe(
        figure,
        "Accuracy of each slice compared with the rest, within labels",
        of_run(run),
        plain(where, 60) or f"{plain(found.split)} split",
        f"n = {found.n:,} {found.images}",
        "in points [95 % interval]; n: images of the slice",
        "bold with *: shown at 5 % after Holm's correction",
    )
    return figure


def _cell(axes: Axes, row: int, column: int, each: Slice, ink: str) -> None:
    value, ends = each.difference.value, each.difference.interval
    text = f"{100 * value:+.1f}{'*' if each.shown else ''}"
    if ends:
        text += f" [{100 * ends[0]:+.0f} to {100 * ends[1]:+.0f}]"
    weight = "bold" if each.shown else "normal"
    style = {"fontsize": 7.5, "weight": weight, "color": ink}
    axes.text(column, row, f"{text}\nn={each.n:,}", ha="center", va="center", **style)


@styled
def worst_slice_figure(found: Slices, evaluation: Evaluation, images: np.ndarray) -> Figure:
    """Draw faces of the worst slice, wrong predictions first, with label and prediction.

    Args:
        found: Slices with a worst one.
        evaluation: The predictions.
        images: uint8 `(n, h, w, 1)`.
    """
    rows = found.worst[: COLUMNS * ROWS]
    figure = Figure(figsize=(WIDTH, 1.72 * ROWS + 0.8), layout="constrained")
    panels = figure.subplots(ROWS, COLUMNS, squeeze=False).ravel()
    for axes in panels:
        axes.axis("off")
    for axes, row in zip(panels, rows, strict=False):
        axes.imshow(images[row, ..., 0], cmap="gray", vmin=0, vmax=255)
        names = (evaluation.labels[row], evaluation.predicted[row])
        true, predicted = (plain(evaluation.label_names[index], 11) for index in names)
        share = percent(float(evaluation.probabilities[row].max()), 0)
        axes.set_title(f"{true}\n→ {predicted} {share}", fontsize=8)
    worst = found.worse[0]
    describe(
        figure,
        f"Faces of the worst slice: {plain(worst.name, 70)}",
        of_run(evaluation.run),
        plain(evaluation.where, 60),
        f"n = {worst.n:,} images of the slice, {len(rows)} shown, wrong predictions first",
        f"{estimate(worst.accuracy)} correct",
        f"{points(worst.difference.value, worst.difference.interval)} points within labels",
        "label, then prediction and its probability as predicted (temperature 1)",
    )
    return figure
