"""A picture of the differences between runs, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.evaluation.comparison import Comparison
from fer_analysis.figures import plain

ALL, LEAK_FREE = "#1f3b73", "#d1603d"


def comparison_figure(comparison: Comparison) -> Figure:
    """Draw differences in accuracy, macro-F1 and the recall of each label, a column for each pair.

    Args:
        comparison: At least two runs.
    """
    return pairs_figure(comparison.pairs, f"{comparison.split} split")


def pairs_figure(comparisons: Sequence[dict[str, dict]], title: str) -> Figure:
    """Draw the same for pairs of runs.

    Args:
        comparisons: For each pair of runs, its comparison by the name of the images; see
            `fer_analysis.evaluation.paired.compare_pair`.
        title: Title of the figure.
    """
    labels = len(next(iter(comparisons[0].values()))["labels"])
    figure = Figure(
        figsize=(max(6.4, 4.6 * len(comparisons) + 1.4), 1.9 + 0.42 * (labels + 2)),
        layout="constrained",
    )
    columns = figure.subplots(1, len(comparisons), squeeze=False, sharey=True)[0]
    for axes, pair in zip(columns, comparisons, strict=True):
        for index, (name, comparison) in enumerate(pair.items()):
            offset = 0.3 * (index - (len(pair) - 1) / 2)
            style = {
                "color": (ALL, LEAK_FREE)[index % 2],
                "label": f"{name} (n={comparison['n']:,})",
            }
            _differences(axes, comparison, offset, style)
        first = next(iter(pair.values()))
        axes.set_title(
            f"{plain(first['second'], 34)}\ncompared with {plain(first['first'], 34)}", fontsize=10
        )
        axes.axvline(0, color="0.4", linewidth=1)
        axes.set_xlabel("difference, points (95 % interval)")
        axes.grid(axis="x", color="0.92")
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
        axes.legend(
            fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2
        )
    columns[0].set_yticks(range(labels + 2), ["accuracy", "macro-F1", *_names(comparisons[0])])
    columns[0].set_ylim(labels + 1.5, -0.5)
    figure.suptitle(f"{title}\n(above 0: better than the first run)", fontsize=10)
    return figure


def _names(pair: dict[str, dict]) -> list[str]:
    """Return each label with its images, in every set that is compared."""
    blocks = [comparison["labels"] for comparison in pair.values()]
    return [
        f"{plain(rows[0]['label'])}\nn=" + " / ".join(f"{row['n']:,}" for row in rows)
        for rows in zip(*blocks, strict=True)
    ]


def _differences(axes: Axes, comparison: dict, offset: float, style: dict) -> None:
    colour, shown = style["color"], style["label"]
    figures = [
        comparison["accuracy"],
        comparison["macro_f1"],
        *(row["difference"] for row in comparison["labels"]),
    ]
    for y, figure in enumerate(figures):
        if figure.value is None or figure.interval is None:
            continue
        low, high = (100 * end for end in figure.interval)
        differs = low > 0 or high < 0
        axes.plot([low, high], [y + offset] * 2, color=colour, linewidth=1.6)
        axes.plot(
            [100 * figure.value],
            [y + offset],
            marker="o",
            color=colour,
            markersize=6,
            markerfacecolor=colour if differs else "white",
            label=shown,
        )
        shown = None
