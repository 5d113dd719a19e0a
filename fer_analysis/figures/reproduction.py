"""The paper's figures from our results, at the width of a journal's column."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.figures import plain
from fer_analysis.figures.evaluation import draw_matrix
from fer_analysis.figures.map_on_face import (
    cover,
    densities,
    draw_face,
    draw_mean,
    scale_bar,
    scale_of,
)
from fer_analysis.figures.structure import structure_figure
from fer_analysis.figures.style import COLUMN_FONTS, bare, styled, theme
from fer_analysis.figures.writing import COLUMN, PAGE, fit
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.text import percent

FACES = 8
"""Faces of each label among the samples."""


@styled
def sample_faces(dataset: FaceDataset, remarks: Sequence[str], *, seed: int = 0) -> Figure:
    """Draw training faces of every label, chosen at random.

    Args:
        dataset: The faces.
        remarks: What has to be said with the figure.
        seed: Of the choice.
    """
    train, rng = dataset.part("train"), np.random.default_rng(seed)
    labels = range(len(train.label_names))
    height, width = train.images.shape[1:3]
    gap = max(1, height // 24)
    canvas = np.full((len(labels) * (height + gap) - gap, FACES * (width + gap) - gap), 255.0)
    for label in labels:
        members = rng.permutation(np.flatnonzero(train.labels == label))[:FACES]
        for column, member in enumerate(members):
            top, left = label * (height + gap), column * (width + gap)
            canvas[top : top + height, left : left + width] = train.images[member, ..., 0]
    with rc_context(COLUMN_FONTS):
        figure = Figure(figsize=(COLUMN, 0.36 * len(labels) + 0.45), layout="constrained")
        axes = figure.subplots()
        axes.imshow(canvas, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        counts = np.bincount(train.labels, minlength=len(labels))
        names = [f"{plain(n, 16)}\n{c:,}" for n, c in zip(train.label_names, counts, strict=True)]
        axes.set_yticks([(height + gap) * label + height / 2 for label in labels], names)
        axes.set_xticks([])
        bare(axes)
        said = ("training images, their number below the label",)
        return _remarked(figure, (*said, f"{FACES} a label at random, seed {seed}", *remarks))


@styled
def network_structure(rows: Sequence, name: str, remarks: Sequence[str]) -> Figure:
    """Draw a network's layers.

    Args:
        rows: See `structure_figure`.
        name: The network's.
        remarks: What has to be said with the figure.
    """
    figure = structure_figure(rows, name=name)
    fit(figure, PAGE)
    with rc_context(COLUMN_FONTS):
        return _remarked(figure, remarks, width=185)


@styled
def curve(
    history: Sequence[dict],
    figure_of: str,
    *,
    name: str,
    best_epoch: int | None,
    remarks: Sequence[str],
) -> Figure:
    """Draw the loss or the accuracy by epoch: training blue, held-out images orange.

    Args:
        history: One row an epoch, as in a run's `history.csv`.
        figure_of: `loss` or `accuracy`.
        name: The network's.
        best_epoch: The epoch that was chosen; None where the last one is kept.
        remarks: What has to be said with the figure.
    """
    epochs = [row["epoch"] for row in history]
    with rc_context(COLUMN_FONTS):
        figure = Figure(figsize=(COLUMN, 2.6), layout="constrained")
        axes = figure.subplots()
        for key, label, colour, line in (
            (figure_of, "training", theme().training, "-"),
            (f"validation_{figure_of}", "held-out (validation)", theme().held_out, "--"),
        ):
            values = np.array([row[key] for row in history], float)
            values[~np.isfinite(values)] = np.nan
            marker = "o" if len(epochs) <= 15 else None
            axes.plot(epochs, values, line, color=colour, label=label, marker=marker, markersize=3)
        kept = "last epoch kept"
        if best_epoch is not None:
            kept, dots = f"epoch {best_epoch} kept", {"linewidth": 0.8, "linestyle": ":"}
            axes.axvline(best_epoch, color=theme().reference, zorder=0, **dots)
        axes.set_title(f"{name}: {figure_of} by epoch ({kept})")
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss, nats an image" if figure_of == "loss" else "accuracy")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if figure_of == "accuracy":
            axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
        axes.grid()
        axes.legend()
        return _remarked(figure, remarks)


@styled
def confusion_counts(evaluation: Evaluation, name: str, remarks: Sequence[str]) -> Figure:
    """Draw the confusion matrix in counts: rows are true labels, columns predicted ones.

    Args:
        evaluation: The predictions.
        name: The network's.
        remarks: What has to be said with the figure.
    """
    counts, k = evaluation.confusion, len(evaluation.label_names)
    # A cell's colour is its share of the true label, so that rare labels are seen too.
    shares = np.nan_to_num(evaluation.row_normalised_confusion)
    texts = [[f"{count:,}" for count in row] for row in counts]
    with rc_context(COLUMN_FONTS):
        figure = Figure(figsize=(COLUMN, 3.7), layout="constrained")
        axes = figure.subplots()
        draw_matrix(axes, shares, texts, 1, size=6.5 if k <= 8 else 4)
        names = [plain(label, 12) for label in evaluation.label_names]
        axes.set_xticks(range(k), names, rotation=40, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(k), names)
        axes.set_xlabel("predicted label")
        axes.set_ylabel("true label")
        correct, n = int(evaluation.correct.sum()), len(evaluation)
        axes.set_title(f"{name}: {correct:,} of {n:,} correct ({percent(correct / n)})")
        said = "counts; colour: share of the true label"
        return _remarked(figure, (said, *remarks))


@styled
def saliency_faces(
    analysis: SaliencyAnalysis,
    faces: dict[str, int | None],
    *,
    name: str,
    rule: str,
    remarks: Sequence[str],
) -> Figure:
    """Draw one face of each label, its map, and the mean map of the label.

    Args:
        analysis: The maps.
        faces: Label -> the position of its face in `analysis.maps`; None for none.
        name: The network's.
        rule: How the faces were chosen.
        remarks: What has to be said with the figure.
    """
    summaries, scale = analysis.labels, scale_of(analysis)
    with rc_context(COLUMN_FONTS):
        figure = Figure(figsize=(PAGE, 4.0), layout="constrained")
        grid = figure.subplots(3, len(summaries), squeeze=False)
        for axes in grid.flat:
            bare(axes)
            axes.set_xticks([])
            axes.set_yticks([])
        for column, summary in zip(grid.T, summaries, strict=True):
            _one_face(column[:2], analysis, faces[summary.label], scale.faces)
            column[0].set_title(f"{plain(summary.label, 12)}", fontweight="bold")
            _mean(column[2], summary, scale.means)
        for axes, text in zip(grid[:, 0], ("a face", "its map", "mean map"), strict=True):
            axes.set_ylabel(text)
        for line, highest in ((1, scale.faces), (2, scale.means)):
            scale_bar(list(grid[line]), highest, "1 = spread evenly", shrink=0.9, pad=0.01)
        figure.suptitle(f"{name}: {analysis.maps.description}")
        marks = tuple(f"! {mark}" for mark in analysis.marks)
        return _remarked(figure, (*marks, f"faces: {rule}", *remarks), width=185)


def _one_face(
    column: Sequence[Axes], analysis: SaliencyAnalysis, row: int | None, highest: float
) -> None:
    if row is None:
        return
    maps, image = analysis.maps, analysis.images[row, ..., 0]
    for axes in column:
        draw_face(axes, image)
    density = densities(maps.take([row]))[0]
    if not np.isnan(density[0, 0]):
        cover(column[1], density, highest, faint=0.35)
    predicted = maps.predicted[row]
    share = percent(float(maps.probabilities[row, predicted]), 0)
    column[0].set_xlabel(f"{plain(maps.label_names[predicted], 12)} {share}", fontsize=6.5)


def _mean(axes: Axes, summary, highest: float) -> None:
    draw_mean(axes, summary, "mean_map", highest)
    if np.isnan(summary.mean_map[0, 0]):
        return
    top = summary.top
    text = f"n = {summary.n}, {top.region}\n× {top.enrichment.value:.2f}"
    if ends := top.enrichment.interval:
        text += f" [{ends[0]:.2f}-{ends[1]:.2f}]"
    axes.set_xlabel(text, fontsize=6)


def _remarked(figure: Figure, remarks: Sequence[str], *, width: int = 90) -> Figure:
    """Write remarks below a figure."""
    text = fill(plain("; ".join(remarks), 600), width)
    figure.supxlabel(text, fontsize=5.5, color=theme().muted, x=0.01, ha="left")
    return figure
