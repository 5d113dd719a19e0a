"""A face under all conditions, at all severities, on one page."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure

from fer_analysis.conditions import CONDITIONS, caption, kind_of
from fer_analysis.conditions.severity import SEVERITIES

GAP = 3
"""White pixels between two faces."""

_WIDEST = 52
"""Characters per line of a caption."""


def conditions_figure(image: np.ndarray, *, seed: int = 0) -> Figure:
    """Draw a face under every condition (rows) at every severity (columns).

    Args:
        image: uint8 `(h, w, 1)`.
        seed: Of the conditions.
    """
    names = list(CONDITIONS)
    rows = [[image, *_versions(image, name, seed)] for name in names]
    height, width = image.shape[:2]
    pages = 2
    half = -(-len(names) // pages)
    figure = Figure(figsize=(14.5, 0.66 * half + 0.6), layout="constrained")
    for axes, first in zip(figure.subplots(1, pages), range(0, len(names), half), strict=True):
        chosen = names[first : first + half]
        axes.imshow(_sheet(rows[first : first + half]), cmap="gray", vmin=0, vmax=255)
        axes.axis("off")
        for row, name in enumerate(chosen):
            middle = (row + 0.5) * (height + GAP)
            axes.text(-4, middle, _caption(name), ha="right", va="center", fontsize=6.5)
        for column, title in enumerate(("original", *map(str, SEVERITIES))):
            place = (column + 0.5) * (width + GAP)
            axes.text(place, -4, title, ha="center", va="bottom", fontsize=8)
    figure.suptitle("One face under every condition, by severity", fontsize=10)
    return figure


def _versions(image: np.ndarray, name: str, seed: int) -> list[np.ndarray]:
    condition = CONDITIONS[name]
    return [condition(image[None], severity=s, seed=seed)[0] for s in SEVERITIES]


def _sheet(rows: list[list[np.ndarray]]) -> np.ndarray:
    edge = ((0, GAP), (0, GAP))
    padded = [[np.pad(face[..., 0], edge, constant_values=255) for face in row] for row in rows]
    return np.concatenate([np.concatenate(row, axis=1) for row in padded])


def _caption(name: str) -> str:
    ends = [caption(name, severity).partition(", ")[2] for severity in (1, 5)]
    title = f"{name.replace('_', ' ')} ({kind_of(name)})"
    lines = [line for end in (f"1: {ends[0]}", f"5: {ends[1]}") for line in _folded(end)]
    return "\n".join([title, *lines])


def _folded(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDEST)
