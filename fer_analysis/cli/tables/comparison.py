"""What `fer compare` prints below the study's Table 1."""

from __future__ import annotations

from fer_analysis.cli.tables.console import out, table
from fer_analysis.cli.tables.paper import interval, percent, share
from fer_analysis.evaluation.comparison import verdict


def print_runs(runs: list[tuple[str, dict]]) -> None:
    """Print accuracy, macro-F1 and the recall of the rarest label, all and leak-free."""
    split, rarest = runs[0][1]["split"], _rarest(runs[0][1]["all"])
    for title, block in (("all images", "all"), ("leak-free images", "leak_free")):
        rows = table(
            "",
            "n",
            "acc. %",
            "95 % int.",
            "macro-F1",
            f"{rarest} right",
            "95 % int.",
            title=f"\n{split} split, {title}",
        )
        for name, metrics in runs:
            rows.add_row(name, *_cells(metrics[block], rarest))
        out.print(rows)


def print_remarks(runs: list[tuple]) -> None:
    """Print what a reader of each run's figures should know."""
    for name, evaluation in runs:
        for text in evaluation.notes:
            out.print(f"{name}: {text}", soft_wrap=True)
        for text in evaluation.warnings:
            out.print(f"{name}: warning: {text}", style="yellow", soft_wrap=True)


def print_spreads(title: str, spreads: list[dict]) -> None:
    """Print mean and standard deviation over the seeds of each config."""
    names = [f"{row['name']} ({row['seeds']} seed{'s'[: row['seeds'] > 1]})" for row in spreads]
    rows = table("", *names, title=f"\n{title}: mean ± standard deviation over the seeds")
    for column in rows.columns:
        column.no_wrap, column.overflow = False, "fold"
    rows.add_row("accuracy %", *(_mean_sd(row["accuracy"]) for row in spreads))
    rows.add_row("macro-F1", *(_mean_sd(row["macro_f1"], factor=1, digits=3) for row in spreads))
    for label in spreads[0]["recall"]:
        rows.add_row(f"{label} recall %", *(_mean_sd(row["recall"][label]) for row in spreads))
    out.print(rows)


def print_comparison(title: str, comparison: dict) -> None:
    """Print what separates two runs: in a sentence, then label by label."""
    out.print(f"\n{title}: {verdict(comparison)}", soft_wrap=True)
    f1 = comparison["macro_f1"]
    told = f"macro-F1 {f1['difference']:+.3f} [{f1['interval'][0]:+.3f}, {f1['interval'][1]:+.3f}]"
    if test := comparison["mcnemar"]:
        told += (
            f"; only {comparison['first']} is right {test['only_first_right']:,} times, only "
            f"{comparison['second']} {test['only_second_right']:,} times"
        )
    out.print(told, soft_wrap=True)
    rows = table(
        "recall", "n", "1st %", "2nd %", "diff.", "95 % interval", "1st only", "2nd only", "p"
    )
    for label in comparison["labels"]:
        ends = label["interval"]
        low, high = (100 * end for end in ends) if ends else (0, 0)
        gap = label["difference"]
        rows.add_row(
            label["label"],
            str(label["n"]),
            percent(label["first"], unit=""),
            percent(label["second"], unit=""),
            "n/a" if gap is None else f"{100 * gap:+.1f}",
            f"{low:+.1f} to {high:+.1f}" if ends else "n/a",
            *(
                "-" if (only := label[key]) is None else str(only)
                for key in ("only_first_right", "only_second_right")
            ),
            "-" if label["p"] is None else f"{label['p']:.2g}",
        )
    out.print(rows)


def _cells(figures: dict | None, rarest: str) -> list[str]:
    if figures is None:  # the training images are not on record
        return ["n/a", *"-----"]
    accuracy = figures["accuracy"]
    cells = [
        f"{figures['n']:,}",
        percent(accuracy["value"], unit=""),
        interval(accuracy["interval"]),
        share(figures["macro_f1"]),
    ]
    for label in figures["labels"]:
        if label["label"] == rarest:
            right = f"{label['correct']} of {label['support']}"
            return [*cells, right, interval(label["recall_interval"])]
    return [*cells, "-", "-"]


def _rarest(figures: dict) -> str:
    """Return the label with the fewest images."""
    present = [label for label in figures["labels"] if label["support"]]
    return min(present, key=lambda label: label["support"])["label"] if present else "-"


def _mean_sd(figure: dict, *, factor: int = 100, digits: int = 1) -> str:
    if figure["mean"] is None:
        return "n/a"
    told = f"{factor * figure['mean']:.{digits}f}"
    return told if figure["sd"] is None else f"{told} ± {factor * figure['sd']:.{digits}f}"
