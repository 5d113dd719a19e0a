"""The timeline of a film: for each face, the shares of labels over time; unsure in grey."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from fer_analysis.faces.timeline import Timeline
from fer_analysis.figures import plain
from fer_analysis.figures.colours import LABELS, label_styles
from fer_analysis.figures.style import WIDTH, describe, share_axis, styled, theme

HATCHES = ("", "//", "..", "xx")
"""Of the labels after the eighth, sixteenth, …"""


@styled
def timeline_figure(timeline: Timeline, title: str, run: str = "") -> Figure:
    """Draw a row for each track.

    Args:
        timeline: What to draw.
        title: The film's name.
        run: Whose predictions these are.
    """
    rows = max(len(timeline.tracks), 1)
    figure = Figure(figsize=(WIDTH, 1.9 + 0.85 * rows), layout="constrained")
    grid = figure.subplots(rows, 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    styles = _styles(timeline.label_names)
    for axes, track, counts in zip(grid, timeline.tracks, timeline.counts, strict=False):
        _track(axes, timeline.edges, counts, styles)
        name = f"face {track}\nn={counts.sum():,}"
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    grid[0].set_ylim(0, 1)
    grid[0].set_yticks([0, 1])
    share_axis(grid[0].yaxis)
    if not timeline.tracks:
        grid[0].text(0.5, 0.5, "no face found", ha="center", va="center")
        grid[0].set_yticks([])
    grid[-1].set_xlabel("time, seconds")
    grid[-1].set_xlim(0, timeline.edges[-1])
    names = [*map(plain, timeline.label_names), "unsure"]
    handles = [Patch(**style) for style in styles]
    figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 8))
    more = f"{timeline.left_out} shorter tracks are not drawn" if timeline.left_out else ""
    describe(
        figure,
        "What each face was predicted as, over time",
        plain(title, 60),
        f"by {plain(run, 40)}" if run else "",
        "height: share of the frames",
        "n: frames in which the face was seen",
        more,
    )
    return figure


def _track(axes: Axes, edges: np.ndarray, counts: np.ndarray, styles: list[dict]) -> None:
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    # One area a label: a bar for each interval takes 200 MB for a long film.
    tops = np.cumsum(np.vstack([shares, shares[-1:]]), axis=1)
    low = np.zeros(len(edges))
    for top, style in zip(tops.T, styles, strict=True):
        axes.fill_between(edges, low, top, step="post", linewidth=0, **style)
        low = top
    axes.spines["left"].set_visible(False)


def _styles(names: tuple[str, ...]) -> list[dict]:
    """Return the fill of each label, and of what is unsure."""
    styles = [
        {
            "facecolor": line["color"],
            "hatch": HATCHES[index // len(LABELS) % len(HATCHES)],
            "edgecolor": theme().ground,
        }
        for index, line in enumerate(label_styles(names, theme()).values())
    ]
    return [*styles, {"facecolor": theme().grid, "hatch": "", "edgecolor": theme().ground}]
