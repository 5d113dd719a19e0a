"""Picture of what the cells of a study change."""

from __future__ import annotations

from matplotlib.figure import Figure

from fer_analysis.figures import plain

_CLEAR, _UNCLEAR = "#d1603d", "#8a93a6"
TITLES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "ece": "calibration error (less is better)",
}


def changes_figure(told: dict) -> Figure:
    """Draw the differences to one cell: a row a cell, a column a figure, each with its interval.

    Args:
        told: `changes.json`: `cells` are the rows of `study.changes.changes`, `watched` the labels
            whose recall is drawn.
    """
    rows = [row for row in told["cells"] if row["cell"] != told["against"]]
    watched = ("accuracy", "macro_f1", "ece", *told["watched"])
    figure = Figure(
        figsize=(3.2 + 2.2 * len(watched), 1.7 + 0.34 * max(1, len(rows))), layout="constrained"
    )
    for axes, name in zip(figure.subplots(1, len(watched), sharey=True), watched, strict=True):
        for y, row in enumerate(rows):
            values = row["figures"][name]
            if values["difference"] is None:
                continue
            at, low, high = (100 * values[f"difference{end}"] for end in ("", "_low", "_high"))
            colour = _CLEAR if low > 0 or high < 0 else _UNCLEAR
            axes.plot([low, high], [y, y], color=colour, linewidth=1.6)
            axes.plot([at], [y], "o", color=colour, markersize=5)
        axes.axvline(0, color="0.4", linewidth=0.9)
        axes.set_title(TITLES.get(name, f"recall of {plain(name)}"), fontsize=9)
        axes.tick_params(axis="y", length=0)
        axes.tick_params(axis="x", labelsize=8)
        axes.grid(axis="x", color="0.92")
        axes.spines[["top", "right", "left"]].set_visible(False)
    first = figure.axes[0]
    first.set_yticks(
        range(len(rows)), [f"{plain(r['cell'], 40)} (x{r['seeds']})" for r in rows], fontsize=8
    )
    first.set_ylim(max(1, len(rows)) - 0.4, -0.6)
    figure.supxlabel(
        f"points, against '{plain(told['against'])}'; orange: the 95 % interval, simultaneous over "
        "the cells, leaves 0 out; (xN): N seeds",
        fontsize=8,
    )
    figure.suptitle(plain(told["question"], 110), fontsize=10)
    return figure
