"""A picture of the differences between runs, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.evaluation.comparison import Comparison
from fer_analysis.figures import plain
from fer_analysis.figures.marks import draw_estimates
from fer_analysis.figures.style import INTERVALS, WIDTH, describe, rows_of, styled, theme
from fer_analysis.statistics.estimate import Estimate

ACROSS = 2
"""Pairs beside each other; further ones stand below."""


def comparison_figure(comparison: Comparison) -> Figure:
    """Draw differences in accuracy, macro-F1 and the recall of each label, a panel for each pair.

    Args:
        comparison: At least two runs.
    """
    return pairs_figure(comparison.pairs, comparison.where)


@styled
def pairs_figure(comparisons: Sequence[dict[str, dict]], title: str) -> Figure:
    """Draw the same for pairs of runs.

    Args:
        comparisons: For each pair of runs, its comparison by the name of the images; see
            `fer_analysis.evaluation.paired.compare_pair`.
        title: What was compared.
    """
    names = ["accuracy", "macro-F1", *_names(comparisons[0])]
    lines, across = -(-len(comparisons) // ACROSS), min(len(comparisons), ACROSS)
    height = 1.7 + lines * (0.9 + 0.4 * len(names))
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    panels = figure.subplots(lines, across, squeeze=False, sharey=True, sharex=True)
    rows_of(panels[0, 0], names)
    for index, axes in enumerate(panels.flat):
        if index >= len(comparisons):
            axes.remove()
            continue
        _panel(axes, comparisons[index])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    describe(
        figure,
        "How the runs differ on the same images",
        title,
        INTERVALS,
        "above 0: better than the first run",
        "filled: the interval excludes 0",
    )
    return figure


def _panel(axes: Axes, pair: dict[str, dict]) -> None:
    colours = (theme().network, theme().leak_free)
    for index, (name, comparison) in enumerate(pair.items()):
        _differences(
            axes,
            comparison,
            0.3 * (index - (len(pair) - 1) / 2),
            color=colours[index % 2],
            marker="oD"[index % 2],
            label=f"{name} (n={comparison['n']:,})",
        )
    first = next(iter(pair.values()))
    axes.set_title(f"{plain(first['second'], 36)}\ncompared with {plain(first['first'], 36)}")
    axes.axvline(0, color=theme().muted, linewidth=1, zorder=0)
    axes.set_xlabel("difference, points of percent")
    axes.grid(axis="x")


def _names(pair: dict[str, dict]) -> list[str]:
    """Return each label with its images, in every set that is compared."""
    blocks = [comparison["labels"] for comparison in pair.values()]
    return [
        f"{plain(rows[0]['label'])}\nn=" + " / ".join(f"{row['n']:,}" for row in rows)
        for rows in zip(*blocks, strict=True)
    ]


def _differences(axes: Axes, comparison: dict, offset: float, **style) -> None:
    label = style.pop("label")
    figures = [
        comparison["accuracy"],
        comparison["macro_f1"],
        *(row["difference"] for row in comparison["labels"]),
    ]
    clear = [_is_clear(figure) for figure in figures]
    for hollow in (False, True):
        rows = [y for y, shown in enumerate(clear) if shown != hollow]
        chosen, places = [figures[y] for y in rows], [y + offset for y in rows]
        draw_estimates(axes, chosen, places, scale=100, hollow=hollow, **style)
    axes.plot([], [], linestyle="none", label=label, **style)


def _is_clear(figure: Estimate) -> bool:
    return figure.interval is not None and (figure.low > 0 or figure.high < 0)
