"""Pictures of an evaluation: the confusion matrix and the recall of every label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.figures import plain
from fer_analysis.figures.colours import ink_on
from fer_analysis.figures.facts import of_run
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
from fer_analysis.text import estimate, number, percent

LEGIBLE = 24
"""Labels whose counts are written into a matrix; of more, only some labels are named."""

SIDE_BY_SIDE = 10
"""Labels of which two matrices fit beside each other; of more, they stand one below the other."""

ROWS = 40
"""Labels that a page is long enough for; of more, only some are named."""


@styled
def confusion_figure(evaluation: Evaluation, metrics: dict) -> Figure:
    """Draw the confusion matrix twice: as counts, and as percent of each true label.

    Args:
        evaluation: The predictions.
        metrics: Their figures; see `fer_analysis.evaluation.metrics`.
    """
    k = len(evaluation.label_names)
    beside = k <= SIDE_BY_SIDE
    facts = _facts(metrics)
    side = 3.9 if beside else 7.6
    height = (side if beside else 2 * side + 1) + 1.1 + 0.2 * len(facts)
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    first, second = figure.subplots(*((1, 2) if beside else (2, 1)), sharey=beside)
    counts, shares = evaluation.confusion, 100 * evaluation.row_normalised_confusion
    written = range(k if k <= LEGIBLE else 0)
    texts = [[f"{counts[row, column]:,}" for column in written] for row in written]
    draw_matrix(first, counts, texts, max(counts.max(), 1))
    texts = [[number(shares[row, column], 0) for column in written] for row in written]
    draw_matrix(second, shares, texts, 100)
    first.set_title("images")
    second.set_title("% of each true label")
    names = [plain(name) for name in evaluation.label_names]
    rows = [f"{name}  n={n:,}" for name, n in zip(names, evaluation.support, strict=True)]
    shown = slice(None, None, -(-k // LEGIBLE))
    for axes in (first, second):
        places = range(k)[shown]
        axes.set_xticks(places, names[shown], rotation=40, ha="right", rotation_mode="anchor")
        axes.set_yticks(places, rows[shown])
        axes.set_xlabel("predicted label")
        axes.tick_params(axis="y", labelleft=axes is first or not beside)
    first.set_ylabel("true label")
    describe(figure, "What each label is predicted as", *facts)
    return figure


@styled
def recall_figure(metrics: dict) -> Figure:
    """Draw the recall of every label with its Wilson 95 % interval, all and leak-free.

    Args:
        metrics: An evaluation's figures; see `fer_analysis.evaluation.metrics`.
    """
    colours = theme()
    blocks = [("all images", colours.network, "o", metrics["all"])]
    if metrics["leak_free"] and 0 < metrics["leak_free"]["n"] < metrics["n"]:
        name = "leak-free: not among the training images"
        blocks.append((name, colours.leak_free, "D", metrics["leak_free"]))
    k, facts = len(metrics["label_names"]), _facts(metrics)
    height = 1.7 + 0.2 * len(facts) + 0.25 * min(k, ROWS) * (1 + len(blocks) / 2)
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.subplots()
    for index, (name, colour, marker, block) in enumerate(blocks):
        offset = 0.36 * (index - (len(blocks) - 1) / 2)
        label = f"{name} (n={block['n']:,})"
        _recalls(axes, block["labels"], offset, color=colour, marker=marker, label=label)
    guessing = f"guessing ({percent(1 / k)})"
    axes.axvline(1 / k, color=colours.reference, linestyle=":", zorder=0, label=guessing)
    named = range(0, k, -(-k // ROWS))
    rows_of(axes, [""] * k)
    axes.set_yticks(named, [_support(blocks, label) for label in named])
    axes.set_xlim(-0.01, 1.01)
    share_axis(axes.xaxis, "recall: share of the label's images that are predicted correctly")
    figure.legend(loc="outside lower center", ncols=3)
    describe(figure, "Recall of every label", *facts, INTERVALS)
    return figure


def draw_matrix(
    axes: Axes,
    values: np.ndarray,
    texts: Sequence[Sequence[str]],
    highest: float,
    *,
    size: float | None = None,
) -> None:
    """Draw a matrix with a text in each cell.

    Args:
        axes: Where to.
        values: float `(k, k)`, the cells' colours.
        texts: The cells' texts; none if empty.
        highest: The value of the last colour.
        size: Of the texts, points; None chooses.
    """
    colours = theme().sequential
    axes.imshow(values, cmap=colours, vmin=0, vmax=highest)
    bare(axes)
    if not texts:
        return
    size = size or (10 if len(values) <= 8 else 8)
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            value = values[row, column] / highest
            ink = theme().ink if np.isnan(value) else ink_on(colours(float(value))[:3])
            weight = "bold" if row == column else "normal"
            style = {"color": ink, "fontsize": size, "fontweight": weight}
            axes.text(column, row, text, ha="center", va="center", **style)
    axes.set_xticks(np.arange(len(values) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(values) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=theme().ground, linewidth=1.5)
    axes.tick_params(which="minor", length=0)


def _recalls(axes: Axes, labels: list[dict], offset: float, **style) -> None:
    rows = [(y, row["recall"]) for y, row in enumerate(labels) if row["support"]]
    draw_estimates(axes, [figure for _, figure in rows], [y + offset for y, _ in rows], **style)
    for y, figure in rows:
        axes.annotate(
            percent(figure.value),
            (1.0, y + offset),
            xytext=(8, 0),
            color=style["color"],
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )


def _support(blocks: list[tuple], label: int) -> str:
    counts = [f"{block['labels'][label]['support']:,}" for *_, block in blocks]
    return f"{plain(blocks[0][-1]['labels'][label]['label'])}\nn={' / '.join(counts)}"


def _facts(metrics: dict) -> list[str]:
    """Return what was evaluated, its accuracy, and which labels are never predicted."""
    protocol = f", {plain(metrics['protocol'])} protocol" if metrics["protocol"] else ""
    facts = [
        of_run(metrics.get("run", "")),
        f"{plain(metrics['split'])} split{protocol}",
        _images(metrics["n"]),
        _accuracy(metrics["all"], "accuracy"),
    ]
    leak_free = metrics["leak_free"]
    if leak_free and leak_free["n"] < metrics["n"]:
        leaks = metrics["n"] - leak_free["n"]
        facts.append(_accuracy(leak_free, f"without {_images(leaks, 'leaked ')}"))
    facts += [plain(note, 120) for note in metrics["notes"]]
    never = [row["label"] for row in metrics["all"]["labels"] if row["support"]]
    never = [plain(name) for name in never if name in metrics["all"]["never_predicted"]]
    if never:
        facts.append(f"never predicted: {', '.join(never)}")
    return [fact for fact in facts if fact]


def _images(n: int, kind: str = "") -> str:
    return f"{n:,} {kind}image{'' if n == 1 else 's'}"


def _accuracy(block: dict, name: str) -> str:
    return f"{name} {estimate(block['accuracy'])}" if block["n"] else ""
