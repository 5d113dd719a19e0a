"""The timeline of a film: for each face, the shares of labels over time; unsure in grey."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from fer_analysis.faces.timeline import Timeline
from fer_analysis.figures import plain

COLOURS = ("#d55e00", "#009e73", "#cc79a7", "#f0e442", "#0072b2", "#e69f00", "#56b4e9", "#000000")
"""Okabe & Ito's colours, which every kind of colour vision tells apart."""

UNSURE = "#c4c4c4"
HATCHES = ("", "//", "..", "xx")
"""Of the labels after the eighth, sixteenth, …"""


def timeline_figure(timeline: Timeline, title: str) -> Figure:
    """Draw a row for each track.

    Args:
        timeline: What to draw.
        title: The film's name.
    """
    rows = max(len(timeline.tracks), 1)
    figure = Figure(figsize=(9, 1.5 + 0.85 * rows))
    figure.set_layout_engine("constrained")
    grid = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    names = [*map(plain, timeline.label_names), "unsure"]
    for axes, track, counts in zip(grid, timeline.tracks, timeline.counts, strict=False):
        _track(axes, timeline.edges, counts)
        axes.set_ylabel(f"face {track}", rotation=0, ha="right", va="center", fontsize=9)
    if not timeline.tracks:
        grid[0].text(0.5, 0.5, "no face found", ha="center", va="center")
        grid[0].set_yticks([])
    grid[-1].set_xlabel("seconds")
    grid[-1].set_xlim(0, timeline.edges[-1])
    handles = [Patch(**_style(index, len(names))) for index in range(len(names))]
    figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 8), fontsize=8)
    more = f"; {timeline.left_out} shorter tracks are not drawn" if timeline.left_out else ""
    what = f"{plain(title, 60)}: share of frames predicted as each label{more}"
    figure.suptitle(what, fontsize=10)
    return figure


def _track(axes, edges: np.ndarray, counts: np.ndarray) -> None:
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    low = np.zeros(len(counts))
    for index in range(counts.shape[1]):
        axes.bar(
            edges[:-1],
            shares[:, index],
            width=np.diff(edges),
            bottom=low,
            align="edge",
            linewidth=0,
            **_style(index, counts.shape[1]),
        )
        low += shares[:, index]
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _style(index: int, count: int) -> dict:
    if index == count - 1:
        return {"color": UNSURE}
    hatch = HATCHES[index // len(COLOURS) % len(HATCHES)]
    return {"facecolor": COLOURS[index % len(COLOURS)], "hatch": hatch, "edgecolor": "white"}
