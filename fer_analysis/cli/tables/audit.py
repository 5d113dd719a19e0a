"""An audit as a summary, or as tables and sentences, on stdout."""

from __future__ import annotations

import json

import click

from fer_analysis.auditing.audit import Audit
from fer_analysis.auditing.caveats import caveats
from fer_analysis.cli.tables.console import matrix, out, print_item, print_text, table
from fer_analysis.cli.verbosity import ALL, QUIET, level
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.text import interval, number, percent

MOST_KINDS = 8
"""Rows of the summary."""

_SENSES = {"another_first_choice": "another option", "mismatch": "80 % another label"}
_PARTS = {
    "all": "label issues",
    "strongest_tenth": "strongest tenth",
    "merely_misclassified": "all errors",
}


def print_audit(audit: Audit, *, as_json: bool = False) -> None:
    """Print a summary, or all tables with -v, or JSON.

    Args:
        audit: What was found.
        as_json: Print the figures as JSON and nothing else.
    """
    if as_json:
        click.echo(json.dumps(audit.as_dict(), indent=2))
        return
    if level() == QUIET:
        return
    summary, issues = audit.summary, audit.issues
    print_text(
        f"{summary['n']:,} images, layout {summary['layout']}, protocol {summary['protocol']}, "
        f"fingerprint {summary['fingerprint']}"
    )
    if level() == ALL:
        _print_kinds(issues)
        _print_labels(issues, summary["label_names"])
        votes = issues.get("label_issue", {}).get("against_votes")
        if votes:
            _print_against_votes(votes)
        for sentence in caveats(issues):
            print_item(sentence)
    else:
        _print_summary(issues)
    for note in audit.notes:
        print_text(f"note: {note}")


def _print_summary(issues: dict) -> None:
    """Print the kinds with most images, and the others in a line."""
    found = sorted((kind for kind in issues if issues[kind]["n"]), key=lambda k: -issues[k]["n"])
    shown = found[:MOST_KINDS]
    if shown:
        _print_kinds({kind: issues[kind] for kind in issues if kind in shown})
    fewer = [f"{kind} {issues[kind]['n']:,}" for kind in found[MOST_KINDS:]]
    if fewer:
        print_text(f"fewer: {', '.join(fewer)}")
    if not found:
        out.print("no issue was found")


def _print_kinds(issues: dict) -> None:
    rows = table("issue", "n", "of", "%", "95 % int.", "what it means")
    rows.columns[-1].justify = "left"
    for kind, figures in issues.items():
        rows.add_row(
            kind,
            f"{figures['n']:,}",
            f"{figures['among']:,}",
            *_share(figures["share"]),
            figures["meaning"],
        )
    out.print(rows)


def _print_labels(issues: dict, names: list[str]) -> None:
    found = {kind: figures for kind, figures in issues.items() if figures["n"]}
    pairs = (
        zip(each["by_label"].values(), each["among_by_label"].values(), strict=True)
        for each in found.values()
    )
    cells = [[percent(n / of if of else None, unit="") for n, of in each] for each in pairs]
    if found:
        out.print(matrix("% of each label", list(found), names, cells))


def _print_against_votes(figures: dict) -> None:
    """Print how often votes confirm label issues, and how often that happens by chance."""
    rows = table(
        "votes say",
        "of",
        "n",
        "%",
        "95 % int.",
        "lift",
        "in label",
        numbers_from=2,
        title="\nlabel issues compared with the votes",
    )
    for sense, text in _SENSES.items():
        rows.add_row(text, "all training", "", percent(figures[sense]["base_rate"], unit=""))
        for part, of in _PARTS.items():
            row = figures[sense][part]
            rows.add_row(
                "",
                of,
                f"{row['n']:,}",
                *_share(row["share"]),
                number(row["lift"], 2),
                number(row["lift_within_labels"], 2),
            )
    out.print(rows)
    print_text("lift: over all training images; in label: over images of the same labels")


def _share(estimate: Estimate) -> tuple[str, str]:
    return percent(estimate.value, unit=""), interval(estimate.interval, unit="")
