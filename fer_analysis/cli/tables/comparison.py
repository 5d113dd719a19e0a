"""What `fer compare` prints."""

from __future__ import annotations

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.console import out, print_item, print_summary, table
from fer_analysis.cli.tables.paper import print_table_1
from fer_analysis.evaluation.comparison import Comparison
from fer_analysis.evaluation.paired import verdict
from fer_analysis.text import MISSING, interval, p_value, percent, points

MOST_RUNS = 5
"""Rows of the summary."""


def print_comparison(comparison: Comparison) -> None:
    """Print the runs and their differences; with -v every table too."""
    if verbosity.level() != verbosity.ALL:
        _print_overview(comparison)
        used = 3 + min(len(comparison.runs), MOST_RUNS + 1)
        print_summary([*_remarks(comparison), *_summary(comparison)], most=14 - used)
        return
    print_table_1([(run.name, run.result) for run in comparison.runs])
    _print_runs(comparison)
    for line in _remarks(comparison):
        print_item(line)
    for images, rows in comparison.spreads.items():
        if any(row["seeds"] > 1 for row in rows):
            _print_spreads(images, rows)
    for line in _uncorrected(comparison):
        print_item(line)
    for pair in comparison.pairs:
        for images, compared in pair.items():
            _print_pair(f"{comparison.where}, {images}", compared)


def _print_overview(comparison: Comparison) -> None:
    """Print one row for each run."""
    rows = table("", "n", "acc. %", "95 % int.", "leak-free %", "95 % int.", "macro-F1 %")
    for run in comparison.runs[:MOST_RUNS]:
        whole, clean = run.metrics["all"], run.metrics["leak_free"]
        rows.add_row(
            run.name,
            f"{whole['n']:,}",
            *_share(whole["accuracy"]),
            *(_share(clean["accuracy"]) if clean else (MISSING, MISSING)),
            percent(whole["macro_f1"].value, unit=""),
        )
    out.print(comparison.where)
    out.print(rows)
    if (left := len(comparison.runs) - MOST_RUNS) > 0:
        out.print(f"… and {left} more runs (-v: all)")


def _summary(comparison: Comparison) -> list[str]:
    """Return for each pair, on the cleanest images, the verdict and the labels that differ."""
    lines = _uncorrected(comparison)
    for pair in comparison.pairs:
        images, compared = list(pair.items())[-1]
        lines.append(f"{images}: {verdict(compared)}")
        differ = [
            f"{row['label']} {points(row['difference'].value, row['difference'].interval)}"
            for row in compared["labels"]
            if row["p"] is not None and row["p"] < 0.05
        ]
        if differ:
            lines.append(f"recall differs, points: {'; '.join(differ)}")
    return lines


def _uncorrected(comparison: Comparison) -> list[str]:
    """Say that several comparisons are not corrected for their number."""
    n = len(comparison.pairs)
    if n < 2:
        return []
    return [
        f"{n} comparisons, each by itself at 5 %: where nothing differs, one is shown in up to "
        f"{percent(1 - 0.95**n, 0)} of cases"
    ]


def _remarks(comparison: Comparison) -> list[str]:
    """Return the notes and warnings of each run."""
    return [
        f"{run.name}: {text}"
        for run in comparison.runs
        for text in (
            *run.metrics["notes"],
            *(f"warning: {warning}" for warning in run.metrics["warnings"]),
        )
    ]


def _print_runs(comparison: Comparison) -> None:
    """Print accuracy, macro-F1 and the recall of the rarest label, all and leak-free."""
    rarest = _rarest(comparison.runs[0].metrics["all"])
    for title, block in (("all images", "all"), ("leak-free images", "leak_free")):
        rows = table(
            "",
            "n",
            "acc. %",
            "95 % int.",
            "macro-F1 %",
            "95 % int.",
            f"{rarest} correct",
            "95 % int.",
            title=f"\n{comparison.split} split, {title}",
        )
        for run in comparison.runs:
            rows.add_row(run.name, *_cells(run.metrics[block], rarest))
        out.print(rows)


def _print_spreads(title: str, spreads: list[dict]) -> None:
    """Print mean and standard deviation over the seeds of each config."""
    names = [f"{row['name']} ({row['seeds']} seed{'s'[: row['seeds'] > 1]})" for row in spreads]
    rows = table(
        "", *names, title=f"\n{title}: mean ± standard deviation over the seeds", goes_on=True
    )
    rows.add_row("accuracy %", *(_mean_sd(row["accuracy"]) for row in spreads))
    rows.add_row("macro-F1 %", *(_mean_sd(row["macro_f1"]) for row in spreads))
    for label in spreads[0]["recall"]:
        rows.add_row(f"{label} recall %", *(_mean_sd(row["recall"][label]) for row in spreads))
    out.print(rows)


def _print_pair(title: str, compared: dict) -> None:
    """Print the difference of two runs: in a sentence, then label by label."""
    out.print(f"\n{title}: {verdict(compared)}")
    f1 = compared["macro_f1"]
    text = f"macro-F1 {points(f1.value, f1.interval)} points"
    if test := compared["mcnemar"]:
        text += (
            f"; only {compared['first']} is correct {test['only_first_correct']:,} times, only "
            f"{compared['second']} {test['only_second_correct']:,} times"
        )
    out.print(text)
    rows = table("recall", "n", "1st %", "2nd %", "difference, points", "1st only", "2nd only", "p")
    for label in compared["labels"]:
        gap = label["difference"]
        rows.add_row(
            label["label"],
            str(label["n"]),
            percent(label["first"], unit=""),
            percent(label["second"], unit=""),
            points(gap.value, gap.interval),
            *(_count(label[key]) for key in ("only_first_correct", "only_second_correct")),
            p_value(label["p"]),
        )
    out.print(rows)


def _count(value: int | None) -> str:
    return MISSING if value is None else f"{value:,}"


def _share(figure) -> tuple[str, str]:
    return percent(figure.value, unit=""), interval(figure.interval, unit="")


def _cells(figures: dict | None, rarest: str) -> list[str]:
    if figures is None:  # the training images were not recorded
        return [MISSING] * 7
    cells = [f"{figures['n']:,}", *_share(figures["accuracy"])]
    cells += _share(figures["macro_f1"])
    for label in figures["labels"]:
        if label["label"] == rarest:
            correct = f"{label['correct']} of {label['support']}"
            return [*cells, correct, interval(label["recall"].interval, unit="")]
    return [*cells, MISSING, MISSING]


def _rarest(figures: dict) -> str:
    """Return the label with the fewest images."""
    present = [label for label in figures["labels"] if label["support"]]
    return min(present, key=lambda label: label["support"])["label"] if present else MISSING


def _mean_sd(figure: dict) -> str:
    if figure["mean"] is None:
        return MISSING
    text = f"{100 * figure['mean']:.1f}"
    return text if figure["sd"] is None else f"{text} ± {100 * figure['sd']:.1f}"
