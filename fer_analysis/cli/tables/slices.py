"""What `fer evaluate --slices` prints."""

from __future__ import annotations

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.console import out, print_summary, table
from fer_analysis.evaluation.slices import Slices
from fer_analysis.text import interval, p_value, percent, points

FEW = 5
"""Slices in the summary."""


def print_slices(found: Slices) -> None:
    """Print the slices that are worse than the rest; with -v all of them."""
    everything = verbosity.level() == verbosity.ALL
    shown = found.slices if everything else found.worse[:FEW]
    print_summary(
        [
            f"slices of {found.n:,} {found.images}: {len(found.worse)} of {len(found.slices)} are "
            "shown to be worse than the rest, compared within labels (Holm over all)"
        ]
    )
    if not shown or verbosity.level() == verbosity.QUIET:
        return
    rows = table("slice", "n", "acc. %", "points, within labels", "95 % int.", "p")
    for each in shown:
        rows.add_row(
            each.name,
            f"{each.n:,}",
            percent(each.accuracy.value, unit=""),
            points(each.difference.value),
            interval(each.difference.interval, unit=""),
            p_value(each.p),
        )
    out.print(rows)
