"""Pictures of where a network looks: a page for each label, and an overview."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from fer_analysis.data.regions.template import Regions
from fer_analysis.figures import plain
from fer_analysis.figures.facts import of_run
from fer_analysis.figures.map_on_face import (
    FEW,
    MEANS,
    PERCENTILE,
    cover,
    densities,
    draw_face,
    draw_mean,
    scale_bar,
    scale_of,
    title_of,
)
from fer_analysis.figures.style import (
    INTERVALS,
    WIDTH,
    describe,
    rows_of,
    share_axis,
    styled,
    theme,
)
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.saliency.enrichment import LabelSummary
from fer_analysis.saliency.findings import RegionFinding
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.text import percent

EXAMPLES = 4
PER_LINE = 7
EVENLY = "1 = spread evenly"
SAME_SCALE = f"colours: {EVENLY}; one scale for all labels, up to the {PERCENTILE}th percentile"


@styled
def label_figure(analysis: SaliencyAnalysis, label: str) -> Figure:
    """Draw one label's page: examples with their maps, mean maps, regions.

    Args:
        analysis: What to draw.
        label: One of its explained labels.
    """
    summary, maps, scale = analysis.summary(label), analysis.maps, scale_of(analysis)
    regions = 0.9 + 0.3 * len(analysis.regions.names)
    figure = Figure(figsize=(WIDTH, 7.2 + regions), layout="constrained")
    upper, middle, lower = figure.subfigures(3, 1, height_ratios=(2.9, 2.6, regions))
    *halves, margin = upper.subfigures(1, 3, width_ratios=(1, 1, 0.22))
    of_label = maps.labels == maps.label_names.index(label)
    correct = maps.predicted == maps.labels
    for half, kind, chosen in zip(halves, ("correct", "wrong"), (correct, ~correct), strict=True):
        rows = np.flatnonzero(of_label & chosen)
        count = f"{len(rows)} of {of_label.sum()} explained images"
        half.suptitle(f"{kind} predictions: {count}", fontsize=10)
        _examples(half, analysis, rows, scale.faces)
    bar = margin.subplots()
    scale_bar([bar], scale.faces, f"one face's saliency\n({EVENLY})", cax=bar)
    row = middle.subplots(1, 3)
    for axes, name in zip(row, MEANS, strict=True):
        draw_mean(axes, summary, name, scale.means)
        axes.set_title(f"mean map, {title_of(summary, name)}")
    scale_bar(row, scale.means, f"mean saliency ({EVENLY})", shrink=0.9, pad=0.02)
    _region_bars(lower.subplots(), summary, analysis.regions)
    describe(
        figure,
        f"Where the network looks: {plain(label)}",
        *_facts(analysis),
        f"n = {_explained(summary)}",
        _recall(summary),
        _answer(analysis.finding(label)),
        "above each face: what it is predicted as, and its probability (temperature 1)",
        SAME_SCALE,
        FEW,
    )
    mark_figure(figure, analysis.marks)
    return figure


@styled
def overview_figure(analysis: SaliencyAnalysis) -> Figure:
    """Draw an overview of all labels: mean face, mean maps, the dominant regions.

    Args:
        analysis: What to draw.
    """
    summaries, scale = analysis.labels, scale_of(analysis)
    columns = min(len(summaries), PER_LINE)
    lines = math.ceil(len(summaries) / columns)
    side = (WIDTH - 1.1) / max(columns, 4)
    figure = Figure(figsize=(WIDTH, (3 * side + 2.1) * lines + 1.4), layout="constrained")
    grid = figure.subplots(3 * lines, columns, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    faces, rights, wrongs = (grid[row::3].ravel()[: len(summaries)] for row in range(3))
    for face, right, wrong, summary in zip(faces, rights, wrongs, summaries, strict=True):
        draw_face(face, summary.mean_face, mean=True)
        digest = _digest(summary, analysis.finding(summary.label))
        face.set_title(f"{plain(summary.label, 15)}\n{digest}", fontsize=8.5)
        for axes, name in ((right, "right_map"), (wrong, "wrong_map")):
            draw_mean(axes, summary, name, scale.means)
            axes.set_title(title_of(summary, name), fontsize=8.5)
    bar = {"shrink": 0.6, "aspect": 35, "pad": 0.01}
    scale_bar([*rights, *wrongs], scale.means, f"mean saliency ({EVENLY})", **bar)
    describe(
        figure,
        "Where the network looks, label by label",
        *_facts(analysis),
        f"n = {sum(each.n for each in summaries):,} faces",
        "× saliency of the region over its pixels, [95 % interval]",
        SAME_SCALE,
        FEW,
    )
    mark_figure(figure, analysis.marks)
    return figure


def _examples(
    half: SubFigure, analysis: SaliencyAnalysis, rows: np.ndarray, highest: float
) -> None:
    """Draw the first images of `rows` (their order is random) above their maps."""
    saliency, grid = analysis.maps, half.subplots(2, EXAMPLES)
    for axes in grid.flat:
        axes.axis("off")
    if not len(rows):
        half.text(0.5, 0.45, "none", ha="center", fontsize=16, color=theme().muted)
    for (face, overlay), row in zip(grid.T, rows, strict=False):
        image, predicted = analysis.images[row, ..., 0], saliency.predicted[row]
        draw_face(face, image)
        share = percent(float(saliency.probabilities[row, predicted]), 0)
        face.set_title(f"{plain(saliency.label_names[predicted], 12)}\n{share}", fontsize=8.5)
        draw_face(overlay, image)
        density = densities(saliency.take([row]))[0]
        if not np.isnan(density[0, 0]):
            cover(overlay, density, highest, faint=0.35)


def top_to_bottom(regions: Regions) -> list[int]:
    """Return the positions of regions as they follow on a face, the background last."""
    rows = np.arange(regions.pixels.shape[0])[:, None]
    heights = [
        (name == "background", (rows * mask).sum() / max(mask.sum(), 1))
        for name, mask in zip(regions.names, regions.masks, strict=True)
    ]
    return sorted(range(len(heights)), key=lambda index: heights[index])


def _region_bars(axes: Axes, summary: LabelSummary, regions: Regions) -> None:
    rows = [summary.regions[index] for index in top_to_bottom(regions)]
    places = np.arange(len(rows))
    share, reach = bars_of([row.share for row in rows])
    area = np.array([row.area for row in rows])
    error = {"capsize": 2.5, "ecolor": theme().ink}
    name = "share of the saliency (95 % interval)"
    look = {"color": theme().saliency, "label": name, "xerr": reach, "error_kw": error}
    rows_of(axes, [plain(row.region) for row in rows])
    axes.barh(places - 0.2, share, 0.36, **look)
    axes.barh(places + 0.2, area, 0.36, color=theme().reference, label="share of the pixels")
    for place, row in enumerate(rows):
        end = max(filter(None, (row.share.high, row.share.value, row.area, 1e-9)))
        text = f"× {_enrichment(row.enrichment)}" if summary.n else ""
        beside = {"xytext": (6, 0), "textcoords": "offset points", "va": "center"}
        axes.annotate(text, (end, place), **beside)
    axes.margins(x=0.2)
    share_axis(axes.xaxis, "mean share of the saliency or of the pixels")
    axes.set_title(f"by region, n = {summary.n} (× = saliency / pixels, {INTERVALS})")
    axes.legend(loc="upper right")


def bars_of(estimates: Sequence[Estimate]) -> tuple[np.ndarray, np.ndarray]:
    """Return the lengths of bars, and how far their intervals reach to both sides of the ends.

    Undefined values have no length and no interval.
    """
    values = np.array([e.value or 0 for e in estimates])
    ends = np.array([e.interval or (v, v) for e, v in zip(estimates, values, strict=True)])
    return values, np.abs(ends.T - values)


def _facts(analysis: SaliencyAnalysis) -> tuple[str, ...]:
    maps = analysis.maps
    notes = [plain(note, 200) for note in analysis.notes]
    return of_run(analysis.meta["run"]), f"{maps.split} split", plain(maps.description, 110), *notes


def _recall(summary: LabelSummary) -> str:
    share = percent(summary.correct / summary.support, 0)
    return f"{summary.correct} of {summary.support} predicted correctly ({share})"


def _explained(summary: LabelSummary) -> str:
    maps = summary.n + summary.left_out
    which = "all explained" if maps == summary.support else f"{maps} explained, chosen at random"
    return which + (f" ({summary.left_out} maps of zeros left out)" if summary.left_out else "")


def _enrichment(figure: Estimate) -> str:
    ends = figure.interval
    return f"{figure.value:.2f}" + (f" [{ends[0]:.2f}-{ends[1]:.2f}]" if ends else "")


def _digest(summary: LabelSummary, finding: RegionFinding | None) -> str:
    lines = [f"n = {summary.n}", f"{summary.correct} of {summary.support} correct"]
    if top := summary.top:
        value, _, ends = _enrichment(top.enrichment).partition(" ")
        lines += [f"{plain(top.region, 13)} × {value}", ends or "no interval"]
    if finding:
        lines.append(f"maps: {plain(finding.by_maps.region or 'none', 14)}")
        lines.append(f"hiding: {plain(finding.by_occlusion.region or 'none', 14)}")
    return "\n".join(lines)


def _answer(finding: RegionFinding | None) -> str:
    if finding is None:
        return "no control was computed: this does not show that a region is dominant"
    found = finding.by_maps
    return plain(("" if found.region else "no ") + f"dominant region: {found.reason}", 160)


def mark_figure(figure: Figure, marks: Sequence[str]) -> None:
    """Write on a figure the checks that its method failed."""
    if marks:
        text = "! " + "   ! ".join(marks)
        figure.supxlabel(text, fontsize=10, color=theme().bad, weight="bold")
