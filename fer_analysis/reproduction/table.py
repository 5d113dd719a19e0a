"""Table 1 of the paper with a row of ours below each of its rows."""

from __future__ import annotations

from collections.abc import Mapping

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.paper import LABEL_CORRECT, NAMES, TABLE_1, TEST_IMAGES
from fer_analysis.reproduction.networks import Reproduced
from fer_analysis.reproduction.plan import Plan
from fer_analysis.statistics.intervals import proportion
from fer_analysis.tabular import Table
from fer_analysis.text import MISSING, number_estimate

HEAD = (
    "network",
    "training loss",
    "training acc.",
    "validation loss",
    "validation acc.",
    "test acc. [95 %]",
    "n",
    "epochs",
    "happy correct",
    "disgust correct",
)


def table_1(plan: Plan, networks: Mapping[str, Reproduced]) -> Table:
    """Return the paper's Table 1 beside ours, with intervals and leak-free rows.

    Args:
        plan: What was reproduced.
        networks: Both networks.
    """
    rows = []
    for network, each in networks.items():
        rows.append(_paper_row(network))
        rows.append(_our_row(each))
        clean = each.evaluation.leak_free
        if clean is not None and len(clean) < len(each.evaluation):
            tested = _tested(clean)
            rows.append(
                (f"{NAMES[network]}, ours, leak-free", *[""] * 4, *tested[:2], "", *tested[2:])
            )
    return Table(HEAD, tuple(rows), "Table 1 of the paper (Tao 2023), and ours", _notes(plan))


def _paper_row(network: str) -> tuple[str, ...]:
    *losses, test, epochs = TABLE_1[NAMES[network]].values()
    counts = [f"{each[network]:,} of {each['n']:,}" for each in LABEL_CORRECT.values()]
    figures = (*(f"{value:.4f}" for value in losses), f"{test:.4f}", f"{TEST_IMAGES:,}")
    return (f"{NAMES[network]}, paper", *figures, str(epochs), *counts)


def _our_row(each: Reproduced) -> tuple[str, ...]:
    row = each.result["table_1"]
    trained = [
        MISSING if row[name] is None else f"{row[name]:.4f}"
        for name in (
            "training_loss",
            "training_accuracy",
            "validation_loss",
            "validation_accuracy",
        )
    ]
    tested = _tested(each.evaluation)
    name = f"{each.name}, ours" + (", collapsed" if each.collapse else "")
    return (name, *trained, *tested[:2], str(row["epochs"]), *tested[2:])


def _tested(evaluation: Evaluation) -> tuple[str, ...]:
    """Return accuracy with interval, n, and how many of happy and disgust are correct."""
    accuracy = proportion(int(evaluation.correct.sum()), len(evaluation))
    counts = []
    for name in LABEL_CORRECT:
        known = name in evaluation.label_names
        label = evaluation.label_names.index(name) if known else 0
        text = f"{evaluation.correct[label]:,} of {evaluation.support[label]:,}"
        counts.append(text if known else MISSING)
    return (number_estimate(accuracy, 4), f"{len(evaluation):,}", *counts)


def _notes(plan: Plan) -> tuple[str, ...]:
    said = [f"{remark[:1].upper()}{remark[1:]}." for remark in plan.remarks]
    said.append(
        "Training figures are of the epoch whose weights are kept; while training, images are "
        "augmented and dropout is on. Intervals: 95 %, Wilson, over images, of one seed. "
        "Leak-free: without images that are in the training set pixel for pixel."
    )
    return tuple(said)
