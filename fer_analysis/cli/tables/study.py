"""What the cells of a study change, as tables on stdout."""

from __future__ import annotations

from fer_analysis.cli.tables.console import out, table
from fer_analysis.study.differences import OVERALL


def print_changes(told: dict) -> None:
    """Print the figures of all cells, then how they differ.

    Args:
        told: `changes.json`.
    """
    rows, against = told["cells"], told["against"]
    labels = [name for name in rows[0]["figures"] if name not in OVERALL]
    n = max(row["n"] for row in rows)
    out.print(
        f"{told['question']}\nOn the folds that were left out and leak-free validation images, "
        f"up to {n:,}; accuracy, calibration error and recall of each label in %:",
        soft_wrap=True,
    )
    shown = table("cell", "seeds", "acc.", "F1", "ECE", *(name[:5] for name in labels))
    for row in rows:
        figures = {name: 100 * values["value"] for name, values in row["figures"].items()}
        shown.add_row(
            row["cell"],
            str(row["seeds"]),
            f"{figures['accuracy']:.1f}",
            f"{figures['macro_f1']:.1f}",
            f"{figures['ece']:.1f}",
            *(f"{figures[name]:.0f}" for name in labels),
        )
    out.print(shown)
    if len(rows) < 2:
        return
    out.print(
        f"against '{against}', in points; 95 % intervals that hold for all cells at once; * where "
        "0 lies outside:",
        soft_wrap=True,
    )
    _print_differences(
        rows, against, {"accuracy": "accuracy", "macro_f1": "macro-F1", "ece": "ECE"}
    )
    _print_differences(rows, against, {name: f"recall of {name}" for name in told["watched"]})


def _print_differences(rows: list[dict], against: str, figures: dict[str, str]) -> None:
    shown = table("cell", *figures.values())
    for row in rows:
        if row["cell"] != against:
            shown.add_row(row["cell"], *(_points(row["figures"][name]) for name in figures))
    out.print(shown)


def _points(figure: dict) -> str:
    if figure["difference"] is None:
        return "-"
    low, high = figure["difference_low"], figure["difference_high"]
    star = "*" if low > 0 or high < 0 else ""
    ends = f"[{100 * low:+.1f}, {100 * high:+.1f}]"
    return f"{100 * figure['difference']:+.1f}{star} {ends}"
