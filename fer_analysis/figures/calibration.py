"""Pictures of calibration: the reliability diagram, and accuracy against coverage."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.figures import plain
from fer_analysis.figures.marks import draw_estimates
from fer_analysis.figures.style import INTERVALS, WIDTH, describe, share_axis, styled, theme
from fer_analysis.text import percent


@styled
def calibration_figure(calibration: dict, title: str) -> Figure:
    """Draw confidence against accuracy, and accuracy against the share that is kept.

    Args:
        calibration: A `calibration` block of an evaluation's metrics.
        title: What was evaluated.
    """
    figure = Figure(figsize=(WIDTH, 5.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    raw, scaled = calibration["as_predicted"], calibration["at_temperature"]
    temperature = f"at temperature {calibration['temperature']:.2f}"
    for figures, colour, marker, name in (
        (raw, theme().reference, "s", "as predicted"),
        (scaled, theme().network, "o", temperature),
    ):
        chance = figures["ece_if_calibrated"]
        label = (
            f"{name}: ECE {percent(figures['ece'].value)} "
            f"(by chance alone up to {percent(chance['quantile_95'])})"
        )
        bins = figures["bins"]
        draw_estimates(
            left,
            [row["accuracy"] for row in bins],
            [row["confidence"] for row in bins],
            upright=True,
            color=colour,
            marker=marker,
            label=label,
        )
    left.plot([0, 1], [0, 1], color=theme().muted, linestyle=":", zorder=0)
    share_axis(left.xaxis, "confidence: probability of the predicted label")
    share_axis(left.yaxis, "accuracy")
    left.set_title("reliability: accuracy by confidence")
    _coverage(right, scaled["abstain"])
    for axes in (left, right):
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        axes.grid()
    figure.legend(loc="outside lower left")
    describe(
        figure,
        "Is the confidence calibrated?",
        title,
        f"n = {raw['n']:,}",
        INTERVALS,
        f"temperature fitted on: {plain(calibration['temperature_from'], 90)}",
    )
    return figure


def _coverage(axes: Axes, abstain: list[dict]) -> None:
    coverage = [row["coverage"] for row in abstain]
    accuracy = np.array([row["accuracy"].value for row in abstain])
    ends = np.array([row["accuracy"].interval for row in abstain]).T
    colour = theme().network
    axes.fill_between(coverage, *ends, color=colour, alpha=0.2, linewidth=0)
    axes.plot(coverage, accuracy, color=colour, marker="o", markersize=4)
    for row in abstain[::3]:
        axes.annotate(
            f"{percent(row['accuracy'].value, 0)}\nn={row['n']:,}",
            (row["coverage"], row["accuracy"].value),
            xytext=(0, -12),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=8.5,
            color=colour,
        )
    share_axis(axes.xaxis, "share of images kept, the most confident first")
    share_axis(axes.yaxis, "accuracy on them (band: 95 % interval)")
    axes.set_title("accuracy without the least confident images")
