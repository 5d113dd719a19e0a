"""Figures of regions: enrichment and cost of hiding for each label, and the template."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from scipy import ndimage

from fer_analysis.data.regions.template import Regions
from fer_analysis.figures import plain
from fer_analysis.figures.facts import of_run
from fer_analysis.figures.map_on_face import draw_face
from fer_analysis.figures.saliency import bars_of, top_to_bottom
from fer_analysis.figures.style import INTERVALS, WIDTH, describe, rows_of, styled, theme
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.saliency.enrichment import LabelSummary
from fer_analysis.saliency.findings import HiddenRegion, RegionFinding
from fer_analysis.text import percent

ACROSS = 2
"""Labels beside each other."""

NULLS = {"the edges": "s", "untrained networks": "o", "all labels": "D"}


@styled
def bars_figure(analysis: SaliencyAnalysis) -> Figure:
    """Draw, for each label, every region's enrichment with its interval and its nulls.

    Where controls were computed, the cost of hiding the region is drawn next to it.

    Args:
        analysis: What to draw.
    """
    summaries, order = analysis.labels, top_to_bottom(analysis.regions)
    across = min(len(summaries), ACROSS)
    lines = math.ceil(len(summaries) / across)
    height = lines * (1.3 + 0.2 * len(order)) + 1.6
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    panels = figure.subfigures(lines, across, squeeze=False)
    enriched, hidden = [], []
    for panel, summary in zip(panels.flat, summaries, strict=False):
        finding = analysis.finding(summary.label)
        panel.suptitle(_title(summary, finding), fontsize=9.5)
        left, *right = panel.subplots(1, 2 if finding else 1, sharey=True, squeeze=False)[0]
        _bars(left, summary, finding, order)
        enriched.append(left)
        for axes in right:
            _hidden(axes, finding.hidden["mean"], order)
            hidden.append(axes)
    for each in filter(None, (enriched, hidden)):  # one scale, so that labels can be compared
        ends = np.array([axes.get_xlim() for axes in each])
        for axes in each:
            axes.set_xlim(ends.min(), ends.max())
    handles = {
        label: handle
        for axes in figure.axes
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=2)
    describe(
        figure,
        "Saliency by region, and what hiding the region costs",
        of_run(analysis.meta["run"]),
        f"{analysis.maps.split} split",
        plain(analysis.maps.description, 110),
        INTERVALS,
        "n: faces of the label",
        *(plain(note, 200) for note in analysis.notes),
        *(f"! {mark}" for mark in analysis.marks),
    )
    return figure


@styled
def region_figure(face: np.ndarray, regions: Regions, *facts: str) -> Figure:
    """Draw the template of facial regions on a face.

    Args:
        face: `(h, w)`, usually the mean of a data set, pixels 0-255.
        regions: The parts of the face.
        *facts: Whose face.
    """
    figure = Figure(figsize=(6.4, 7.1), layout="constrained")
    axes = figure.subplots()
    draw_face(axes, face, mean=True)
    note = "share of the pixels, both sides together"
    describe(figure, "The regions of a face", *facts, note)
    axes.add_collection(LineCollection(_borders(regions.pixels), colors="gold", linewidths=1.6))
    for name, mask, area in zip(regions.names, regions.masks, regions.areas, strict=True):
        _name_parts(axes, mask, f"{plain(name)} {percent(area)}")
    return figure


def _title(summary: LabelSummary, finding: RegionFinding | None) -> str:
    title = f"{plain(summary.label)}, n = {summary.n}"
    if finding:
        title += f"\nmaps: {plain(finding.by_maps.region or 'none')}"
        title += f" · hiding: {plain(finding.by_occlusion.region or 'none')}"
    return title


def _bars(
    axes: Axes, summary: LabelSummary, finding: RegionFinding | None, order: Sequence[int]
) -> None:
    """Draw the enrichment of each region, and the upper end of each null."""
    regions = [summary.regions[index] for index in order]
    places = np.arange(len(regions))
    values, interval = bars_of([region.enrichment for region in regions])
    error = {"capsize": 2.5, "ecolor": theme().ink}
    name = "saliency over pixels (1: spread evenly)"
    look = {"color": theme().saliency, "label": name, "xerr": interval, "error_kw": error}
    rows_of(axes, [plain(each.region, 18) for each in regions])
    axes.barh(places, values, 0.7, alpha=0.8, **look)
    axes.axvline(1, color=theme().reference, linewidth=1, linestyle=":")
    for null, marker in NULLS.items() if finding else ():
        style = {"color": theme().ink, "markersize": 4.5, "fillstyle": "none"}
        ends = np.asarray(finding.evidence.nulls[null])[list(order)]
        axes.plot(ends, places, marker, label=f"upper end of the null: {null}", **style)
    axes.set_xlabel("share of saliency / of pixels")


def _hidden(axes: Axes, regions: Sequence[HiddenRegion], order: Sequence[int]) -> None:
    """Draw the drop of the logit when each region is hidden, minus that of its control."""
    values, interval = bars_of([regions[index].excess for index in order])
    error = {"capsize": 2.5, "ecolor": theme().ink}
    name = "drop of the logit when hidden, minus that of the same area elsewhere"
    look = {"color": theme().hidden, "label": name, "xerr": interval, "error_kw": error}
    axes.barh(np.arange(len(order)), values, 0.7, alpha=0.8, **look)
    axes.axvline(0, color=theme().muted, linewidth=0.8)
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("drop when hidden, logits")
    axes.spines["left"].set_visible(False)


def _borders(regions: np.ndarray) -> list[list[tuple[float, float]]]:
    """Return the lines between pixels of different regions, each as two points (x, y)."""
    below = np.argwhere(np.diff(regions, axis=0))
    beside = np.argwhere(np.diff(regions, axis=1))
    return [[(x - 0.5, y + 0.5), (x + 0.5, y + 0.5)] for y, x in below] + [
        [(x + 0.5, y - 0.5), (x + 0.5, y + 0.5)] for y, x in beside
    ]


def _name_parts(axes: Axes, members: np.ndarray, name: str) -> None:
    """Write a region's name on each of its parts that is large enough."""
    parts, count = ndimage.label(members)
    for part in range(1, count + 1):
        rows, columns = np.nonzero(parts == part)
        if len(rows) < 0.02 * members.size:
            continue
        axes.text(
            np.median(columns),
            np.median(rows),
            name,
            ha="center",
            va="center",
            rotation=90 if np.ptp(rows) > 2 * np.ptp(columns) else 0,
            color="white",
            fontsize=9,
            path_effects=[withStroke(linewidth=2.5, foreground="black")],
        )
