"""Pictures of a training: loss and accuracy by epoch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from fer_analysis.figures import plain, save
from fer_analysis.figures.facts import of_run
from fer_analysis.figures.structure import structure_figure
from fer_analysis.figures.style import WIDTH, describe, share_axis, styled, theme
from fer_analysis.run import Run
from fer_analysis.text import number, percent
from fer_analysis.training.best_epoch import best_epoch

WIDE_RANGE = 20
"""Losses over a range of more than this factor are drawn on a logarithmic axis."""

PLAIN = "cross_entropy"
"""The column of the plain cross-entropy of the labels, whatever loss was trained on."""

CHANGED = ("soft_labels", "label_smoothing", "mixup", "distillation", "focal_loss", "class_weights")
CHANGED += ("logit_adjustment",)
"""Remedies whose loss is not the plain cross-entropy."""


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
    save(structure_figure(structure_rows(model), run.name), run.structure_file)
    save(curves_of(run), run.curves_file)


def curves_of(run: Run) -> Figure:
    """Draw a run's curves so far, with what is on record of its data and its recipe.

    Args:
        run: A run with a history of one epoch at least.
    """
    history, facts, options = run.history(), [of_run(run.name)], {}
    if run.config_file.is_file():
        config = run.config()
        monitor, keep = config.training.early_stopping.monitor, config.training.keep
        if keep == "best":
            options["best_epoch"] = best_epoch(history, monitor=monitor)
        options["changed_by"] = [n for n, _ in config.remedies.chosen() if n in CHANGED]
    environment = run.environment()
    if data := environment.get("data"):
        training, validation = (data["counts"][split] for split in ("train", "validation"))
        options["majority"] = max(validation) / max(sum(validation), 1)
        facts += [
            f"{data['protocol']} protocol",
            f"n = {sum(training):,} training and {sum(validation):,} validation images",
            f"seed {environment.get('seed')}",
        ]
    return curves_figure(history, facts=facts, **options)


@styled
def curves_figure(
    history: Sequence[dict],
    *,
    facts: Sequence[str] = (),
    best_epoch: int | None = None,
    changed_by: Sequence[str] = (),
    majority: float | None = None,
) -> Figure:
    """Draw loss and accuracy by epoch, training blue and validation orange.

    Args:
        history: One row an epoch with `epoch` (from 1), `loss`, `accuracy`,
            `validation_loss` and `validation_accuracy`; `cross_entropy` where it is known.
        facts: What was trained, on what.
        best_epoch: The epoch that was chosen, whose weights are kept; None where the last one's
            are.
        changed_by: Remedies that made the training loss another than the plain cross-entropy.
        majority: Share of the most frequent validation label: the accuracy of a model that
            predicts it for every image.
    """
    epochs = np.array([row["epoch"] for row in history])
    figure = Figure(figsize=(WIDTH, 5), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    _curves(loss, epochs, history, "loss", best_epoch)
    _mark_loss(loss, epochs, history, changed_by)
    _scale_loss(loss, history)
    _curves(accuracy, epochs, history, "accuracy", best_epoch)
    if majority is not None:
        name = f"one label for everything ({percent(majority)})"
        accuracy.axhline(majority, color=theme().reference, linestyle=":", zorder=0, label=name)
    accuracy.set_ylim(0, max(0.1, 1.05 * accuracy.get_ylim()[1]))
    share_axis(accuracy.yaxis)
    handles = {}
    for axes in (accuracy, loss):
        handles |= dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
    kept = "the last epoch is kept" if best_epoch is None else f"epoch {best_epoch} is kept"
    describe(figure, "Loss and accuracy by epoch", *facts, f"{len(history)} epochs, {kept}")
    return figure


def _curves(
    axes: Axes, epochs: np.ndarray, history: Sequence[dict], name: str, best_epoch: int | None
) -> None:
    marker = "o" if len(epochs) <= 30 else None
    for key, label, colour in (
        (name, "training", theme().training),
        (f"validation_{name}", "validation", theme().held_out),
    ):
        values = _finite(history, key)
        axes.plot(epochs, values, color=colour, label=label, marker=marker, markersize=3.5)
    kept, which = best_epoch, "best epoch"
    if best_epoch is None:
        kept, which = epochs[-1], "last epoch"
    value = _finite(history, f"validation_{name}")[epochs == kept]
    if best_epoch is not None:
        ring = {"markersize": 9, "markerfacecolor": "none", "markeredgewidth": 1.6}
        places = np.full(len(value), best_epoch)
        label = f"best epoch ({best_epoch})"
        axes.plot(places, value, "o", color=theme().held_out, label=label, **ring)
        axes.axvline(best_epoch, color=theme().reference, linestyle="--", linewidth=1, zorder=0)
    text = "".join(percent(v) if name == "accuracy" else number(v, 4) for v in value)
    axes.set_title(f"{name} (validation at the {which}: {text})")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss, nats an image" if name == "loss" else "accuracy")
    axes.set_xlim(epochs.min() - 0.5, epochs.max() + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.grid()


def _mark_loss(
    axes: Axes, epochs: np.ndarray, history: Sequence[dict], changed_by: Sequence[str]
) -> None:
    """Tell a training loss that is no plain cross-entropy from the validation's, which is."""
    plain_loss = all(PLAIN in row for row in history) and _finite(history, PLAIN)
    differs = plain_loss is not False and not np.allclose(
        plain_loss, _finite(history, "loss"), rtol=1e-3, equal_nan=True
    )
    if not (changed_by or differs):
        return
    line = axes.lines[0]
    why = ", ".join(name.replace("_", " ") for name in changed_by) or "another loss"
    line.set(linestyle="--", label=f"training loss with {plain(why, 60)}")
    if differs:
        style = {"color": theme().training, "marker": line.get_marker(), "markersize": 3.5}
        axes.plot(epochs, plain_loss, label="training", **style)
        return
    note = "training and validation loss are not comparable"
    axes.text(0.98, 0.98, note, transform=axes.transAxes, ha="right", va="top", color=theme().muted)


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
            color=theme().bad,
            bbox={"facecolor": theme().ground, "edgecolor": "none"},
        )
    values = values[np.isfinite(values)]
    if values.size and values.min() > 0 and values.max() / values.min() > WIDE_RANGE:
        axes.set_yscale("log")


def _finite(history: Sequence[dict], key: str) -> np.ndarray:
    """Return a column; infinite values become NaN, which are a gap in the line."""
    values = np.array([row[key] for row in history], dtype=float)
    return np.where(np.isfinite(values), values, np.nan)
