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
from fer_analysis.figures.saliency import SALIENCY, bars_of
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.saliency.enrichment import LabelSummary
from fer_analysis.saliency.findings import HiddenRegion, RegionFinding
from fer_analysis.text import percent

PER_LINE = 4
HIDDEN = "#2b6c8f"
CAPS = {"capsize": 2.5, "ecolor": "0.15"}
NULLS = {"the edges": "s", "untrained networks": "o", "all labels": "D"}


def bars_figure(analysis: SaliencyAnalysis) -> Figure:
    """Draw, for each label, every region's enrichment with its interval and its nulls.

    Where controls were computed, the cost of hiding the region is drawn next to it.

    Args:
        analysis: What to draw.
    """
    saliency, summaries, run = analysis.maps, analysis.labels, analysis.meta["run"]
    columns = min(len(summaries), PER_LINE)
    lines = math.ceil(len(summaries) / columns)
    figure = Figure(figsize=(5.2 * columns + 1, 3.9 * lines + 1.4), layout="constrained")
    figure.suptitle(
        f"Saliency by region: {saliency.description} · {saliency.split} split · "
        f"run {plain(run, 40)}" + "".join(f"\n! {mark}" for mark in analysis.marks)
    )
    panels = figure.subfigures(lines, columns, squeeze=False)
    enriched, hidden = [], []
    for panel, summary in zip(panels.flat, summaries, strict=False):
        finding = analysis.finding(summary.label)
        panel.suptitle(_title(summary, finding), fontsize=11)
        left, *right = panel.subplots(1, 2 if finding else 1, sharey=True, squeeze=False)[0]
        _bars(left, summary, finding)
        enriched.append(left)
        for axes in right:
            _hidden(axes, finding.hidden["mean"])
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
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=5)
    return figure


def region_figure(face: np.ndarray, regions: Regions) -> Figure:
    """Draw the template of facial regions on a face.

    Args:
        face: `(h, w)`, usually the mean of a data set, pixels 0-255.
        regions: The parts of the face.
    """
    figure = Figure(figsize=(6.4, 6.9), layout="constrained")
    axes = figure.subplots()
    axes.imshow(face, cmap="gray")
    axes.axis("off")
    axes.set_title("facial regions\n(share of the pixels, both sides together)")
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


def _bars(axes: Axes, summary: LabelSummary, finding: RegionFinding | None) -> None:
    """Draw the enrichment of each region, and the upper end of each null."""
    places = np.arange(len(summary.regions))
    values, interval = bars_of([region.enrichment for region in summary.regions])
    axes.barh(
        places,
        values,
        0.7,
        color=SALIENCY,
        alpha=0.75,
        xerr=interval,
        error_kw=CAPS,
        label="enrichment (95 % interval)",
    )
    axes.axvline(1, color="0.5", linewidth=1, linestyle=":")
    for null, marker in NULLS.items() if finding else ():
        style = {"color": "0.1", "markersize": 4.5, "fillstyle": "none"}
        label = f"null: {null}"
        axes.plot(finding.evidence.nulls[null], places, marker, label=label, **style)
    axes.set_yticks(places, [plain(each.region, 18) for each in summary.regions])
    axes.invert_yaxis()
    axes.set_xlabel("share of saliency / of pixels", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _hidden(axes: Axes, regions: Sequence[HiddenRegion]) -> None:
    """Draw the drop of the logit when each region is hidden, minus that of its control."""
    values, interval = bars_of([region.excess for region in regions])
    axes.barh(
        np.arange(len(regions)),
        values,
        0.7,
        color=HIDDEN,
        alpha=0.75,
        xerr=interval,
        error_kw=CAPS,
        label="drop of the logit when hidden, minus that of the same area elsewhere",
    )
    axes.axvline(0, color="0.3", linewidth=0.8)
    axes.tick_params(axis="y", left=False)
    axes.set_xlabel("drop when hidden, logits", fontsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)


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
