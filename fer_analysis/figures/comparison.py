"""A picture of how runs differ: every difference with its interval."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.figures import plain

ALL, LEAK_FREE = "#1f3b73", "#d1603d"


def comparison_figure(comparisons: list[dict[str, dict]], title: str) -> Figure:
    """Draw differences in accuracy, macro-F1 and the recall of each label.

    Args:
        comparisons: For each pair of runs, a comparison by the name of its images (`all`,
            `leak-free`).
        title: What was compared.
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
            colour = (ALL, LEAK_FREE)[index % 2]
            _differences(axes, comparison, offset, f"{name} (n={comparison['n']:,})", colour)
        first = next(iter(pair.values()))
        axes.set_title(
            f"{plain(first['second'], 34)}\nagainst {plain(first['first'], 34)}", fontsize=10
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
    figure.suptitle(f"{title}\n(right of 0: better than the first)", fontsize=10)
    return figure


def _names(pair: dict[str, dict]) -> list[str]:
    """Return each label with its images, in every set that is compared."""
    blocks = [comparison["labels"] for comparison in pair.values()]
    return [
        f"{plain(rows[0]['label'])}\nn=" + " / ".join(f"{row['n']:,}" for row in rows)
        for rows in zip(*blocks, strict=True)
    ]


def _differences(axes: Axes, comparison: dict, offset: float, name: str, colour: str) -> None:
    shown = name
    for y, row in enumerate(
        [comparison["accuracy"], comparison["macro_f1"], *comparison["labels"]]
    ):
        if row["difference"] is None or row["interval"] is None:
            continue
        low, high = (100 * end for end in row["interval"])
        value = 100 * row["difference"]
        surely = low > 0 or high < 0
        axes.plot([low, high], [y + offset] * 2, color=colour, linewidth=1.6)
        axes.plot(
            [value],
            [y + offset],
            marker="o",
            color=colour,
            markersize=6,
            markerfacecolor=colour if surely else "white",
            label=shown,
        )
        shown = None
