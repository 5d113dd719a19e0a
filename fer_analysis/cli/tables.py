"""Results as tables on stdout."""

from __future__ import annotations

from fer_analysis.cli.console import out, table
from fer_analysis.evaluation.findings import sentences
from fer_analysis.evaluation.published import STUDY, STUDY_PROTOCOL


def print_evaluation(run, evaluation) -> None:
    """Print what matters most in words, then recall and precision of every label."""
    metrics = evaluation.metrics()
    out.print(
        f"{run.path}: {evaluation.split} split, {evaluation.protocol} protocol, "
        f"n = {len(evaluation):,}",
        soft_wrap=True,
    )
    for sentence in sentences(evaluation):
        out.print(f"  - {sentence}", soft_wrap=True)
    _print_figures("all images", metrics["all"])
    leak_free = metrics["leak_free"]
    if leak_free is None:
        out.print("leak-free: unknown (the training images of this model are not on record)")
    elif leak_free["n"] == len(evaluation):
        out.print("leak-free: the same; no image stands in the training images pixel for pixel")
    else:
        _print_figures("leak-free", leak_free)
    if evaluation.protocol == "official" or (
        evaluation.protocol == "kaggle" and not evaluation.comparable
    ):
        out.print(
            "Not to be set beside the study's test figures: those are for Kaggle's whole test "
            "folder (7,178 images).",
            soft_wrap=True,
        )


def _print_figures(title: str, figures: dict) -> None:
    out.print(_headline(title, figures), soft_wrap=True)
    out.print(_label_table(figures))


def _headline(title: str, figures: dict) -> str:
    accuracy = figures["accuracy"]
    return (
        f"\n{title}: accuracy {_percent(accuracy['value'])} [{_interval(accuracy['interval'])}] "
        f"of {accuracy['n']:,}, macro-F1 {_share(figures['macro_f1'])}, "
        f"balanced accuracy {_percent(figures['balanced_accuracy'])}"
    )


def _label_table(figures: dict):
    rows = table(
        "label", "n", "right", "recall %", "95 % interval", "predicted", "precision %", "F1"
    )
    for label in figures["labels"]:
        rows.add_row(
            label["label"],
            str(label["support"]),
            str(label["correct"]),
            _percent(label["recall"], unit=""),
            _interval(label["recall_interval"]),
            str(label["predicted"]),
            _percent(label["precision"], unit=""),
            _share(label["f1"]),
        )
    return rows


def print_regions(rows: list[dict]) -> None:
    """Print where the saliency lies, region by region, for each label."""
    shown = table("label", "n", "region", "saliency", "area", "enrichment", "95 % interval")
    for row in rows:
        shown.add_row(
            row["label"],
            str(row["n"]),
            row["region"],
            _percent(row["share"]),
            _percent(row["area"]),
            f"{row['enrichment']:.2f}",
            f"{row['low']:.2f}-{row['high']:.2f}",
        )
    out.print(shown)


def print_table_1(runs: list[tuple[str, dict | None]]) -> None:
    """Print the study's Table 1 with a row for each run; a bare model has no figures there."""
    rows = _table_of_runs(
        "loss", "acc.", "val.loss", "val.acc.", "test", "epochs", "protocol",
        title="The study's Table 1 (test: accuracy)",
    )  # fmt: skip
    for name, figures in STUDY.items():
        rows.add_row(name, *map(table_1_cell, figures.values()), STUDY_PROTOCOL)
    comparable = []
    for name, result in runs:
        result = result or {"table_1": dict.fromkeys(next(iter(STUDY.values()))), "protocol": "-"}
        rows.add_row(name, *map(table_1_cell, result["table_1"].values()), result["protocol"])
        comparable.append(result["protocol"] == STUDY_PROTOCOL and result["comparable"])
    out.print(rows)
    if not all(comparable):
        out.print(
            "The study's test figures are for Kaggle's whole test folder (7,178 images, protocol "
            "kaggle); those of another protocol are not to be set beside them.",
            soft_wrap=True,
        )


def print_comparison(runs: list[tuple[str, dict]]) -> None:
    """Print accuracy, macro-F1 and the recall of the rarest label, all and leak-free."""
    split, rarest = runs[0][1]["split"], _rarest(runs[0][1]["all"])
    for title, block in (("all images", "all"), ("leak-free images", "leak_free")):
        rows = _table_of_runs(
            "n", "acc. %", "95 % int.", "macro-F1", f"{rarest} right", "95 % int.",
            title=f"\n{split} split, {title}",
        )  # fmt: skip
        for name, metrics in runs:
            rows.add_row(name, *_comparison_cells(metrics[block], rarest))
        out.print(rows)


def _comparison_cells(figures: dict | None, rarest: str) -> list[str]:
    if figures is None:  # the training images are not on record
        return ["n/a", *"-----"]
    accuracy = figures["accuracy"]
    cells = [
        f"{figures['n']:,}",
        _percent(accuracy["value"], unit=""),
        _interval(accuracy["interval"]),
        _share(figures["macro_f1"]),
    ]
    for label in figures["labels"]:
        if label["label"] == rarest:
            right = f"{label['correct']} of {label['support']}"
            return [*cells, right, _interval(label["recall_interval"])]
    return [*cells, "-", "-"]


def _table_of_runs(*columns: str, title: str):
    """Return an empty table whose first column, the runs' names, folds where it is long."""
    rows = table("", *columns, title=title)
    rows.columns[0].no_wrap, rows.columns[0].overflow = False, "fold"
    return rows


def _rarest(figures: dict) -> str:
    """Return the label with the fewest images."""
    present = [label for label in figures["labels"] if label["support"]]
    return min(present, key=lambda label: label["support"])["label"] if present else "-"


def table_1_cell(value: float | int | None) -> str:
    """Return a figure of Table 1 as the study prints it."""
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def _percent(value: float | None, unit: str = " %") -> str:
    return "n/a" if value is None else f"{100 * value:.1f}{unit}"


def _share(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"


def _interval(interval: list[float] | None) -> str:
    return "n/a" if interval is None else f"{100 * interval[0]:.1f}-{100 * interval[1]:.1f}"
