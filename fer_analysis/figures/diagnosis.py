"""Pictures of a diagnosis: the verdicts, what labels are predicted as, and separability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from fer_analysis.figures import plain
from fer_analysis.figures.cell_recalls import (
    COLOURS,
    agreement_figure,
    dose_figure,
    equal_figure,
)
from fer_analysis.files import file_name
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.diagnosis import Cause, Diagnosis, LabelDiagnosis
from fer_analysis.study.recalls import AS_PREDICTED, PRIOR_CORRECTED, PredictedAs
from fer_analysis.text import percent, points

_SHOWN, _NOT_SHOWN, _OPEN = "#d1603d", "#e7ebf2", "#fbf3d5"


def diagnosis_figures(diagnosis: Diagnosis) -> dict[str, Figure]:
    """Draw all pictures for which a diagnosis has figures.

    Args:
        diagnosis: The diagnosis.

    Returns:
        Name of the picture's file, without suffix -> picture.
    """
    figures = {"verdict": verdict_figure(diagnosis)}
    if diagnosis.doses:
        figures["dose"] = dose_figure(diagnosis.doses)
    if len({row.cell for row in diagnosis.equal}) > 1:
        figures["equal"] = equal_figure(diagnosis.equal)
    if diagnosis.agreement:
        figures["agreement"] = agreement_figure(diagnosis.agreement, diagnosis.label_names)
    for label, rows in (diagnosis.confusions or {}).items():
        figure = predicted_as_figure(label, rows, diagnosis.label_names)
        figures[f"confusion_{file_name(label)}"] = figure
    if diagnosis.separability:
        figures["tau"] = tau_figure(diagnosis.separability)
    return figures


def verdict_figure(diagnosis: Diagnosis) -> Figure:
    """Draw the table of verdicts: labels by causes, each effect with its interval.

    Args:
        diagnosis: The diagnosis.
    """
    labels = diagnosis.labels
    names = list(dict.fromkeys(cause.name for row in labels for cause in row.causes))
    names = names or ["no label fails"]
    figure = Figure(
        figsize=(5.4 + 1.75 * len(names), 1.9 + 0.62 * len(labels)), layout="constrained"
    )
    left, right = figure.subplots(1, 2, width_ratios=(1.5, len(names)), sharey=True)
    _recalls(left, labels)
    for y, row in enumerate(labels):
        for cause in row.causes:
            _cell(right, names.index(cause.name), y, cause)
        if not row.fails:
            right.text(0, y, "no deficiency shown", va="center", fontsize=9, color="0.35")
    right.set_xlim(-0.5, len(names) - 0.5)
    right.set_xticks(range(len(names)), [name.replace(" or ", "\nor ") for name in names])
    right.xaxis.tick_top()
    right.tick_params(length=0, labelsize=9)
    right.spines[:].set_visible(False)
    figure.suptitle(
        f"Why labels fail · '{plain(diagnosis.subject)}' · {diagnosis.seeds} seed(s) · "
        "effects in points of recall, 95 % simultaneous intervals\n"
        "orange: shown · grey: not shown · yellow: not tested, or waiting for the recipe",
        fontsize=9,
    )
    return figure


def _recalls(axes: Axes, labels: Sequence[LabelDiagnosis]) -> None:
    for y, row in enumerate(labels):
        colour = _SHOWN if row.fails else "#1f3b73"
        for offset, recall, marker, name in (
            (-0.14, row.recall, "o", AS_PREDICTED),
            (0.14, row.corrected, "D", PRIOR_CORRECTED),
        ):
            label = None if y else name
            _point(axes, recall, y + offset, color=colour, marker=marker, label=label)
    axes.set_yticks(
        range(len(labels)),
        [f"{plain(row.label)}\nn={row.n:,}, trained on {row.training:,}" for row in labels],
        fontsize=8,
    )
    axes.set_ylim(len(labels) - 0.5, -0.6)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_xlabel("recall (95 % interval)")
    axes.grid(axis="x", color="0.92")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.legend(fontsize=7, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)


def _point(axes: Axes, figure: Estimate, y: float, **style) -> None:
    """Draw a figure with its interval; nothing where it is undefined."""
    if figure.value is None:
        return
    if figure.interval:
        axes.plot(figure.interval, [y, y], color=style["color"], linewidth=1.4)
    axes.plot([figure.value], [y], markersize=5, linestyle="none", **style)


def _cell(axes: Axes, x: int, y: int, cause: Cause) -> None:
    colour = {"shown": _SHOWN, "not shown": _NOT_SHOWN}.get(cause.verdict, _OPEN)
    axes.barh(y, 0.94, height=0.84, left=x - 0.47, color=colour)
    text = cause.verdict
    if cause.effect:
        text = points(cause.effect.value, cause.effect.interval, 0)
    if cause.part is not None:
        text += f"\n{percent(cause.part, 0)} of the gap"
    axes.text(
        x,
        y,
        text,
        ha="center",
        va="center",
        fontsize=8,
        color="white" if cause.verdict == "shown" else "0.25",
        weight="bold" if cause.verdict == "shown" else "normal",
    )


def predicted_as_figure(label: str, rows: Sequence[PredictedAs], names: Sequence[str]) -> Figure:
    """Draw what a label is predicted as, before and after each change.

    Args:
        label: The true label.
        rows: One row for each.
        names: Of the labels, in their order.
    """
    figure = Figure(figsize=(1.6 + 0.95 * len(names), 1.5 + 0.55 * len(rows)), layout="constrained")
    axes = figure.subplots()
    shares = np.array([row.shares for row in rows])
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (y, x), value in np.ndenumerate(shares):
        axes.text(
            x,
            y,
            percent(value, 0),
            ha="center",
            va="center",
            fontsize=9,
            color="white" if value > 0.55 else "black",
        )
    axes.set_xticks(range(len(names)), [plain(name) for name in names])
    axes.set_yticks(range(len(rows)), [plain(row.name, 34) for row in rows])
    axes.set_title(
        f"What {rows[0].n:,} images labelled '{plain(label)}' are predicted as", fontsize=10
    )
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def tau_figure(rows: Sequence[Mapping]) -> Figure:
    """Draw each label's recall over the strength of the logit adjustment.

    Args:
        rows: `evaluation.separability.separability`.
    """
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    for index, row in enumerate(rows):
        if row["recall_at"]:
            taus, recalls = zip(*((float(t), r) for t, r in row["recall_at"].items()), strict=True)
            axes.plot(
                taus,
                recalls,
                "o-",
                markersize=4,
                color=COLOURS[index % len(COLOURS)],
                label=f"{plain(row['label'])} (n={row['n']:,})",
            )
    axes.axvline(1, color="0.7", linewidth=0.9, zorder=0)
    axes.set_ylim(-0.02, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_xlabel("tau: 0 as predicted, 1 prior-corrected")
    axes.set_ylabel("recall")
    axes.grid(color="0.93")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("Recall by the strength of the logit adjustment", fontsize=10)
    axes.tick_params(labelsize=8)
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    return figure
