"""Pictures of the annotators as a reference: recall, agreement and confusions, and the model's."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.figures import plain
from fer_analysis.text import percent

MODEL, PEOPLE = "#1f3b73", "#d1603d"
DIVERGING = colormaps["RdBu_r"]


def annotators_figure(evaluation: Evaluation, block: dict, title: str) -> Figure:
    """Draw model and annotators side by side.

    Args:
        evaluation: The predictions that `block` was made from.
        block: The `annotators` block of its metrics.
        title: What was evaluated.
    """
    k = len(evaluation.label_names)
    figure = Figure(figsize=(12.6, 3.2 + 0.32 * k), layout="constrained")
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.1, 0.9, 1))
    _recalls(left, block["labels"])
    _strata(middle, block["strata"])
    _difference(right, evaluation, block)
    figure.suptitle(
        f"{title} · n={block['n']:,} with votes · annotators are a reference, not a ceiling",
        fontsize=10,
    )
    return figure


def _recalls(axes: Axes, labels: list[dict]) -> None:
    for offset, key, colour, marker, name in (
        (-0.15, "model_recall", MODEL, "o", "model"),
        (0.15, "modal_recall", PEOPLE, "D", "annotators' first choice"),
    ):
        rows = [(y, label[key]) for y, label in enumerate(labels) if label["n"]]
        values = np.array([figure.value for _, figure in rows])
        ends = np.array([figure.interval for _, figure in rows]).reshape(-1, 2).T
        axes.errorbar(
            values,
            [y + offset for y, _ in rows],
            xerr=np.clip(np.abs(ends - values), 0, None),
            fmt=marker,
            color=colour,
            markersize=5,
            capsize=3,
            label=name,
        )
    axes.set_yticks(range(len(labels)), [f"{plain(r['label'])}\nn={r['n']:,}" for r in labels])
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_xlabel("recall of the data's label (95 % interval)")
    axes.set_title("recall of model and annotators", fontsize=10)
    axes.legend(fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    _clean(axes)


def _strata(axes: Axes, strata: list[dict]) -> None:
    for y, row in enumerate(strata):
        value, ends = row["accuracy"].value, row["accuracy"].interval
        if value is not None:
            axes.barh(y, value, color=MODEL, alpha=0.75)
            axes.plot(ends, [y, y], color="black", linewidth=1.2)
            axes.text(ends[1] + 0.02, y, percent(value, 0), va="center", fontsize=9)
    names = [f"{row['stratum']}\nn={row['n']:,}" for row in strata]
    axes.set_yticks(range(len(strata)), names)
    axes.set_ylim(len(strata) - 0.5, -0.5)
    axes.set_xlim(0, 1.12)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_xlabel("accuracy of the model (95 % interval)")
    axes.set_title("by the annotators' agreement with the label", fontsize=10)
    _clean(axes)


def _difference(axes: Axes, evaluation: Evaluation, block: dict) -> None:
    k = len(evaluation.label_names)
    model = 100 * np.nan_to_num(evaluation.row_normalised_confusion)
    people = 100 * np.array(block["confusion"])
    gap = model - people
    highest = max(float(np.abs(gap).max()), 1.0)
    axes.imshow(gap, cmap=DIVERGING, vmin=-highest, vmax=highest)
    for row in range(k):
        for column in range(k):
            dark = abs(gap[row, column]) > 0.6 * highest
            axes.text(
                column,
                row,
                f"{model[row, column]:.0f}/{people[row, column]:.0f}",
                ha="center",
                va="center",
                fontsize=7.5,
                color="white" if dark else "black",
            )
    names = [plain(name) for name in evaluation.label_names]
    axes.set_xticks(range(k), names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(k), names)
    axes.set(xlabel="predicted or chosen label", ylabel="the data's label")
    axes.set_title(
        "% of the label: model / annotators' votes\nred: the model more often", fontsize=10
    )
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _clean(axes: Axes) -> None:
    axes.grid(axis="x", color="0.9")
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
