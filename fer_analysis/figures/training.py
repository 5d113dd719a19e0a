"""Pictures of a training: loss and accuracy by epoch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from fer_analysis.figures import plain

TRAINING, VALIDATION = "tab:blue", "tab:orange"
"""The study's colours."""

WIDE_RANGE = 20
"""Losses that span more than this factor are drawn on a logarithmic axis."""


def curves_figure(
    history: Sequence[dict], *, title: str, best_epoch: int, majority: float | None = None
) -> Figure:
    """Draw loss and accuracy by epoch, training blue and validation orange.

    Args:
        history: One row an epoch with `epoch` (from 1), `loss`, `accuracy`,
            `validation_loss` and `validation_accuracy`.
        title: What was trained.
        best_epoch: The epoch whose weights are kept.
        majority: Share of the most frequent validation label: what a model scores that
            says it for every image.
    """
    epochs = np.array([row["epoch"] for row in history])
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    _curves(loss, epochs, history, "loss", best_epoch)
    _curves(accuracy, epochs, history, "accuracy", best_epoch)
    _scale_loss(loss, history)
    accuracy.yaxis.set_major_formatter(PercentFormatter(1))
    if majority is not None:
        accuracy.axhline(
            majority, color="0.4", linestyle=":", zorder=0,
            label=f"one label for everything ({majority:.1%})",
        )  # fmt: skip
    loss.legend(frameon=False)
    accuracy.legend(frameon=False)
    figure.suptitle(plain(title, longest=110), fontsize=11)
    return figure


def _curves(
    axes: Axes, epochs: np.ndarray, history: Sequence[dict], name: str, best_epoch: int
) -> None:
    marker = "o" if len(epochs) <= 30 else None
    for key, label, colour in (
        (name, "training", TRAINING),
        (f"validation_{name}", "validation", VALIDATION),
    ):
        axes.plot(
            epochs, _finite(history, key), color=colour, label=label, marker=marker, markersize=3.5
        )
    best = _finite(history, f"validation_{name}")[epochs == best_epoch]
    if best.size and np.isfinite(best[0]):
        value = f"{best[0]:.1%}" if name == "accuracy" else f"{best[0]:.3f}"
        axes.axvline(best_epoch, color="0.6", linestyle="--", linewidth=1, zorder=0)
        axes.plot(
            best_epoch, best[0], "o", markersize=9, markerfacecolor="none", color=VALIDATION,
            markeredgewidth=1.6, linestyle="none", label=f"best epoch {best_epoch}: {value}",
        )  # fmt: skip
    axes.set_title(name, fontsize=10)
    axes.set_xlabel("epoch")
    axes.set_xlim(epochs.min() - 0.5, epochs.max() + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid(color="0.92")
    axes.spines[["top", "right"]].set_visible(False)


def _scale_loss(axes: Axes, history: Sequence[dict]) -> None:
    values = np.concatenate([_finite(history, key) for key in ("loss", "validation_loss")])
    broken = [row["epoch"] for row in history if not np.isfinite(row["loss"])]
    if broken:
        axes.text(
            0.5, 0.5, f"the loss is no number from epoch {broken[0]} on",
            transform=axes.transAxes, ha="center", color="firebrick",
        )  # fmt: skip
    values = values[np.isfinite(values)]
    if values.size and values.min() > 0 and values.max() / values.min() > WIDE_RANGE:
        axes.set_yscale("log")


def _finite(history: Sequence[dict], key: str) -> np.ndarray:
    """Return a column; infinite values become NaN, which leave a gap in the line."""
    values = np.array([row[key] for row in history], dtype=float)
    return np.where(np.isfinite(values), values, np.nan)
