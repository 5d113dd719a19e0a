"""Pictures of a diagnosis: the verdicts, what labels are predicted as, and separability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.figures import plain
from fer_analysis.figures.cell_recalls import agreement_figure, dose_figure, equal_figure
from fer_analysis.figures.colours import ink_on, label_styles
from fer_analysis.figures.marks import draw_estimates
from fer_analysis.figures.style import (
    INTERVALS,
    WIDTH,
    bare,
    describe,
    rows_of,
    share_axis,
    styled,
    theme,
)
from fer_analysis.files import file_name
from fer_analysis.statistics.intervals import proportion
from fer_analysis.study.diagnosis import NOT_SHOWN, SHOWN, Cause, Diagnosis, LabelDiagnosis
from fer_analysis.study.recalls import AS_PREDICTED, PRIOR_CORRECTED, PredictedAs
from fer_analysis.text import count, percent, points


def diagnosis_figures(diagnosis: Diagnosis) -> dict[str, Figure]:
    """Draw all pictures for which a diagnosis has figures.

    Args:
        diagnosis: The diagnosis.

    Returns:
        Name of the picture's file, without suffix -> picture.
    """
    names, facts = diagnosis.label_names, facts_of(diagnosis)
    figures = {"verdict": verdict_figure(diagnosis)}
    if diagnosis.doses:
        figures["dose"] = dose_figure(diagnosis.doses, names, facts, growth=diagnosis.growth)
    if len({row.cell for row in diagnosis.equal}) > 1:
        figures["equal"] = equal_figure(diagnosis.equal, names, facts)
    if diagnosis.agreement:
        figures["agreement"] = agreement_figure(diagnosis.agreement, names, facts)
    for label, rows in (diagnosis.confusions or {}).items():
        figure = predicted_as_figure(label, rows, names, facts)
        figures[f"confusion_{file_name(label)}"] = figure
    if diagnosis.separability:
        figures["tau"] = tau_figure(diagnosis.separability, names, facts)
    return figures


def facts_of(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Return what the figures of a diagnosis are made of."""
    total = sum(row.n for row in diagnosis.labels)
    seeds = f"{diagnosis.seeds} seed{'' if diagnosis.seeds == 1 else 's'}"
    return f"of {plain(diagnosis.subject)}", seeds, f"n = {total:,} images"


@styled
def verdict_figure(diagnosis: Diagnosis) -> Figure:
    """Draw the table of verdicts: labels by causes, each effect with its interval.

    Args:
        diagnosis: The diagnosis.
    """
    labels = diagnosis.labels
    names = list(dict.fromkeys(cause.name for row in labels for cause in row.causes))
    names = names or ["no label fails"]
    figure = Figure(figsize=(WIDTH, 2.3 + 0.62 * len(labels)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.5, max(len(names), 2)), sharey=True)
    _recalls(left, labels)
    for y, row in enumerate(labels):
        for cause in row.causes:
            _cell(right, names.index(cause.name), y, cause, small=len(names) > 4)
        if not row.fails:
            right.text(-0.45, y, row.headline, va="center", color=theme().muted)
    right.set_xlim(-0.5, len(names) - 0.5)
    right.set_xticks(range(len(names)), [fill(name, 12) for name in names])
    right.xaxis.tick_top()
    bare(right)
    figure.legend(loc="outside lower left", ncols=2)
    describe(
        figure,
        "Why labels fail",
        *facts_of(diagnosis),
        "effects in points of recall, 95 % simultaneous intervals",
        "red: shown, grey: not shown, yellow: not tested, or waiting for the recipe",
    )
    return figure


def _recalls(axes: Axes, labels: Sequence[LabelDiagnosis]) -> None:
    for offset, kind, marker, name in (
        (-0.14, "recall", "o", AS_PREDICTED),
        (0.14, "corrected", "D", PRIOR_CORRECTED),
    ):
        for y, row in enumerate(labels):
            colour = theme().bad if row.fails else theme().network
            style = {"color": colour, "marker": marker}
            draw_estimates(axes, [getattr(row, kind)], [y + offset], **style)
        axes.plot([], [], marker, color=theme().network, label=name)
    axes.plot([], [], "s", color=theme().bad, label="the label fails")
    rows_of(
        axes,
        [f"{plain(row.label)}\nn={row.n:,}, trained on {count(row.training)}" for row in labels],
    )
    axes.set_xlim(-0.02, 1.02)
    share_axis(axes.xaxis, "recall (95 % interval)")


def _cell(axes: Axes, x: int, y: int, cause: Cause, *, small: bool) -> None:
    colour = {SHOWN: theme().bad, NOT_SHOWN: theme().faint}.get(cause.verdict, theme().undecided)
    axes.barh(y, 0.94, height=0.84, left=x - 0.47, color=colour)
    text = cause.verdict
    if cause.effect:
        text = points(cause.effect.value, cause.effect.interval, 0)
        text = text.replace(" (", "\n(") if small else text
    if cause.part is not None:
        text += f"\n{percent(cause.part, 0)} of {'gap' if small else 'the gap'}"
    style = {"color": ink_on(colour), "fontsize": 7.5 if small else 9}
    weight = "bold" if cause.verdict == SHOWN else "normal"
    axes.text(x, y, text, ha="center", va="center", weight=weight, **style)


@styled
def predicted_as_figure(
    label: str, rows: Sequence[PredictedAs], names: Sequence[str], facts: Sequence[str] = ()
) -> Figure:
    """Draw what a label is predicted as, before and after each change.

    Args:
        label: The true label.
        rows: One row for each.
        names: Of the labels, in their order.
        facts: Of what.
    """
    figure = Figure(figsize=(WIDTH, 1.9 + 0.42 * len(rows)), layout="constrained")
    axes = figure.subplots()
    shares = np.array([row.shares for row in rows])
    shown = axes.imshow(shares, cmap=theme().sequential, vmin=0, vmax=1, aspect="auto")
    for (y, x), value in np.ndenumerate(shares) if len(names) <= 16 else ():
        ink = ink_on(shown.cmap(shown.norm(value))[:3])
        axes.text(x, y, percent(value, 0), ha="center", va="center", color=ink)
    step = slice(None, None, -(-len(names) // 30))
    turned = {} if len(names) <= 9 else {"rotation": 40, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(range(len(names))[step], [plain(n, 20) for n in names][step], **turned)
    axes.set_yticks(range(len(rows)), [plain(row.name, 34) for row in rows])
    axes.set_xlabel("predicted label")
    bare(axes)
    describe(
        figure,
        f"What images labelled {plain(label)} are predicted as",
        *facts[:2],
        f"n = {rows[0].n:,} images of the label",
        "share of them, means over the seeds",
    )
    return figure


@styled
def tau_figure(rows: Sequence[Mapping], names: Sequence[str], facts: Sequence[str] = ()) -> Figure:
    """Draw each label's recall over the strength of the logit adjustment.

    Args:
        rows: `evaluation.separability.separability`.
        names: All labels of the data, in its order.
        facts: Of what.
    """
    figure = Figure(figsize=(WIDTH, 4.8), layout="constrained")
    axes = figure.subplots()
    styles = label_styles(names, theme())
    for row in rows:
        if not row["recall_at"]:
            continue
        taus, recalls = zip(*((float(t), r) for t, r in row["recall_at"].items()), strict=True)
        style = styles[row["label"]]
        figures = [proportion(round(recall * row["n"]), row["n"]) for recall in recalls]
        low, high = np.array([each.interval for each in figures]).T
        axes.fill_between(taus, low, high, color=style["color"], alpha=0.1, linewidth=0)
        axes.plot(taus, recalls, label=f"{plain(row['label'])} (n={row['n']:,})", **style)
    axes.axvline(1, color=theme().reference, linewidth=0.9, zorder=0)
    axes.set_ylim(-0.02, 1.02)
    share_axis(axes.yaxis, "recall")
    axes.set_xlabel("tau: 0 as predicted, 1 prior-corrected")
    axes.grid()
    figure.legend(loc="outside right upper")
    title = "Recall by the strength of the logit adjustment"
    describe(figure, title, *facts, f"bands: {INTERVALS}")
    return figure
