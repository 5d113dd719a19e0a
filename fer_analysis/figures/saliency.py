"""Pictures of where a network looks: one page a label, all labels side by side, the template.

The functions take what `fer_analysis.saliency` makes: `SaliencyMaps` and `LabelSummary`.
"""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import PercentFormatter
from scipy import ndimage

from fer_analysis.figures import plain

COLOURS = "magma"
OVERLAY = 0.65
"""How far a map covers the face beneath it."""

EXAMPLES = 5
PERCENTILE = 99
PER_LINE = 7
SALIENCY, AREA = "#b5367a", "0.72"


def label_figure(saliency, images: np.ndarray, summary, *, run: str) -> Figure:
    """Draw one label's page: examples with their maps, the mean map, saliency by region.

    Args:
        saliency: A `SaliencyMaps`.
        images: `(n, h, w, 1)`, the images that it explains, pixels 0-255.
        summary: The `LabelSummary` of the label to draw.
        run: The run's name.
    """
    figure = Figure(figsize=(13, 7.7), layout="constrained")
    figure.suptitle(
        f"{plain(summary.label)}: {_recall(summary)} · {_explained(summary)}\n"
        f"{_details(saliency, run)}",
        fontsize=12,
    )
    top, bottom = figure.subfigures(2, 1, height_ratios=[0.74, 1], hspace=0.03)
    *halves, margin = top.subfigures(1, 3, width_ratios=[1, 1, 0.14])
    of_label = saliency.labels == saliency.label_names.index(summary.label)
    right = saliency.predicted == saliency.labels
    for half, kind, chosen in zip(halves, ("right", "wrong"), (right, ~right), strict=True):
        rows = np.flatnonzero(of_label & chosen)
        half.suptitle(
            f"predicted {kind}: {len(rows)} of {of_label.sum()} explained images",
            fontsize=11, weight="bold",
        )  # fmt: skip
        _examples(half, saliency, images, rows)
    bar = margin.colorbar(ScalarMappable(Normalize(0, 1), COLOURS), cax=margin.subplots())
    bar.set_label(f"|map| / its {PERCENTILE}th percentile,\nimage by image", fontsize=9)
    face, mean, bars = bottom.subplots(1, 3, width_ratios=[1, 1, 1.5])
    _mean_face(face, summary.mean_face)
    face.set_title(f"mean face, n={summary.n + summary.left_out}", fontsize=11)
    _mean_maps(bottom, [mean], [summary])
    mean.set_title(f"mean |map| on it, n={summary.n}", fontsize=11)
    _region_bars(bars, summary)
    return figure


def overview_figure(saliency, summaries, *, run: str) -> Figure:
    """Draw all labels side by side: mean face, mean map, recall, the most enriched region.

    Args:
        saliency: A `SaliencyMaps`.
        summaries: `LabelSummary` of each label.
        run: The run's name.
    """
    columns = min(len(summaries), PER_LINE)
    lines = math.ceil(len(summaries) / columns)
    size = (max(2 * columns, 7) + 1.2, 4.85 * lines + 0.95)
    figure = Figure(figsize=size, layout="compressed")
    details = _details(saliency, run, separator="\n")
    figure.suptitle(f"Where the network looks, label by label\n{details}")
    grid = figure.subplots(2 * lines, columns, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    faces, means = grid[::2].ravel(), grid[1::2].ravel()[: len(summaries)]
    for face, mean, summary in zip(faces, means, summaries, strict=False):
        _mean_face(face, summary.mean_face)
        face.set_title(plain(summary.label, 16), fontsize=13, weight="bold")
        mean.set_title(_digest(summary), fontsize=9.5)
    _mean_maps(figure, list(means), summaries)
    return figure


def region_figure(face: np.ndarray, regions: np.ndarray, names: tuple[str, ...]) -> Figure:
    """Draw the template of facial regions on a face.

    Args:
        face: `(h, w)`, usually the mean of a data set, pixels 0-255.
        regions: Integers `(h, w)`, the region of each pixel.
        names: The regions' names.
    """
    figure = Figure(figsize=(6.4, 6.9), layout="constrained")
    axes = figure.subplots()
    _mean_face(axes, face)
    axes.set_title("facial regions: one fixed template\n(share of the pixels, both sides together)")
    axes.add_collection(LineCollection(_borders(regions), colors="gold", linewidths=1.6))
    for index, name in enumerate(names):
        _name_parts(axes, regions == index, f"{name} {100 * (regions == index).mean():.1f} %")
    return figure


def _examples(half: SubFigure, saliency, images: np.ndarray, rows: np.ndarray) -> None:
    """Draw the first images of `rows` (they stand in random order) above their maps."""
    grid = half.subplots(2, EXAMPLES)
    for axes in grid.flat:
        axes.axis("off")
    if not len(rows):
        half.text(0.5, 0.45, "none", ha="center", fontsize=16, color="0.4")
    for (face, overlay), row in zip(grid.T, rows, strict=False):
        image, predicted = images[row, ..., 0], saliency.predicted[row]
        face.imshow(image, cmap="gray", vmin=0, vmax=255)
        probability = f"{saliency.probabilities[row, predicted]:.2f}".removeprefix("0")
        face.set_title(f"{plain(saliency.label_names[predicted], 11)} {probability}", fontsize=9.5)
        magnitude = np.abs(saliency.maps[row])
        overlay.imshow(image, cmap="gray", vmin=0, vmax=255)
        _cover(overlay, magnitude, np.percentile(magnitude, PERCENTILE))


def _mean_maps(figure: Figure | SubFigure, axes: list[Axes], summaries) -> None:
    """Draw mean maps on their mean faces, in one scale with one bar."""
    pixels = [summary.mean_map for summary in summaries if summary.n]
    highest = np.percentile(pixels, PERCENTILE) if pixels else 1
    for each, summary in zip(axes, summaries, strict=True):
        _mean_face(each, summary.mean_face)
        if summary.n:
            _cover(each, summary.mean_map, highest)
        else:
            box = {"facecolor": "white", "edgecolor": "none"}
            each.text(
                0.5, 0.5, "all maps are zero", ha="center", transform=each.transAxes, bbox=box
            )
    scale = ScalarMappable(Normalize(0, highest), COLOURS)
    bar = figure.colorbar(scale, ax=axes, extend="max", shrink=0.8)
    bar.set_label("saliency (1 = spread evenly)")


def _region_bars(axes: Axes, summary) -> None:
    rows, places = summary.regions, np.arange(len(summary.regions))
    columns = ("share", "share_low", "share_high", "area")
    share, low, high, area = (np.array([row[name] for row in rows]) for name in columns)
    axes.barh(
        places - 0.2, share, 0.36, color=SALIENCY, label="share of the saliency (95 % interval)",
        xerr=np.nan_to_num([share - low, high - share]).clip(0),
        error_kw={"capsize": 2.5, "ecolor": "0.15"},
    )  # fmt: skip
    axes.barh(places + 0.2, area, 0.36, color=AREA, label="share of the pixels")
    for place, row in enumerate(rows):
        end = np.nanmax([row["share_high"], row["share"], row["area"]])
        axes.annotate(
            f"× {row['enrichment']:.2f}" if summary.n else "", (end, place), xytext=(6, 0),
            textcoords="offset points", va="center", fontsize=9,
        )  # fmt: skip
    axes.set_yticks(places, [row["region"] for row in rows])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    axes.set_title("mean share by region (× = saliency / pixels)", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    legend = {"loc": "upper center", "bbox_to_anchor": (0.45, -0.07), "ncols": 2}
    axes.legend(fontsize=9, frameon=False, **legend)


def _mean_face(axes: Axes, face: np.ndarray) -> None:
    """Draw a mean face in its own range of greys: averages are pale."""
    axes.imshow(face, cmap="gray")
    axes.axis("off")


def _cover(axes: Axes, values: np.ndarray, highest: float) -> None:
    axes.imshow(values, cmap=COLOURS, vmin=0, vmax=highest or 1, alpha=OVERLAY)


def _borders(regions: np.ndarray) -> list[list[tuple[float, float]]]:
    """Return the lines between pixels of different regions, each as two points (x, y)."""
    below = np.argwhere(np.diff(regions, axis=0))
    beside = np.argwhere(np.diff(regions, axis=1))
    return [[(x - 0.5, y + 0.5), (x + 0.5, y + 0.5)] for y, x in below] + [
        [(x + 0.5, y - 0.5), (x + 0.5, y + 0.5)] for y, x in beside
    ]


def _name_parts(axes: Axes, members: np.ndarray, name: str) -> None:
    """Write a region's name on each of its parts that has room for it."""
    parts, count = ndimage.label(members)
    for part in range(1, count + 1):
        rows, columns = np.nonzero(parts == part)
        if len(rows) < 0.02 * members.size:
            continue
        axes.text(
            np.median(columns), np.median(rows), name, ha="center", va="center",
            rotation=90 if np.ptp(rows) > 2 * np.ptp(columns) else 0, color="white", fontsize=9,
            path_effects=[withStroke(linewidth=2.5, foreground="black")],
        )  # fmt: skip


def _details(saliency, run: str, separator: str = " · ") -> str:
    return f"{saliency.description}{separator}{saliency.split} split · run {plain(run, 40)}"


def _recall(summary) -> str:
    share = 100 * summary.correct / summary.support
    return f"{summary.correct} of {summary.support} predicted right ({share:.0f} %)"


def _explained(summary) -> str:
    maps = summary.n + summary.left_out
    which = "all explained" if maps == summary.support else f"{maps} explained, chosen at random"
    return which + (f" ({summary.left_out} maps of zeros left out)" if summary.left_out else "")


def _digest(summary) -> str:
    share = 100 * summary.correct / summary.support
    lines = [f"n = {summary.n}", f"right {summary.correct}/{summary.support} ({share:.0f} %)"]
    if top := summary.top:
        lines.append(f"{top['region']} × {top['enrichment']:.2f}")
        lines.append(f"[{top['low']:.2f}, {top['high']:.2f}]")
    return "\n".join(lines)
