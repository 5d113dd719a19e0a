"""What `fer agreement` prints."""

from __future__ import annotations

import json

import click

from fer_analysis.cli.tables.console import out, print_summary, table
from fer_analysis.cli.verbosity import ALL, level
from fer_analysis.second_opinion.agreement import Agreement
from fer_analysis.text import estimate, interval, number_estimate, percent

NAMED = 5
"""Differing faces that are named."""


def print_agreement(found: Agreement, *, as_json: bool = False) -> None:
    """Print the agreement of two lists, by label with -v, or JSON.

    Args:
        found: The agreement.
        as_json: Print the figures as JSON and nothing else.
    """
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2))
        return
    print_summary(_lines(found))
    if level() == ALL:
        _print_labels(found.summary["labels"])


def _lines(found: Agreement) -> list[str]:
    summary = found.summary
    first, second = (each["file"] for each in summary["files"])
    alone = ", ".join(
        f"{count:,} only in {name}"
        for count, name in zip(summary["only"], (first, second), strict=True)
        if count
    )
    lines = [
        f"{first} and {second}: {summary['n']:,} faces in both" + (f" ({alone})" if alone else ""),
        f"the same label for {estimate(summary['agreed'])}, Cohen's kappa "
        f"{number_estimate(summary['kappa'], 2)} (0 is chance, 1 complete)",
    ]
    names = {"first": first, "second": second, "both agree": "what both agree on"}
    for row in summary["present"] or ():
        lines.append(
            f"{names[row['who']]}: the present label for {estimate(row['agreed'])} of "
            f"{row['n']:,}, kappa {number_estimate(row['kappa'], 2)}"
        )
    least = [row for row in summary["labels"] if row["agreement"].value is not None]
    if least:
        row = min(least, key=lambda each: each["agreement"].value)
        lines.append(
            f"least agreed on: {row['label']}, given {row['first']:,} and {row['second']:,} "
            f"times, {row['both']:,} times by both"
        )
    if found.differing:
        told = ", ".join(row["id"] for row in found.differing[:NAMED])
        more = ", …" if len(found.differing) > NAMED else ""
        lines.append(f"{len(found.differing):,} faces differ: {told}{more}")
    return lines


def _print_labels(labels: list[dict]) -> None:
    shown = table("label", "first", "second", "both", "agreement %", "95 % int.")
    for row in labels:
        shown.add_row(
            row["label"],
            *(f"{row[key]:,}" for key in ("first", "second", "both")),
            percent(row["agreement"].value, unit=""),
            interval(row["agreement"].interval, unit=""),
        )
    out.print(shown)
