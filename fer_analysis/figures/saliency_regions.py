"""Pictures of regions: what each carries for each label, and where they lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from scipy import ndimage

from fer_analysis.figures import plain
from fer_analysis.figures.saliency import SALIENCY

PER_LINE = 4
HIDDEN = "#2b6c8f"
CAPS = {"capsize": 2.5, "ecolor": "0.15"}
NULLS = {"the edges": "s", "networks that learnt nothing": "o", "all labels": "D"}
NAMES = {"networks that learnt nothing": "random weights"}


def bars_figure(
    saliency, summaries, answers: Mapping, *, run: str, marks: Sequence[str] = ()
) -> Figure:
    """Draw, for each label, every region's enrichment with its interval and its nulls.

    Where controls were made, what hiding the region costs stands beside it.

    Args:
        saliency: A `SaliencyMaps`.
        summaries: `LabelSummary` of each label.
        answers: Label -> `Finding`, where controls were made.
        run: The run's name.
        marks: What the method has failed.
    """
    columns = min(len(summaries), PER_LINE)
    lines = math.ceil(len(summaries) / columns)
    figure = Figure(figsize=(5.2 * columns + 1, 3.9 * lines + 1.4), layout="constrained")
    figure.suptitle(
        f"Saliency by region: {saliency.description} · {saliency.split} split · "
        f"run {plain(run, 40)}" + "".join(f"\n! {mark}" for mark in marks)
    )
    panels = figure.subfigures(lines, columns, squeeze=False)
    enriched, hidden = [], []
    for panel, summary in zip(panels.flat, summaries, strict=False):
        answer = answers.get(summary.label)
        panel.suptitle(_title(summary, answer), fontsize=11)
        left, *right = panel.subplots(1, 2 if answer else 1, sharey=True, squeeze=False)[0]
        _bars(left, summary, answer)
        enriched.append(left)
        for axes in right:
            _hidden(axes, answer.occlusion["mean"])
            hidden.append(axes)
    for each in filter(None, (enriched, hidden)):  # one scale for all labels, so that bars compare
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


def region_figure(face: np.ndarray, regions: np.ndarray, names: tuple[str, ...]) -> Figure:
    """Draw the template of facial regions on a face.

    Args:
        face: `(h, w)`, usually the mean of a data set, pixels 0-255.
        regions: Integers `(h, w)`, the region of each pixel.
        names: The regions' names.
    """
    figure = Figure(figsize=(6.4, 6.9), layout="constrained")
    axes = figure.subplots()
    axes.imshow(face, cmap="gray")
    axes.axis("off")
    axes.set_title("facial regions\n(share of the pixels, both sides together)")
    axes.add_collection(LineCollection(_borders(regions), colors="gold", linewidths=1.6))
    for index, name in enumerate(names):
        _name_parts(axes, regions == index, f"{name} {100 * (regions == index).mean():.1f} %")
    return figure


def _title(summary, answer) -> str:
    title = f"{plain(summary.label)}, n = {summary.n}"
    if answer:
        title += f"\nmaps: {plain(answer.by_maps.region or 'none')}"
        title += f" · hiding: {plain(answer.by_occlusion.region or 'none')}"
    return title


def _bars(axes: Axes, summary, answer) -> None:
    """Draw the enrichment of each region, and how far the nulls reach."""
    rows, places = summary.regions, np.arange(len(summary.regions))
    values, low, high = (np.array([row[k] for row in rows]) for k in ("enrichment", "low", "high"))
    interval = np.nan_to_num([values - low, high - values]).clip(0)
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
    for null, marker in NULLS.items() if answer else ():
        style = {"color": "0.1", "markersize": 4.5, "fillstyle": "none"}
        label = f"null: {NAMES.get(null, null)}"
        axes.plot(answer.evidence.nulls[null], places, marker, label=label, **style)
    axes.set_yticks(places, [plain(row["region"], 18) for row in rows])
    axes.invert_yaxis()
    axes.set_xlabel("share of saliency / of pixels", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)


def _hidden(axes: Axes, occlusion) -> None:
    """Draw how far the logit falls when each region is hidden, beyond its control."""
    excess = occlusion.drop - occlusion.control
    n, r = excess.shape
    interval = 1.96 * excess.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else None
    axes.barh(
        np.arange(r),
        excess.mean(axis=0),
        0.7,
        color=HIDDEN,
        alpha=0.75,
        xerr=interval,
        error_kw=CAPS,
        label="drop of the logit when hidden, beyond that of as much elsewhere",
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
    """Write a region's name on each of its parts that has room for it."""
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
