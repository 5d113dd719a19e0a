"""Saliency maps over faces, all on one scale: 1 is a map that is spread evenly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Normalize

from fer_analysis.figures.colours import SALIENCY
from fer_analysis.figures.style import theme
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.saliency.maps import SaliencyMaps

OPACITY = 0.65
"""Of a map over the face."""

FEWEST = 5
"""Maps that a mean is shown of like any other; one of fewer is faint."""

FEW = f"(few): the mean of fewer than {FEWEST} maps, drawn faintly"

PERCENTILE = 99
"""Of all pixels of all labels: where the colours end."""

MEANS = ("mean_map", "right_map", "wrong_map")
KIND_OF = {"mean_map": "all", "right_map": "correct", "wrong_map": "wrong"}


@dataclass(frozen=True)
class Scale:
    """Where the colours of an analysis end, the same for every label.

    Args:
        faces: Of single faces.
        means: Of mean maps.
    """

    faces: float
    means: float


def scale_of(analysis: SaliencyAnalysis) -> Scale:
    """Return the scale on which all of an analysis is drawn."""
    single = densities(analysis.maps)
    maps = [getattr(each, name) for each in analysis.labels for name in MEANS]
    counts = [count_of(each, name) for each in analysis.labels for name in MEANS]
    defined = [m for m in maps if not np.isnan(m[0, 0])]
    sound = [m for m, n in zip(maps, counts, strict=True) if n >= FEWEST and m[0, 0] == m[0, 0]]
    means = np.percentile(sound or defined, PERCENTILE) if defined else 1.0
    faces = np.nanpercentile(single, PERCENTILE) if np.isfinite(single).any() else 1.0
    return Scale(float(faces) or 1.0, float(means) or 1.0)


def densities(maps: SaliencyMaps) -> np.ndarray:
    """Return each map over its mean: 1 is as if spread evenly; NaN for a map of zeros.

    Returns:
        float64 `(n, h, w)`.
    """
    strength = maps.strength.astype(float)
    means = strength.mean(axis=(1, 2), keepdims=True)
    return np.divide(strength, means, out=np.full_like(strength, np.nan), where=means > 0)


def count_of(summary, name: str) -> int:
    """Return of how many maps one of a label's mean maps is the mean, at most."""
    counts = {"mean_map": summary.n, "right_map": summary.right, "wrong_map": summary.wrong}
    return counts[name]


def draw_face(axes: Axes, face: np.ndarray, *, mean: bool = False) -> None:
    """Draw a face; a mean one with its own grey range, since averages have little contrast."""
    limits = {} if mean else {"vmin": 0, "vmax": 255}
    axes.imshow(face, cmap="gray", interpolation="nearest", **limits)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def cover(axes: Axes, values: np.ndarray, highest: float, *, faint: float = 1, few=False) -> None:
    """Draw a map over a face, pixel by pixel: nothing is smoothed.

    Args:
        axes: Where the face is.
        values: `(h, w)`, the map.
        highest: The value of the brightest colour.
        faint: The lowest values' share of the opacity.
        few: Whether it is the mean of so few maps that it is drawn faintly.
    """
    strong = (values / highest).clip(0, 1)
    opacity = OPACITY * (faint + (1 - faint) * strong) * (0.45 if few else 1)
    look = {"cmap": SALIENCY, "vmin": 0, "vmax": highest, "interpolation": "nearest"}
    axes.imshow(values, alpha=opacity, **look)


def draw_mean(axes: Axes, summary, name: str, highest: float) -> None:
    """Draw one of a label's mean maps on its mean face; faint where it is of few faces."""
    draw_face(axes, summary.mean_face, mean=True)
    pixels, count = getattr(summary, name), count_of(summary, name)
    if np.isnan(pixels[0, 0]):
        text = "no map" if count == 0 else "all maps are zero"
        box = {"facecolor": theme().ground, "edgecolor": "none"}
        place = {"ha": "center", "transform": axes.transAxes, "fontsize": 8}
        axes.text(0.5, 0.5, text, bbox=box, **place).set_in_layout(False)
        return
    cover(axes, pixels, highest, few=count < FEWEST)


def title_of(summary, name: str) -> str:
    """Return the title of a mean map: of which faces, how many, and whether they are few."""
    count = count_of(summary, name)
    few = " (few)" if 0 < count < FEWEST else ""
    return f"{KIND_OF[name]}, n = {count}{few}"


def scale_bar(axes: Sequence[Axes], highest: float, label: str, **place) -> Colorbar:
    """Draw the bar of a scale beside the maps that are drawn on it.

    Args:
        axes: The maps; or with `cax` in `place`, that alone.
        highest: Where the colours end.
        label: What is measured.
        **place: Options of matplotlib's colorbar.
    """
    mappable = ScalarMappable(Normalize(0, highest), SALIENCY)
    if "cax" not in place:
        place["ax"] = list(axes)
    bar = axes[0].figure.colorbar(mappable, extend="max", **place)
    bar.set_label(label)
    bar.outline.set_visible(False)
    return bar
