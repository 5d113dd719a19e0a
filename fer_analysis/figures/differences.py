"""Picture of what the cells of a study change."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.figures import plain
from fer_analysis.figures.marks import draw_estimates
from fer_analysis.figures.style import WIDTH, describe, rows_of, styled, theme
from fer_analysis.study.differences import CellFigures, Differences

ACROSS = 4
"""Figures beside each other; further ones stand below."""

_TITLES = {"ece": "calibration error\n(lower is better)"}


@styled
def differences_figure(differences: Differences) -> Figure:
    """Draw the differences to one cell: a row a cell, a column a figure, each with its interval.

    Args:
        differences: Of a study.
    """
    rows, columns = differences.others, differences.columns
    lines, across = -(-len(columns) // ACROSS), min(len(columns), ACROSS)
    height = 1.9 + lines * (0.7 + 0.34 * max(1, len(rows)))
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    panels = figure.subplots(lines, across, sharey=True, squeeze=False)
    for axes in panels.flat[len(columns) :]:
        axes.remove()
    for axes, (name, title) in zip(panels.flat, columns.items(), strict=False):
        _panel(axes, rows, name)
        axes.set_title(_TITLES.get(name) or plain(title))
    rows_of(panels[0, 0], [f"{plain(row.cell, 30)} (x{row.seeds})" for row in rows])
    figure.supxlabel("difference, points of percent", fontsize=9)
    counts = sorted({row.n for row in rows})
    describe(
        figure,
        plain(differences.question, 200),
        f"study {plain(differences.study)}",
        f"compared with {plain(differences.reference)}",
        *([f"n = {' or '.join(f'{n:,}' for n in counts)} images"] if counts else []),
        "95 % intervals, simultaneous over the cells",
        "filled: the interval excludes 0",
        *_warned(differences),
        *(plain(text, 200) for text in differences.notes),
        "(xN): N seeds",
    )
    return figure


def _warned(differences: Differences) -> list[str]:
    """Name the cells that are not scored on unseen images."""
    names = [plain(row.cell, 30) for row in differences.cells if row.warnings]
    return [f"not, or perhaps not, on unseen images: {', '.join(names)}"] if names else []


def _panel(axes: Axes, rows: Sequence[CellFigures], name: str) -> None:
    for y, row in enumerate(rows):
        shown = row.figures[name]
        style = {"color": theme().network, "marker": "o", "hollow": not shown.is_clear}
        draw_estimates(axes, [shown.difference], [y], scale=100, **style)
    axes.axvline(0, color=theme().muted, linewidth=1, zorder=0)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
