"""Pictures of the recalls behind a diagnosis: by number of images, and by agreement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, ScalarFormatter

from fer_analysis.figures import plain
from fer_analysis.study.recalls import (
    AS_PREDICTED,
    PRIOR_CORRECTED,
    AgreementRecall,
    CellRecall,
)

COLOURS = colormaps["tab10"].colors


def dose_figure(rows: Sequence[CellRecall]) -> Figure:
    """Draw recall against the number of training images, a line a label.

    Args:
        rows: `Diagnosis.doses`.
    """
    figure = Figure(figsize=(9.6, 4.6), layout="constrained")
    for axes, kind in zip(
        figure.subplots(1, 2, sharey=True), (AS_PREDICTED, PRIOR_CORRECTED), strict=True
    ):
        for index, label in enumerate(dict.fromkeys(row.label for row in rows)):
            points = sorted(
                (row.training_images, row.recall.value, row.recall.low, row.recall.high)
                for row in rows
                if row.label == label and row.kind == kind and row.recall.interval
            )
            n, value, low, high = np.array(points).reshape(-1, 4).T
            colour = COLOURS[index % len(COLOURS)]
            axes.fill_between(n, low, high, color=colour, alpha=0.12, linewidth=0)
            axes.plot(n, value, marker="o", markersize=4, color=colour, label=plain(label))
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.set_title(kind, fontsize=10)
        axes.set_xlabel("training images of the label (all others keep theirs)")
        axes.grid(color="0.92")
        axes.spines[["top", "right"]].set_visible(False)
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.set_ylim(-0.02, 1.02)
    axes.legend(fontsize=8, frameon=False)
    figure.suptitle("How recall rises with the number of images (bands: 95 %)", fontsize=10)
    return figure


def equal_figure(rows: Sequence[CellRecall]) -> Figure:
    """Draw each label's recall as it is, and where all labels have the same number of images.

    Args:
        rows: `Diagnosis.equal`.
    """
    rows = [row for row in rows if row.kind == PRIOR_CORRECTED and row.recall.interval]
    labels = list(dict.fromkeys(row.label for row in rows))
    cells = list(dict.fromkeys(row.cell for row in rows))
    figure = Figure(figsize=(7.6, 1.6 + 0.5 * len(labels)), layout="constrained")
    axes = figure.subplots()
    for index, cell in enumerate(cells):
        own = [row for row in rows if row.cell == cell]
        offset = 0.5 * (index - (len(cells) - 1) / 2) / max(len(cells), 1)
        for row in own:
            y = labels.index(row.label) + offset
            axes.plot(row.recall.interval, [y, y], color=COLOURS[index], linewidth=1.6)
        axes.plot(
            [row.recall.value for row in own],
            [labels.index(row.label) + offset for row in own],
            "o",
            color=COLOURS[index],
            markersize=5,
            label=f"{plain(cell)} ({_span([row.training_images for row in own])} a label)",
        )
    _labels_by_recall(axes, labels, f"recall, {PRIOR_CORRECTED} (95 % interval)")
    figure.suptitle("Recall where all labels have the same number of images", fontsize=10)
    return figure


def _span(counts: list[int]) -> str:
    fewest, most = min(counts), max(counts)
    return f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"


def _labels_by_recall(axes: Axes, labels: Sequence[str], title: str, columns: int = 1) -> None:
    """Lay out axes with a row for each label and recall from left to right."""
    axes.set_yticks(range(len(labels)), [plain(label) for label in labels])
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_xlabel(title)
    axes.grid(axis="x", color="0.92")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(
        fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=columns
    )


def agreement_figure(rows: Sequence[AgreementRecall], labels: Sequence[str]) -> Figure:
    """Draw each label's recall by the annotators' agreement.

    Args:
        rows: `Diagnosis.agreement`.
        labels: In their order.
    """
    groups = list(dict.fromkeys(row.annotators for row in rows))
    figure = Figure(figsize=(7.6, 1.6 + 0.55 * len(labels)), layout="constrained")
    axes = figure.subplots()
    for index, group in enumerate(groups):
        colour = COLOURS[index]
        for row in (row for row in rows if row.annotators == group and row.recall.interval):
            y = labels.index(row.label) + 0.24 * (index - 1)
            axes.plot(row.recall.interval, [y, y], color=colour, linewidth=1.4)
            axes.plot([row.recall.value], [y], "o", color=colour, markersize=3 + 9 * row.share)
        axes.plot(
            [],
            [],
            "o-",
            color=colour,
            label=f"annotators agree {group}".replace("agree split", "are split"),
        )
    _labels_by_recall(
        axes,
        labels,
        f"recall, {PRIOR_CORRECTED} (95 % interval); larger dots: more of its images",
        columns=3,
    )
    figure.suptitle("Recall by the annotators' agreement", fontsize=10)
    return figure
