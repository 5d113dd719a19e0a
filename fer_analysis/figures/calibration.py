"""Pictures of calibration: the reliability diagram, and accuracy against coverage."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from fer_analysis.figures import plain
from fer_analysis.text import percent

RAW, SCALED = "#8a8a8a", "#1f3b73"


def calibration_figure(calibration: dict, title: str) -> Figure:
    """Draw confidence against accuracy, and accuracy against the share that is kept.

    Args:
        calibration: A `calibration` block of an evaluation's metrics.
        title: What was evaluated.
    """
    figure = Figure(figsize=(9.6, 5.3), layout="constrained")
    left, right = figure.subplots(1, 2)
    raw, scaled = calibration["as_predicted"], calibration["at_temperature"]
    scaled_name = f"at temperature {calibration['temperature']:.2f}"
    for figures, colour, marker, name in (
        (raw, RAW, "s", "as predicted"),
        (scaled, SCALED, "o", scaled_name),
    ):
        chance = figures["ece_if_calibrated"]
        label = (
            f"{name}: ECE {percent(figures['ece'].value)} "
            f"(by chance alone up to {percent(chance['quantile_95'])})"
        )
        _reliability(left, figures["bins"], {"color": colour, "fmt": marker, "label": label})
    left.plot([0, 1], [0, 1], color="0.6", linestyle=":", zorder=0)
    left.set(xlabel="confidence", ylabel="accuracy (95 % interval)")
    left.set_title("reliability: accuracy by confidence", fontsize=10)
    left.legend(fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.13))
    _coverage(right, scaled["abstain"])
    for axes in (left, right):
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
        axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.grid(color="0.92")
        axes.spines[["top", "right"]].set_visible(False)
    origin = plain(calibration["temperature_from"], 60)
    figure.suptitle(f"{title} · n={raw['n']:,} · temperature fitted on: {origin}", fontsize=10)
    return figure


def _reliability(axes: Axes, bins: list[dict], style: dict) -> None:
    confidence = np.array([row["confidence"] for row in bins])
    accuracy = np.array([row["accuracy"].value for row in bins])
    ends = np.array([row["accuracy"].interval for row in bins]).reshape(-1, 2).T
    axes.errorbar(
        confidence,
        accuracy,
        yerr=np.clip(np.abs(ends - accuracy), 0, None),
        markersize=4,
        capsize=2,
        linewidth=1,
        **style,
    )


def _coverage(axes: Axes, abstain: list[dict]) -> None:
    coverage = [row["coverage"] for row in abstain]
    accuracy = np.array([row["accuracy"].value for row in abstain])
    ends = np.array([row["accuracy"].interval for row in abstain]).T
    axes.fill_between(coverage, *ends, color=SCALED, alpha=0.18, linewidth=0)
    axes.plot(coverage, accuracy, color=SCALED, marker="o", markersize=4)
    for row in abstain[::3]:
        axes.annotate(
            percent(row["accuracy"].value, 0),
            (row["coverage"], row["accuracy"].value),
            xytext=(0, -14),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=SCALED,
        )
    axes.set(xlabel="share of images kept, the most confident first", ylabel="accuracy on them")
    axes.set_title("accuracy without the least confident images", fontsize=10)
