"""Points with their intervals: one way to draw an `Estimate` in every figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer

from fer_analysis.figures.style import theme
from fer_analysis.statistics.estimate import Estimate


def draw_estimates(
    axes: Axes,
    figures: Sequence[Estimate | None],
    places: Sequence[float],
    *,
    scale: float = 1,
    upright: bool = False,
    hollow: bool = False,
    **style,
) -> ErrorbarContainer:
    """Draw figures with their intervals; what has no value or no interval is not drawn.

    Args:
        axes: Where to.
        figures: With their intervals.
        places: Of each on the other axis.
        scale: 100 for points of percent.
        upright: Values run upwards; else to the right.
        hollow: Markers that are not filled.
        **style: `color`, `marker`, `label` and other options of the markers.
    """
    kept = [
        (figure, place)
        for figure, place in zip(figures, places, strict=True)
        if figure is not None and figure.value is not None and figure.interval is not None
    ]
    values = scale * np.array([figure.value for figure, _ in kept])
    ends = scale * np.array([figure.interval for figure, _ in kept]).reshape(-1, 2).T
    others = [place for _, place in kept]
    reach = np.abs(ends - values)
    style = {"linestyle": "none", "elinewidth": 1.6, "capsize": 2.5} | style
    if hollow:
        style["markerfacecolor"] = theme().ground
    if upright:
        return axes.errorbar(others, values, yerr=reach, **style)
    return axes.errorbar(values, others, xerr=reach, **style)
