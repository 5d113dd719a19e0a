"""Pictures of the annotators as a reference: recall, agreement and confusions, and the model's."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.figures import plain
from fer_analysis.figures.colours import ink_on
from fer_analysis.figures.facts import of_run
from fer_analysis.figures.marks import draw_estimates
from fer_analysis.figures.style import (
    INTERVALS,
    WIDTH,
    bare,
    describe,
    rows_of,
    share_axis,
    styled,
    theme,
)
from fer_analysis.text import percent

LEGIBLE = 14
"""Labels whose figures are written into the matrix."""


@styled
def annotators_figure(evaluation: Evaluation, block: dict, title: str) -> Figure:
    """Draw model and annotators side by side, and below where their confusions differ.

    Args:
        evaluation: The predictions that `block` was made from.
        block: The `annotators` block of its metrics.
        title: What was evaluated.
    """
    k = len(evaluation.label_names)
    top, bottom = 1.4 + 0.36 * max(k, 5), min(1.9 + 0.42 * k, 8.5)
    figure = Figure(figsize=(WIDTH, top + bottom + 0.7), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(top, bottom))
    left, right = upper.subplots(1, 2, width_ratios=(1.15, 1))
    _recalls(left, block["labels"])
    _strata(right, block["strata"])
    _difference(lower.subplots(), evaluation, block)
    describe(
        figure,
        "The model beside the annotators",
        of_run(evaluation.run),
        title,
        f"n = {block['n']:,} images with votes",
        INTERVALS,
        "annotators are a reference, not a ceiling",
    )
    return figure


def _recalls(axes: Axes, labels: list[dict]) -> None:
    for offset, key, colour, marker, name in (
        (-0.15, "model_recall", theme().network, "o", "model"),
        (0.15, "modal_recall", theme().annotators, "D", "annotators' first choice"),
    ):
        rows = [(y, label[key]) for y, label in enumerate(labels) if label["n"]]
        figures, places = [figure for _, figure in rows], [y + offset for y, _ in rows]
        draw_estimates(axes, figures, places, color=colour, marker=marker, label=name)
    rows_of(axes, [f"{plain(r['label'])}\nn={r['n']:,}" for r in labels])
    axes.set_xlim(-0.02, 1.02)
    share_axis(axes.xaxis, "recall of the data's label")
    axes.set_title("recall of model and annotators")
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.17), ncols=2)


def _strata(axes: Axes, strata: list[dict]) -> None:
    for y, row in enumerate(strata):
        if row["accuracy"].value is None:
            continue
        draw_estimates(axes, [row["accuracy"]], [y], color=theme().network, marker="o")
        place = (row["accuracy"].high + 0.02, y)
        axes.text(*place, percent(row["accuracy"].value, 0), va="center")
    rows_of(axes, [f"{row['stratum']}\nn={row['n']:,}" for row in strata])
    axes.set_xlim(0, 1.12)
    axes.set_xticks(np.linspace(0, 1, 6))
    share_axis(axes.xaxis, "accuracy of the model")
    axes.set_title("by the annotators' agreement with the label")


def _difference(axes: Axes, evaluation: Evaluation, block: dict) -> None:
    k = len(evaluation.label_names)
    model = 100 * np.nan_to_num(evaluation.row_normalised_confusion)
    people = 100 * np.array(block["confusion"])
    gap = model - people
    highest = max(float(np.abs(gap).max()), 1.0)
    shown = axes.imshow(
        gap, cmap=theme().diverging, vmin=-highest, vmax=highest, aspect="auto", zorder=0
    )
    for row, column in np.ndindex((k, k) if k <= LEGIBLE else (0, 0)):
        text = f"{model[row, column]:.0f} / {people[row, column]:.0f}"
        ink = ink_on(shown.cmap(shown.norm(gap[row, column]))[:3])
        axes.text(column, row, text, ha="center", va="center", fontsize=8.5, color=ink)
    names = [plain(name) for name in evaluation.label_names]
    step = slice(None, None, -(-k // 30))
    axes.set_xticks(range(k)[step], names[step], rotation=0 if k <= 8 else 40)
    axes.set_yticks(range(k)[step], names[step])
    axes.set(xlabel="predicted by the model / chosen by annotators", ylabel="the data's label")
    axes.set_title("% of each label: model / annotators' votes")
    bare(axes)
    bar = axes.figure.colorbar(shown, ax=axes, pad=0.01, aspect=30)
    bar.set_label("points; red: the model more often")
    bar.outline.set_visible(False)
