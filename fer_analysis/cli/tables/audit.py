"""An audit as a summary, or as tables and sentences, on stdout."""

from __future__ import annotations

import json

import click

from fer_analysis.auditing.audit import Audit
from fer_analysis.cli.tables.console import out, print_item, table
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
    out.print(
        f"{summary['n']:,} images, layout {summary['layout']}, protocol {summary['protocol']}, "
        f"fingerprint {summary['fingerprint']}"
    )
    if level() == ALL:
        _print_kinds(issues)
        _print_labels(issues, summary["label_names"])
        votes = issues.get("label_issue", {}).get("against_votes")
        if votes:
            _print_against_votes(votes)
        for sentence in _sentences(issues):
            print_item(sentence)
    else:
        _print_summary(issues)
    for note in audit.notes:
        out.print(f"note: {note}")


def _print_summary(issues: dict) -> None:
    """Print the kinds with most images, and the others in a line."""
    found = sorted((kind for kind in issues if issues[kind]["n"]), key=lambda k: -issues[k]["n"])
    shown = found[:MOST_KINDS]
    if shown:
        _print_kinds({kind: issues[kind] for kind in issues if kind in shown})
    fewer = [f"{kind} {issues[kind]['n']:,}" for kind in found[MOST_KINDS:]]
    if fewer:
        out.print(f"fewer: {', '.join(fewer)}")
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
    rows = table("% of each label", *(name[:9] for name in names))
    for kind, figures in issues.items():
        if figures["n"]:
            pairs = zip(
                figures["by_label"].values(), figures["among_by_label"].values(), strict=True
            )
            rows.add_row(kind, *(percent(n / of if of else None, unit="") for n, of in pairs))
    if rows.row_count:
        out.print(rows)


def _sentences(issues: dict) -> list[str]:
    found = []
    exact, near = issues["exact_duplicate"], issues["near_duplicate"]
    if exact["n"]:
        found.append(
            f"{exact['groups']:,} groups of identical images hold {exact['images_in_groups']:,}; "
            f"{issues['contradictory_label']['groups']:,} of them under different labels"
        )
    if near["n"]:
        found.append(
            f"{near['pairs']:,} pairs are the same photograph altered ({near['mirrored']:,} "
            f"mirrored), {near['pairs_under_different_labels']:,} under different labels; with the "
            f"identical ones they link {near['images_in_groups_with_exact']:,} images to "
            f"{near['groups_with_exact']:,} groups, the largest of {near['largest_group']}"
        )
    if issues["placeholder"]["n"] or issues["not_a_photograph"]["n"]:
        found.append(
            "placeholder and not_a_photograph are pixel rules: they also select high-contrast "
            "photographs, and miss soft drawings; look at the contact sheets"
        )
    if "tie" in issues:
        found.append(
            "annotators are a reference, not the truth: no_face includes faces that are only "
            "turned or cropped, and a mismatch can be the annotators' error"
        )
    if "label_issue" in issues:
        found.append(
            "label issues come from networks that are correct on "
            f"{percent(issues['label_issue']['out_of_fold_accuracy'])} of the images they were not "
            "trained on: look at these images, they prove nothing"
        )
        found += _idle_labels(issues["label_issue"]["against_votes"])
    return found


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
    out.print(
        "lift: over all training images; in label: over images of the same labels", soft_wrap=True
    )


def _idle_labels(figures: dict | None) -> list[str]:
    """Name the labels whose issues votes confirm no more often than other images of the label."""
    idle = []
    for name, row in figures["another_first_choice"]["by_label"].items() if figures else ():
        if row["n"] and row["lift"]:
            share = row["share"]
            base = share.value / row["lift"]
            if share.low <= base:
                idle.append(
                    f"{name} ({percent(share.value)} of {row['n']:,} issues, "
                    f"{percent(base)} of all)"
                )
    if not idle:
        return []
    return [
        "not shown that votes confirm issues more often than any image of the label: "
        + ", ".join(idle)
    ]


def _share(estimate: Estimate) -> tuple[str, str]:
    return percent(estimate.value, unit=""), interval(estimate.interval, unit="")
