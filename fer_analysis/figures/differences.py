"""Picture of what the cells of a study change."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.figures import plain
from fer_analysis.study.differences import CellFigures, Differences

_CLEAR, _UNCLEAR = "#d1603d", "#8a93a6"
_TITLES = {"ece": "calibration error (lower is better)"}


def differences_figure(differences: Differences) -> Figure:
    """Draw the differences to one cell: a row a cell, a column a figure, each with its interval.

    Args:
        differences: Of a study.
    """
    rows, columns = differences.others, differences.columns
    figure = Figure(
        figsize=(3.2 + 2.2 * len(columns), 1.7 + 0.34 * max(1, len(rows))), layout="constrained"
    )
    panels = figure.subplots(1, len(columns), sharey=True)
    for axes, (name, title) in zip(panels, columns.items(), strict=True):
        _panel(axes, rows, name)
        axes.set_title(plain(_TITLES.get(name, title)), fontsize=9)
    panels[0].set_yticks(
        range(len(rows)), [f"{plain(row.cell, 40)} (x{row.seeds})" for row in rows], fontsize=8
    )
    panels[0].set_ylim(max(1, len(rows)) - 0.4, -0.6)
    figure.supxlabel(
        f"points, compared with '{plain(differences.reference)}'; orange: the 95 % interval, "
        "simultaneous over the cells, excludes 0; (xN): N seeds",
        fontsize=8,
    )
    figure.suptitle(plain(differences.question, 110), fontsize=10)
    return figure


def _panel(axes: Axes, rows: Sequence[CellFigures], name: str) -> None:
    for y, row in enumerate(rows):
        shown = row.figures[name]
        if shown.difference is None or shown.difference.interval is None:
            continue
        colour = _CLEAR if shown.is_clear else _UNCLEAR
        ends = [100 * end for end in shown.difference.interval]
        axes.plot(ends, [y, y], color=colour, linewidth=1.6)
        axes.plot([100 * shown.difference.value], [y], "o", color=colour, markersize=5)
    axes.axvline(0, color="0.4", linewidth=0.9)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", color="0.92")
    axes.spines[["top", "right", "left"]].set_visible(False)
