"""Results as tables on stdout."""

from __future__ import annotations

from fer_analysis.cli.console import out, table
from fer_analysis.evaluation.findings import sentences


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


def _percent(value: float | None, unit: str = " %") -> str:
    return "n/a" if value is None else f"{100 * value:.1f}{unit}"


def _share(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.3f}"


def _interval(interval: list[float] | None) -> str:
    return "n/a" if interval is None else f"{100 * interval[0]:.1f}-{100 * interval[1]:.1f}"
