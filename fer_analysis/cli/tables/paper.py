"""The paper's Table 1 with our runs."""

from __future__ import annotations

from fer_analysis.cli.tables.console import out, table
from fer_analysis.paper import PROTOCOL, TABLE_1, TEST_IMAGES
from fer_analysis.text import MISSING


def print_table_1(runs: list[tuple[str, dict | None]]) -> None:
    """Print the paper's Table 1 with a row for each run; a bare model has no figures there."""
    rows = table(
        "",
        "loss",
        "acc.",
        "val.loss",
        "val.acc.",
        "test",
        "epochs",
        "protocol",
        title="Table 1 of the paper (Tao 2023; test: accuracy)",
    )
    for name, figures in TABLE_1.items():
        rows.add_row(f"paper {name}", *map(table_1_cell, figures.values()), PROTOCOL)
    comparable = []
    for name, result in runs:
        result = result or {"table_1": dict.fromkeys(_FIGURES), "protocol": MISSING}
        rows.add_row(name, *map(table_1_cell, result["table_1"].values()), result["protocol"])
        comparable.append(result["protocol"] == PROTOCOL and result["comparable"])
    out.print(rows)
    if not all(comparable):
        out.print(
            f"The paper's test figures are for Kaggle's whole test folder ({TEST_IMAGES:,} "
            f"images, protocol {PROTOCOL}); those of another protocol are not comparable."
        )


_FIGURES = tuple(next(iter(TABLE_1.values())))


def table_1_cell(value: float | int | None) -> str:
    """Return a figure of Table 1 as the paper prints it."""
    if value is None:
        return MISSING
    return str(value) if isinstance(value, int) else f"{value:.4f}"
