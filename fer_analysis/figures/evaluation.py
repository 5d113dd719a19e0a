"""Pictures of an evaluation: the confusion matrix and the recall of every label."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.figures import plain
from fer_analysis.text import estimate, number, percent

COLOURS = colormaps["magma_r"]
LEGIBLE = 24
"""Labels whose counts are written into a matrix; of more, only some labels are named."""

ROWS = 80
"""Labels that a page is long enough for; of more, only some are named."""

ALL, LEAK_FREE = "#1f3b73", "#d1603d"


def confusion_figure(evaluation: Evaluation, metrics: dict) -> Figure:
    """Draw the confusion matrix twice: as counts, and as percent of each true label.

    Args:
        evaluation: The predictions.
        metrics: Their figures; see `fer_analysis.evaluation.metrics`.
    """
    k = len(evaluation.label_names)
    side = max(3.6, 0.62 * min(k, LEGIBLE) + 1.6)
    shown = slice(None, None, -(-k // LEGIBLE))
    figure = Figure(figsize=(2 * side + 0.8, side + 0.6), layout="compressed")
    left, right = figure.subplots(1, 2)
    counts, shares = evaluation.confusion, 100 * evaluation.row_normalised_confusion
    written = range(k if k <= LEGIBLE else 0)
    texts = [[f"{counts[row, column]:,}" for column in written] for row in written]
    draw_matrix(left, counts, texts, max(counts.max(), 1))
    texts = [[number(shares[row, column], 0) for column in written] for row in written]
    draw_matrix(right, shares, texts, 100)
    left.set_title("images", fontsize=10)
    right.set_title("% of each true label", fontsize=10)
    names = [plain(name) for name in evaluation.label_names]
    rows = [f"{name}  n={n:,}" for name, n in zip(names, evaluation.support, strict=True)]
    for axes in (left, right):
        places = range(k)[shown]
        axes.set_xticks(places, names[shown], rotation=40, ha="right", rotation_mode="anchor")
        axes.set_yticks(places, rows[shown])
        axes.set_xlabel("predicted label")
        axes.set_ylabel("true label")
    figure.suptitle(_headline(metrics), fontsize=11)
    return figure


def recall_figure(metrics: dict) -> Figure:
    """Draw the recall of every label with its Wilson 95 % interval, all and leak-free.

    Args:
        metrics: An evaluation's figures; see `fer_analysis.evaluation.metrics`.
    """
    blocks = [("all images", ALL, "o", metrics["all"])]
    if metrics["leak_free"] and 0 < metrics["leak_free"]["n"] < metrics["n"]:
        blocks.append(("not among the training images", LEAK_FREE, "D", metrics["leak_free"]))
    k = len(metrics["label_names"])
    figure = Figure(
        figsize=(8.4, 2.1 + 0.27 * min(k, ROWS) * (1 + len(blocks) / 2)), layout="constrained"
    )
    axes = figure.subplots()
    for index, (name, colour, marker, block) in enumerate(blocks):
        offset = 0.36 * (index - (len(blocks) - 1) / 2)
        label = f"{name} (n={block['n']:,})"
        style = {"color": colour, "fmt": marker, "label": label}
        _recalls(axes, block["labels"], offset, style)
    axes.axvline(1 / k, color="0.5", linestyle=":", zorder=0, label=f"guessing ({percent(1 / k)})")
    named = range(0, k, -(-k // ROWS))
    axes.set_yticks(named, [_support(blocks, label) for label in named])
    axes.set_ylim(k - 0.5, -0.5)
    axes.set_xlim(-0.01, 1.01)
    axes.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
    axes.set_xlabel("recall: share of the label's images predicted correctly (95 % interval)")
    axes.grid(axis="x", color="0.9")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    figure.suptitle(_headline(metrics), fontsize=11)
    return figure


def draw_matrix(
    axes: Axes,
    values: np.ndarray,
    texts: list[list[str]],
    highest: float,
    *,
    size: float | None = None,
) -> None:
    """Draw a matrix with a text in each cell.

    Args:
        axes: Where to.
        values: float `(k, k)`, the cells' colours.
        texts: The cells' texts; none if empty.
        highest: The value of the darkest colour.
        size: Of the texts, points; None chooses.
    """
    axes.imshow(values, cmap=COLOURS, vmin=0, vmax=highest)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    if not texts:
        return
    size = size or (10 if len(values) <= 8 else 8)
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            value = values[row, column] / highest
            axes.text(
                column,
                row,
                text,
                ha="center",
                va="center",
                fontsize=size,
                color=_ink(value),
                fontweight="bold" if row == column else "normal",
            )
    axes.set_xticks(np.arange(len(values) + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(len(values) + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)


def _ink(value: float) -> str:
    """Return the text colour that stands out on a cell: the one with the higher contrast."""
    if np.isnan(value):
        return "black"
    rgb = np.array(COLOURS(float(value))[:3])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "black"


def _recalls(axes: Axes, labels: list[dict], offset: float, style: dict) -> None:
    rows = [(y, row["recall"]) for y, row in enumerate(labels) if row["support"]]
    recall = np.array([figure.value for _, figure in rows])
    ends = np.array([figure.interval for _, figure in rows]).reshape(-1, 2).T
    axes.errorbar(
        recall,
        [y + offset for y, _ in rows],
        xerr=np.clip(np.abs(ends - recall), 0, None),
        markersize=5,
        capsize=3,
        **style,
    )
    for y, figure in rows:
        axes.annotate(
            percent(figure.value),
            (1.0, y + offset),
            xytext=(8, 0),
            color=style["color"],
            textcoords="offset points",
            va="center",
            fontsize=9,
            annotation_clip=False,
        )


def _support(blocks: list[tuple], label: int) -> str:
    counts = [f"{block['labels'][label]['support']:,}" for *_, block in blocks]
    return f"{plain(blocks[0][-1]['labels'][label]['label'])}\nn={' / '.join(counts)}"


def _headline(metrics: dict) -> str:
    """Return what was evaluated, its accuracy, and which labels are never predicted."""
    protocol = f" · {plain(metrics['protocol'])} protocol" if metrics["protocol"] else ""
    lines = [f"{plain(metrics['split'])} split{protocol} · {_images(metrics['n'])}"]
    parts = [_accuracy(metrics["all"], "accuracy")]
    leak_free = metrics["leak_free"]
    if leak_free and leak_free["n"] < metrics["n"]:
        leaks = metrics["n"] - leak_free["n"]
        parts.append(_accuracy(leak_free, f"without {_images(leaks, 'leaked ')}"))
    lines.append(" · ".join(filter(None, parts)))
    lines += [plain(note, 80) for note in metrics["notes"]]
    never = [row["label"] for row in metrics["all"]["labels"] if row["support"]]
    never = [plain(name) for name in never if name in metrics["all"]["never_predicted"]]
    if never:
        lines.append(f"never predicted: {', '.join(never)}")
    return "\n".join(filter(None, lines))


def _images(n: int, kind: str = "") -> str:
    return f"{n:,} {kind}image{'' if n == 1 else 's'}"


def _accuracy(block: dict, name: str) -> str:
    return f"{name} {estimate(block['accuracy'])}" if block["n"] else ""
