"""Pictures of a training: loss and accuracy by epoch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from fer_analysis.figures import plain, save
from fer_analysis.figures.structure import structure_figure
from fer_analysis.figures.style import HELD_OUT, TRAINING
from fer_analysis.run import Run
from fer_analysis.text import number, percent
from fer_analysis.training.best_epoch import best_epoch

WIDE_RANGE = 20
"""Losses over a range of more than this factor are drawn on a logarithmic axis."""


def save_figures(run: Run) -> None:
    """Draw a run's network and its curves so far into its directory.

    Args:
        run: A run, complete or not; nothing is drawn before its first epoch is finished.
    """
    from fer_analysis.models.storage import load_model
    from fer_analysis.models.structure import structure_rows

    if not (run.history_file.is_file() and run.model_file.is_file()):
        return
    model, _ = load_model(run.model_file, finite=False)
    save(structure_figure(structure_rows(model)), run.structure_file)
    training, data, history = run.config().training, run.environment()["data"], run.history()
    validation = data["counts"]["validation"]
    curves = curves_figure(
        history,
        title=f"{run.name} · {data['protocol']} protocol · seed {run.environment()['seed']}",
        best_epoch=best_epoch(history, monitor=training.early_stopping.monitor, keep=training.keep),
        majority=max(validation) / sum(validation),
    )
    save(curves, run.curves_file)


def curves_figure(
    history: Sequence[dict], *, title: str, best_epoch: int, majority: float | None = None
) -> Figure:
    """Draw loss and accuracy by epoch, training blue and validation orange.

    Args:
        history: One row an epoch with `epoch` (from 1), `loss`, `accuracy`,
            `validation_loss` and `validation_accuracy`.
        title: What was trained.
        best_epoch: The epoch whose weights are kept.
        majority: Share of the most frequent validation label: the accuracy of a model that
            predicts it for every image.
    """
    epochs = np.array([row["epoch"] for row in history])
    figure = Figure(figsize=(10, 4.6), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    _curves(loss, epochs, history, "loss", best_epoch)
    _scale_loss(loss, history)
    _curves(accuracy, epochs, history, "accuracy", best_epoch)
    if majority is not None:
        accuracy.axhline(
            majority,
            color="0.4",
            linestyle=":",
            zorder=0,
            label=f"one label for everything ({percent(majority)})",
        )
    accuracy.set_ylim(0, max(0.1, 1.05 * accuracy.get_ylim()[1]))
    accuracy.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    handles, labels = accuracy.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    figure.suptitle(plain(title, longest=110), fontsize=11)
    return figure


def _curves(
    axes: Axes, epochs: np.ndarray, history: Sequence[dict], name: str, best_epoch: int
) -> None:
    marker = "o" if len(epochs) <= 30 else None
    for key, label, colour in (
        (name, "training", TRAINING),
        (f"validation_{name}", "validation", HELD_OUT),
    ):
        values = _finite(history, key)
        axes.plot(epochs, values, color=colour, label=label, marker=marker, markersize=3.5)
    best = _finite(history, f"validation_{name}")[epochs == best_epoch]
    axes.plot(
        np.full(len(best), best_epoch),
        best,
        "o",
        color=HELD_OUT,
        markersize=9,
        markerfacecolor="none",
        markeredgewidth=1.6,
        label=f"best epoch ({best_epoch})",
    )
    axes.axvline(best_epoch, color="0.75", linestyle="--", linewidth=1, zorder=0)
    value = "".join(percent(b) if name == "accuracy" else number(b, 4) for b in best)
    axes.set_title(f"{name} (validation at the best epoch: {value})", fontsize=10)
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
            0.98,
            0.9,
            f"the loss is not a number from epoch {broken[0]} on",
            transform=axes.transAxes,
            ha="right",
            color="firebrick",
            bbox={"facecolor": "white", "edgecolor": "none"},
        )
    values = values[np.isfinite(values)]
    if values.size and values.min() > 0 and values.max() / values.min() > WIDE_RANGE:
        axes.set_yscale("log")


def _finite(history: Sequence[dict], key: str) -> np.ndarray:
    """Return a column; infinite values become NaN, which are a gap in the line."""
    values = np.array([row[key] for row in history], dtype=float)
    return np.where(np.isfinite(values), values, np.nan)
