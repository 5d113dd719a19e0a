"""Pictures of a diagnosis: the verdicts, and the recalls that they rest on."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter, ScalarFormatter

from fer_analysis.figures import plain

COLOURS = colormaps["tab10"].colors
CORRECTED = "frequencies divided out"
_SHOWN, _NOT_SHOWN, _OPEN = "#d1603d", "#e7ebf2", "#fbf3d5"


def verdict_figure(diagnosis: dict) -> Figure:
    """Draw the table of verdicts: labels by causes, each effect with its interval.

    Args:
        diagnosis: `Diagnosis.as_dict()`.
    """
    labels = diagnosis["labels"]
    names = list(dict.fromkeys(c["name"] for row in labels for c in row["causes"]))
    names = names or ["no label fails"]
    figure = Figure(
        figsize=(5.4 + 1.75 * len(names), 1.9 + 0.62 * len(labels)), layout="constrained"
    )
    left, right = figure.subplots(1, 2, width_ratios=(1.5, len(names)), sharey=True)
    _recalls(left, labels)
    for y, row in enumerate(labels):
        for cause in row["causes"]:
            _cell(right, names.index(cause["name"]), y, cause)
        if not row["fails"]:
            right.text(0, y, "no deficiency shown", va="center", fontsize=9, color="0.35")
    right.set_xlim(-0.5, len(names) - 0.5)
    right.set_xticks(range(len(names)), [name.replace(" or ", "\nor ") for name in names])
    right.xaxis.tick_top()
    right.tick_params(length=0, labelsize=9)
    right.spines[:].set_visible(False)
    figure.suptitle(
        f"Why labels fail · '{plain(diagnosis['subject'])}' · {diagnosis['seeds']} seed(s) · "
        "effects in points of recall, 95 % simultaneous intervals\n"
        "orange: shown · grey: not shown · yellow: not tested, or waits for the recipe",
        fontsize=9,
    )
    return figure


def _recalls(axes: Axes, labels: list[dict]) -> None:
    for offset, key, marker, name in (
        (-0.14, "recall", "o", "as predicted"),
        (0.14, "corrected", "D", CORRECTED),
    ):
        for y, row in enumerate(labels):
            value, low, high = row[key]
            colour = _SHOWN if row["fails"] else "#1f3b73"
            axes.plot([low, high], [y + offset] * 2, color=colour, linewidth=1.4)
            axes.plot(
                [value],
                [y + offset],
                marker=marker,
                color=colour,
                markersize=5,
                linestyle="none",
                label=None if y else name,
            )
    axes.set_yticks(
        range(len(labels)),
        [f"{plain(row['label'])}\nn={row['n']:,}, {row['training']:,} taught" for row in labels],
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


def _cell(axes: Axes, x: int, y: int, cause: dict) -> None:
    verdict = cause["verdict"]
    colour = {"shown": _SHOWN, "not shown": _NOT_SHOWN}.get(verdict, _OPEN)
    axes.barh(y, 0.94, height=0.84, left=x - 0.47, color=colour)
    effect = cause["effect"]
    text = verdict
    if effect:
        value, low, high = (100 * effect[key] for key in ("value", "low", "high"))
        text = f"{value:+.0f} [{low:+.0f}, {high:+.0f}]"
    if cause["part"] is not None:
        text += f"\n{100 * cause['part']:.0f} % of the gap"
    axes.text(
        x,
        y,
        text,
        ha="center",
        va="center",
        fontsize=8,
        color="white" if verdict == "shown" else "0.25",
        weight="bold" if verdict == "shown" else "normal",
    )


def dose_figure(rows: list[dict]) -> Figure:
    """Draw recall against the number of training images, a line a label.

    Args:
        rows: `study.table.doses`.
    """
    figure = Figure(figsize=(9.6, 4.6), layout="constrained")
    for axes, kind in zip(
        figure.subplots(1, 2, sharey=True), ("as predicted", CORRECTED), strict=True
    ):
        for index, label in enumerate(dict.fromkeys(row["label"] for row in rows)):
            points = sorted(
                (r["training_images"], r["recall"], r["low"], r["high"])
                for r in rows
                if r["label"] == label and r["kind"] == kind
            )
            n, value, low, high = np.array(points).T
            colour = COLOURS[index % len(COLOURS)]
            axes.fill_between(n, low, high, color=colour, alpha=0.12, linewidth=0)
            axes.plot(n, value, marker="o", markersize=4, color=colour, label=plain(label))
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(ScalarFormatter())
        axes.set_title(kind, fontsize=10)
        axes.set_xlabel("training images of the label (all others keep theirs)")
        axes.grid(color="0.92")
        axes.spines[["top", "right"]].set_visible(False)
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.set_ylim(-0.02, 1.02)
    axes.legend(fontsize=8, frameon=False)
    figure.suptitle("How recall rises with the number of images (bands: 95 %)", fontsize=10)
    return figure


def equal_figure(rows: list[dict]) -> Figure:
    """Draw each label's recall as it is and where all labels have as many images.

    Args:
        rows: `study.table.equal`.
    """
    rows = [row for row in rows if row["kind"] == CORRECTED]
    labels = list(dict.fromkeys(row["label"] for row in rows))
    cells = list(dict.fromkeys(row["cell"] for row in rows))
    figure = Figure(figsize=(7.6, 1.6 + 0.5 * len(labels)), layout="constrained")
    axes = figure.subplots()
    for index, cell in enumerate(cells):
        own = [row for row in rows if row["cell"] == cell]
        offset = 0.5 * (index - (len(cells) - 1) / 2) / max(len(cells), 1)
        for row in own:
            y = labels.index(row["label"]) + offset
            axes.plot([row["low"], row["high"]], [y, y], color=COLOURS[index], linewidth=1.6)
        axes.plot(
            [row["recall"] for row in own],
            [labels.index(row["label"]) + offset for row in own],
            "o",
            color=COLOURS[index],
            markersize=5,
            label=f"{plain(cell)} ({_span([row['training_images'] for row in own])} a label)",
        )
    _labels_by_recall(axes, labels, f"recall, {CORRECTED} (95 % interval)")
    figure.suptitle("What stays when no label has more images than another", fontsize=10)
    return figure


def _span(counts: list[int]) -> str:
    fewest, most = min(counts), max(counts)
    return f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"


def _labels_by_recall(axes: Axes, labels: list[str], told: str, columns: int = 1) -> None:
    """Lay out axes with a row for each label and recall from left to right."""
    axes.set_yticks(range(len(labels)), [plain(label) for label in labels])
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_xlabel(told)
    axes.grid(axis="x", color="0.92")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(
        fontsize=8, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=columns
    )


def agreement_figure(rows: list[dict], labels: list[str]) -> Figure:
    """Draw each label's recall by whom annotators agree with.

    Args:
        rows: `study.table.by_agreement`.
        labels: In their order.
    """
    groups = list(dict.fromkeys(row["annotators"] for row in rows))
    figure = Figure(figsize=(7.6, 1.6 + 0.55 * len(labels)), layout="constrained")
    axes = figure.subplots()
    for index, group in enumerate(groups):
        colour = COLOURS[index]
        for row in (r for r in rows if r["annotators"] == group and np.isfinite(r["recall"])):
            y = labels.index(row["label"]) + 0.24 * (index - 1)
            axes.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=1.4)
            axes.plot([row["recall"]], [y], "o", color=colour, markersize=3 + 9 * row["share"])
        axes.plot(
            [],
            [],
            "o-",
            color=colour,
            label=f"annotators agree {group}".replace("agree split", "are split"),
        )
    _labels_by_recall(
        axes,
        labels,
        f"recall, {CORRECTED} (95 % interval); larger dots: more of its images",
        columns=3,
    )
    figure.suptitle("Recall by the annotators' agreement", fontsize=10)
    return figure


def confusion_row_figure(label: str, rows: list[dict], names: list[str]) -> Figure:
    """Draw what a label is taken for, before and after.

    Args:
        label: The true label.
        rows: `study.table.confusion_rows`.
        names: Of the labels.
    """
    figure = Figure(figsize=(1.6 + 0.95 * len(names), 1.5 + 0.55 * len(rows)), layout="constrained")
    axes = figure.subplots()
    shares = np.array([row["shares"] for row in rows])
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (y, x), value in np.ndenumerate(shares):
        axes.text(
            x,
            y,
            f"{100 * value:.0f} %",
            ha="center",
            va="center",
            fontsize=9,
            color="white" if value > 0.55 else "black",
        )
    axes.set_xticks(range(len(names)), [plain(name) for name in names])
    axes.set_yticks(range(len(rows)), [plain(row["name"], 34) for row in rows])
    axes.set_title(
        f"What {rows[0]['n']:,} faces labelled '{plain(label)}' are taken for", fontsize=10
    )
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    return figure


def tau_figure(rows: list[dict]) -> Figure:
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
    axes.set_xlabel("tau: 0 as predicted, 1 the labels' frequencies divided out")
    axes.set_ylabel("recall")
    axes.grid(color="0.93")
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("Recall where rare labels are preferred (logit adjustment)", fontsize=10)
    axes.tick_params(labelsize=8)
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
    return figure
