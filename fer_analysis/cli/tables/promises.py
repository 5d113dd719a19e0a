"""What a network promises, and whether it keeps that: tables by label."""

from __future__ import annotations

from fer_analysis.cli.tables.console import out, print_item, table
from fer_analysis.evaluation.promises import Promises
from fer_analysis.evaluation.unsure import BY_LABEL, OVERALL
from fer_analysis.text import estimate, interval, number, percent

NEVER = "never"
RULES = {OVERALL: "one threshold for all faces", BY_LABEL: "a threshold for each predicted label"}


def promise_lines(found: Promises) -> list[str]:
    """Return the main findings about answers, one line each."""
    overall = found.answers[OVERALL]
    fitted = " (thresholds fitted on other parts of this split)" if found.cross_fitted else ""
    lines = [
        f"not unsure: {estimate(overall['answered'])}, of which "
        f"{estimate(overall['correct'])} are correct (promise of {percent(found.target, 0)} "
        f"{overall['promise']}){fitted}"
    ]
    broken = [row for row in overall["labels"] if row["promise"] == "broken"]
    if broken:
        told = "; ".join(f"{row['label']} {_correct(row['correct'])}" for row in broken)
        lines.append(f"promise broken where predicted as: {told} (try --promise by-label)")
    answered = [row for row in overall["labels"] if row["true_correct"].value is not None]
    if answered:
        worst = min(answered, key=lambda row: row["true_correct"].value)
        lines.append(
            f"lowest by true label, where not unsure: {worst['label']}, "
            f"{_correct(worst['true_correct'])}"
        )
    return lines


def _correct(figure) -> str:
    return f"{estimate(figure)} of {figure.n:,} correct"


def print_answers(found: Promises, promise: str) -> None:
    """Print how the answers of one rule fare, by predicted and by true label.

    Args:
        found: What was measured.
        promise: Of `evaluation.unsure.PROMISES`.
    """
    figures = found.answers[promise]
    out.print(
        f"\nanswers, {RULES[promise]}: {estimate(figures['answered'])} of {found.n:,} "
        f"{found.images}; correct {estimate(figures['correct'])}: promise of "
        f"{percent(found.target, 0)} {figures['promise']}"
    )
    rows = table(
        "predicted as", "n", "from", "answers", "correct %", "95 % int.", "promise", numbers_from=1
    )
    for row in figures["labels"]:
        rows.add_row(
            row["label"],
            f"{row['predicted']:,}",
            NEVER if row["least"] is None else number(row["least"], 2),
            f"{row['answers']:,}",
            *_share(row["correct"]),
            row["promise"],
        )
    out.print(rows)
    rows = table("true label", "n", "answered", "%", "95 % int.", "correct % of these", "95 % int.")
    for row in figures["labels"]:
        rows.add_row(
            row["label"],
            f"{row['true']:,}",
            f"{row['true_correct'].n:,}",
            *_share(row["true_answered"]),
            *_share(row["true_correct"]),
        )
    out.print()
    out.print(rows)
    print_item(
        f"from: the lowest probability that is answered; it was fitted on {found.fitted_on}, and "
        "the other figures are of faces that it was not fitted on"
    )
    print_item(
        f"promise: exact tests of more, and of fewer, than {percent(found.target, 0)} correct "
        "(Holm over the labels)"
    )


def print_sets(found: Promises, promise: str) -> None:
    """Print how often label sets hold the true label, and how large they are.

    Args:
        found: What was measured.
        promise: Of `evaluation.unsure.PROMISES`.
    """
    figures = found.sets[promise]
    how = "a threshold for each label" if promise == BY_LABEL else "one threshold for all labels"
    out.print(
        f"\nlabel sets, {how}, made for {percent(found.coverage, 0)}: they hold the true label of "
        f"{estimate(figures['coverage'])} of {found.n:,} {found.images}, with "
        f"{number(figures['size'].value, 2)} labels on average"
    )
    rows = table("true label", "n", "from", "covered %", "95 % int.", "labels", "one label %")
    for row in figures["labels"]:
        rows.add_row(
            row["label"],
            f"{row['n']:,}",
            number(row["least"]),
            *_share(row["coverage"]),
            number(row["size"].value, 2),
            percent(row["single"].value, unit=""),
        )
    out.print(rows)
    print_item(
        "from: the lowest probability with which the label is in a set; thresholds fitted on "
        f"{found.fitted_on}"
    )


def _share(figure) -> tuple[str, str]:
    return percent(figure.value, unit=""), interval(figure.interval, unit="")
