"""Pictures of where a network looks: a page for each label, and an overview."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import PercentFormatter

from fer_analysis.figures import plain
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.saliency.enrichment import LabelSummary
from fer_analysis.saliency.findings import RegionFinding
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.text import percent

COLOURS = "magma"
OVERLAY = 0.65
"""Opacity of a map over the face."""

EXAMPLES = 5
PERCENTILE = 99
PER_LINE = 7
KINDS = ("correct", "wrong")
SALIENCY, AREA = "#b5367a", "0.72"


def label_figure(analysis: SaliencyAnalysis, label: str) -> Figure:
    """Draw one label's page: examples with their maps, mean maps, regions.

    Args:
        analysis: What to draw.
        label: One of its explained labels.
    """
    summary, saliency = analysis.summary(label), analysis.maps
    figure = Figure(figsize=(13, 8.2), layout="constrained")
    figure.suptitle(
        f"{plain(label)}: {_recall(summary)} · {_explained(summary)}\n"
        f"{_details(analysis)}\n{_answer(analysis.finding(label))}",
        fontsize=12,
    )
    top, bottom = figure.subfigures(2, 1, height_ratios=[0.74, 1], hspace=0.03)
    *halves, margin = top.subfigures(1, 3, width_ratios=[1, 1, 0.14])
    of_label = saliency.labels == saliency.label_names.index(label)
    correct = saliency.predicted == saliency.labels
    for half, kind, chosen in zip(halves, KINDS, (correct, ~correct), strict=True):
        rows = np.flatnonzero(of_label & chosen)
        half.suptitle(
            f"{kind} predictions: {len(rows)} of {of_label.sum()} explained images",
            fontsize=11,
            weight="bold",
        )
        _examples(half, analysis, rows)
    bar = margin.colorbar(ScalarMappable(Normalize(0, 1), COLOURS), cax=margin.subplots())
    bar.set_label(f"map / its {PERCENTILE}th percentile,\nimage by image", fontsize=9)
    *maps, bars = bottom.subplots(1, 4, width_ratios=[1, 1, 1, 1.5])
    counts = (summary.n, summary.right, summary.wrong)
    for axes, name, count in zip(maps, ("all", *KINDS), counts, strict=True):
        axes.set_title(f"mean map, {name}, n={count}", fontsize=11)
    _mean_maps(bottom, maps, [summary] * 3, ["mean_map", "right_map", "wrong_map"])
    _region_bars(bars, summary)
    mark_figure(figure, analysis.marks)
    return figure


def overview_figure(analysis: SaliencyAnalysis) -> Figure:
    """Draw an overview of all labels: mean face, mean maps, the dominant regions.

    Args:
        analysis: What to draw.
    """
    summaries = analysis.labels
    columns = min(len(summaries), PER_LINE)
    lines = math.ceil(len(summaries) / columns)
    size = (max(2 * columns, 7) + 1.2, 7.1 * lines + 1.2)
    figure = Figure(figsize=size, layout="compressed")
    details = _details(analysis, separator="\n")
    figure.suptitle(f"Where the network looks, label by label\n{details}")
    grid = figure.subplots(3 * lines, columns, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    faces, rights, wrongs = (grid[row::3].ravel()[: len(summaries)] for row in range(3))
    for face, right, wrong, summary in zip(faces, rights, wrongs, summaries, strict=True):
        _mean_face(face, summary.mean_face)
        _head(face, summary, analysis.finding(summary.label))
        right.set_title(f"correct, n = {summary.right}", fontsize=9.5)
        wrong.set_title(f"wrong, n = {summary.wrong}", fontsize=9.5)
    names = ["right_map"] * len(summaries) + ["wrong_map"] * len(summaries)
    _mean_maps(figure, [*rights, *wrongs], [*summaries, *summaries], names)
    mark_figure(figure, analysis.marks)
    return figure


def _head(axes: Axes, summary: LabelSummary, finding: RegionFinding | None) -> None:
    """Write the label's name and its figures above its mean face."""
    digest = _digest(summary, finding)
    axes.set_title(digest, fontsize=9.5)
    above = {"xytext": (0, 10 + 11.6 * (digest.count("\n") + 1)), "textcoords": "offset points"}
    name = {"ha": "center", "fontsize": 13, "weight": "bold", "annotation_clip": False}
    axes.annotate(plain(summary.label, 16), (0.5, 1), xycoords="axes fraction", **above, **name)


def _examples(half: SubFigure, analysis: SaliencyAnalysis, rows: np.ndarray) -> None:
    """Draw the first images of `rows` (their order is random) above their maps."""
    saliency = analysis.maps
    grid = half.subplots(2, EXAMPLES)
    for axes in grid.flat:
        axes.axis("off")
    if not len(rows):
        half.text(0.5, 0.45, "none", ha="center", fontsize=16, color="0.4")
    for (face, overlay), row in zip(grid.T, rows, strict=False):
        image, predicted = analysis.images[row, ..., 0], saliency.predicted[row]
        face.imshow(image, cmap="gray", vmin=0, vmax=255)
        probability = f"{saliency.probabilities[row, predicted]:.2f}".removeprefix("0")
        face.set_title(f"{plain(saliency.label_names[predicted], 11)} {probability}", fontsize=9.5)
        magnitude = saliency.take([row]).strength[0]
        overlay.imshow(image, cmap="gray", vmin=0, vmax=255)
        cover(overlay, magnitude, np.percentile(magnitude, PERCENTILE), faint=0.35)


def _mean_maps(
    figure: Figure | SubFigure,
    axes: Sequence[Axes],
    summaries: Sequence[LabelSummary],
    names: Sequence[str],
) -> None:
    """Draw mean maps on their mean faces, with one colour scale and one bar."""
    maps = [getattr(each, name) for each, name in zip(summaries, names, strict=True)]
    defined = [pixels for pixels in maps if not np.isnan(pixels[0, 0])]
    highest = np.percentile(defined, PERCENTILE) if defined else 1
    for each, summary, pixels in zip(axes, summaries, maps, strict=True):
        _mean_face(each, summary.mean_face)
        if np.isnan(pixels[0, 0]):
            box = {"facecolor": "white", "edgecolor": "none"}
            words = "no map" if summary.n else "all maps are zero"
            each.text(0.5, 0.5, words, ha="center", transform=each.transAxes, bbox=box)
        else:
            cover(each, pixels, highest)
    scale = ScalarMappable(Normalize(0, highest), COLOURS)
    bar = figure.colorbar(scale, ax=list(axes), extend="max", shrink=0.8)
    bar.set_label("saliency (1 = spread evenly)")


def _region_bars(axes: Axes, summary: LabelSummary) -> None:
    rows, places = summary.regions, np.arange(len(summary.regions))
    share, reach = bars_of([row.share for row in rows])
    area = np.array([row.area for row in rows])
    axes.barh(
        places - 0.2,
        share,
        0.36,
        color=SALIENCY,
        label="share of the saliency (95 % interval)",
        xerr=reach,
        error_kw={"capsize": 2.5, "ecolor": "0.15"},
    )
    axes.barh(places + 0.2, area, 0.36, color=AREA, label="share of the pixels")
    for place, row in enumerate(rows):
        end = max(filter(None, (row.share.high, row.share.value, row.area, 1e-9)))
        axes.annotate(
            f"× {row.enrichment.value:.2f}" if summary.n else "",
            (end, place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.set_yticks(places, [plain(row.region) for row in rows])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_title("mean share by region (× = saliency / pixels)", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    legend = {"loc": "upper center", "bbox_to_anchor": (0.45, -0.07), "ncols": 2}
    axes.legend(fontsize=9, frameon=False, **legend)


def bars_of(estimates: Sequence[Estimate]) -> tuple[np.ndarray, np.ndarray]:
    """Return the lengths of bars, and how far their intervals reach to both sides of the ends.

    Undefined values have no length and no interval.
    """
    values = np.array([e.value or 0 for e in estimates])
    ends = np.array([e.interval or (v, v) for e, v in zip(estimates, values, strict=True)])
    return values, np.abs(ends.T - values)


def _mean_face(axes: Axes, face: np.ndarray) -> None:
    """Draw a mean face with its own grey range, since averages have little contrast."""
    axes.imshow(face, cmap="gray")
    axes.axis("off")


def cover(axes: Axes, values: np.ndarray, highest: float, faint: float = 1.0) -> None:
    """Draw a map over a face.

    Args:
        axes: Where the face is.
        values: `(h, w)`, the map.
        highest: The value of the brightest colour.
        faint: The lowest values' share of the opacity.
    """
    strong = (values / (highest or 1)).clip(0, 1)
    cover = OVERLAY * (faint + (1 - faint) * strong)
    axes.imshow(values, cmap=COLOURS, vmin=0, vmax=highest or 1, alpha=cover)


def _details(analysis: SaliencyAnalysis, separator: str = " · ") -> str:
    maps, run = analysis.maps, plain(analysis.meta["run"], 40)
    return f"{maps.description}{separator}{maps.split} split · run {run}"


def _recall(summary: LabelSummary) -> str:
    share = percent(summary.correct / summary.support, 0)
    return f"{summary.correct} of {summary.support} predicted correctly ({share})"


def _explained(summary: LabelSummary) -> str:
    maps = summary.n + summary.left_out
    which = "all explained" if maps == summary.support else f"{maps} explained, chosen at random"
    return which + (f" ({summary.left_out} maps of zeros left out)" if summary.left_out else "")


def _digest(summary: LabelSummary, finding: RegionFinding | None) -> str:
    share = percent(summary.correct / summary.support, 0)
    lines = [f"n = {summary.n}", f"correct {summary.correct}/{summary.support} ({share})"]
    if top := summary.top:
        lines.append(f"{plain(top.region)} × {top.enrichment.value:.2f}")
        ends = top.enrichment.interval
        lines.append(f"[{ends[0]:.2f}, {ends[1]:.2f}]" if ends else "no interval")
    if finding:
        lines.append(f"dominant: {plain(finding.by_maps.region or 'none')}")
        lines.append(f"by hiding: {plain(finding.by_occlusion.region or 'none')}")
    return "\n".join(lines)


def _answer(finding: RegionFinding | None) -> str:
    if finding is None:
        return "no control was computed: this does not show that a region is dominant"
    found = finding.by_maps
    return plain(("" if found.region else "no ") + f"dominant region: {found.reason}", 110)


def mark_figure(figure: Figure, marks: Sequence[str]) -> None:
    """Write on a figure the checks that its method failed."""
    if marks:
        figure.supxlabel("! " + "   ! ".join(marks), fontsize=11, color="#b00020", weight="bold")
