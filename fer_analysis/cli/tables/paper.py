"""Results as tables on stdout."""

from __future__ import annotations

from fer_analysis.cli.tables.console import out, table
from fer_analysis.paper import STUDY, STUDY_PROTOCOL


def print_table_1(runs: list[tuple[str, dict | None]]) -> None:
    """Print the study's Table 1 with a row for each run; a bare model has no figures there."""
    rows = table(
        "",
        "loss",
        "acc.",
        "val.loss",
        "val.acc.",
        "test",
        "epochs",
        "protocol",
        title="The study's Table 1 (test: accuracy)",
    )
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


def table_1_cell(value: float | int | None) -> str:
    """Return a figure of Table 1 as the study prints it."""
    if value is None:
        return "-"
    return str(value) if isinstance(value, int) else f"{value:.4f}"


def percent(value: float | None, unit: str = " %") -> str:
    """Return a share of 1 in percent."""
    return "n/a" if value is None else f"{100 * value:.1f}{unit}"


def share(value: float | None) -> str:
    """Return a share of 1 as such."""
    return "n/a" if value is None else f"{value:.3f}"


def interval(ends: list[float] | None) -> str:
    """Return an interval of shares in percent."""
    return "n/a" if ends is None else f"{100 * ends[0]:.1f}-{100 * ends[1]:.1f}"
