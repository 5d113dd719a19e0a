"""A face under all conditions, at all severities, on one page."""

from __future__ import annotations

import textwrap

import numpy as np
from matplotlib.figure import Figure

from fer_analysis.conditions import CONDITIONS, caption, kind_of
from fer_analysis.conditions.severity import SEVERITIES
from fer_analysis.figures.style import WIDTH, describe, styled, theme

GAP = 3
"""Empty pixels between two faces."""

_WIDEST = 52
"""Characters per line of a caption."""


@styled
def conditions_figure(image: np.ndarray, *, seed: int = 0) -> Figure:
    """Draw a face under every condition (rows) at every severity (columns).

    Args:
        image: uint8 `(h, w, 1)`.
        seed: Of the conditions.
    """
    names = list(CONDITIONS)
    rows = [[image, *_versions(image, name, seed)] for name in names]
    height, width = image.shape[:2]
    figure = Figure(figsize=(WIDTH, 0.82 * len(names) + 1.0), layout="constrained")
    axes = figure.subplots()
    sheet = _sheet(rows)
    axes.imshow(sheet, cmap=theme().greys, vmin=0, vmax=255)
    axes.axis("off")
    for row, name in enumerate(names):
        middle = (row + 0.5) * (height + GAP)
        axes.text(-5, middle, _caption(name), ha="right", va="center", fontsize=8)
    for column, title in enumerate(("original", *(f"severity {s}" for s in SEVERITIES))):
        place = (column + 0.5) * (width + GAP)
        axes.text(place, -4, title, ha="center", va="bottom")
    axes.set_xlim(-0.95 * sheet.shape[1], sheet.shape[1])  # room for the captions
    note = "left: what severity 1 and 5 are, in physical units"
    describe(figure, "One face under every condition, by severity", note, f"seed {seed}")
    return figure


def _versions(image: np.ndarray, name: str, seed: int) -> list[np.ndarray]:
    condition = CONDITIONS[name]
    return [condition(image[None], severity=s, seed=seed)[0] for s in SEVERITIES]


def _sheet(rows: list[list[np.ndarray]]) -> np.ndarray:
    edge = ((0, GAP), (0, GAP))
    padded = [
        [np.pad(face[..., 0].astype(float), edge, constant_values=np.nan) for face in row]
        for row in rows
    ]
    return np.concatenate([np.concatenate(row, axis=1) for row in padded])


def _caption(name: str) -> str:
    ends = [caption(name, severity).partition(", ")[2] for severity in (1, 5)]
    title = f"{name.replace('_', ' ')} ({kind_of(name)})"
    lines = [line for end in (f"1: {ends[0]}", f"5: {ends[1]}") for line in _folded(end)]
    return "\n".join([title, *lines])


def _folded(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDEST)
