"""Pictures of the recalls behind a diagnosis: by number of images, and by agreement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from fer_analysis.figures import plain
from fer_analysis.figures.colours import label_styles, series_styles
from fer_analysis.figures.marks import draw_estimates
from fer_analysis.figures.style import (
    INTERVALS,
    WIDTH,
    describe,
    rows_of,
    share_axis,
    styled,
    theme,
)
from fer_analysis.study.growth import Growth
from fer_analysis.study.recalls import (
    AS_PREDICTED,
    PRIOR_CORRECTED,
    AgreementRecall,
    CellRecall,
)


@styled
def dose_figure(
    rows: Sequence[CellRecall],
    labels: Sequence[str],
    facts: Sequence[str] = (),
    *,
    growth: Sequence[Growth] = (),
) -> Figure:
    """Draw recall against the number of training images, a line a label.

    Args:
        rows: `Diagnosis.doses`.
        labels: All labels of the data, in its order.
        facts: What the recalls are of.
        growth: `Diagnosis.growth`: curves, drawn dashed beyond the largest number.
    """
    figure = Figure(figsize=(WIDTH, 4.9), layout="constrained")
    styles = label_styles(labels, theme())
    panels = figure.subplots(1, 2, sharey=True)
    for axes, kind in zip(panels, (AS_PREDICTED, PRIOR_CORRECTED), strict=True):
        for label in labels:
            points = sorted(
                (row.training_images, row.recall.value, row.recall.low, row.recall.high)
                for row in rows
                if row.label == label and row.kind == kind and row.recall.interval
            )
            if not points:
                continue
            n, value, low, high = np.array(points).T
            style = styles[label]
            axes.fill_between(n, low, high, color=style["color"], alpha=0.13, linewidth=0)
            axes.plot(n, value, label=plain(label), **style)
        for curve in growth:
            if curve.kind == kind and curve.line:
                _beyond(axes, curve, styles[curve.label]["color"])
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.set_title(kind)
        axes.set_xlabel("training images of the label (all others keep theirs)")
        axes.grid()
        axes.set_ylim(-0.02, 1.02)
    share_axis(panels[0].yaxis, "recall")
    handles, names = panels[1].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=max(1, min(8, len(names))))
    title = "How recall rises with the number of training images"
    beyond = ("dashed: fitted, and extrapolated to twice",) if any(c.line for c in growth) else ()
    describe(figure, title, *facts, "bands: 95 % intervals", *beyond)
    return figure


def _beyond(axes: Axes, curve: Growth, colour: str) -> None:
    """Draw a curve beyond the largest number of images that was tried."""
    line = np.array([row for row in curve.line if row[0] >= curve.tried[-1] * 0.999])
    n, value, low, high = line.T
    axes.fill_between(n, low, high, color=colour, alpha=0.13, linewidth=0)
    axes.plot(n, value, color=colour, linestyle="--")


@styled
def equal_figure(
    rows: Sequence[CellRecall], labels: Sequence[str], facts: Sequence[str] = ()
) -> Figure:
    """Draw each label's recall as it is, and where all labels have the same number of images.

    Args:
        rows: `Diagnosis.equal`.
        labels: All labels of the data, in its order.
        facts: What the recalls are of.
    """
    rows = [row for row in rows if row.kind == PRIOR_CORRECTED and row.recall.interval]
    present = {row.label for row in rows}
    labels = [label for label in labels if label in present]
    cells = list(dict.fromkeys(row.cell for row in rows))
    figure = Figure(figsize=(WIDTH, 2.1 + 0.5 * len(labels)), layout="constrained")
    axes = figure.subplots()
    for index, (cell, style) in enumerate(
        zip(cells, series_styles(len(cells), theme()), strict=True)
    ):
        own = [row for row in rows if row.cell == cell]
        offset = 0.5 * (index - (len(cells) - 1) / 2) / max(len(cells), 1)
        draw_estimates(
            axes,
            [row.recall for row in own],
            [labels.index(row.label) + offset for row in own],
            color=style["color"],
            marker=style["marker"],
            label=f"{plain(cell)} ({_span([row.training_images for row in own])} a label)",
        )
    _recall_of_labels(figure, axes, labels, f"recall, {PRIOR_CORRECTED}")
    describe(figure, "Recall where all labels have the same number of images", *facts, INTERVALS)
    return figure


def _span(counts: list[int]) -> str:
    fewest, most = min(counts), max(counts)
    return f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"


def _recall_of_labels(figure: Figure, axes: Axes, labels: Sequence[str], title: str) -> None:
    """Lay out axes with a row for each label and recall from left to right."""
    rows_of(axes, [plain(label) for label in labels])
    axes.set_xlim(-0.02, 1.02)
    share_axis(axes.xaxis, title)
    figure.legend(loc="outside lower center", ncols=3)


@styled
def agreement_figure(
    rows: Sequence[AgreementRecall], labels: Sequence[str], facts: Sequence[str] = ()
) -> Figure:
    """Draw each label's recall by the annotators' agreement.

    Args:
        rows: `Diagnosis.agreement`.
        labels: In their order.
        facts: What the recalls are of.
    """
    groups = list(dict.fromkeys(row.annotators for row in rows))
    figure = Figure(figsize=(WIDTH, 2.1 + 0.55 * len(labels)), layout="constrained")
    axes = figure.subplots()
    for index, (group, style) in enumerate(
        zip(groups, series_styles(len(groups), theme()), strict=True)
    ):
        look = {"color": style["color"], "marker": style["marker"]}
        for row in (row for row in rows if row.annotators == group):
            place, size = labels.index(row.label) + 0.24 * (index - 1), 3 + 9 * row.share
            draw_estimates(axes, [row.recall], [place], markersize=size, **look)
        name = f"annotators agree {group}".replace("agree split", "are split")
        axes.plot([], [], label=name, **look)
    _recall_of_labels(figure, axes, labels, f"recall, {PRIOR_CORRECTED}")
    describe(
        figure,
        "Recall by the annotators' agreement",
        *facts,
        INTERVALS,
        "larger markers: a larger share of the label's images",
    )
    return figure
