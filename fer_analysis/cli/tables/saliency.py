"""Where a run looks, as a summary and as tables on stdout."""

from __future__ import annotations

import json
import textwrap

import click

from fer_analysis.cli.tables.console import out, table
from fer_analysis.cli.terminal import printable
from fer_analysis.cli.verbosity import ALL, QUIET, level
from fer_analysis.paper import CLAIMS
from fer_analysis.saliency.analysis import SaliencyAnalysis
from fer_analysis.saliency.findings import RegionFinding
from fer_analysis.saliency.literature import claim_survives, literature_row
from fer_analysis.text import MISSING, number, number_interval

MOST_LABELS = 8
"""Rows of the summary."""


def print_analysis(analysis: SaliencyAnalysis, *, as_json: bool = False) -> None:
    """Print a summary, or all tables with -v, or JSON.

    Args:
        analysis: What was found.
        as_json: Print `as_dict()` and nothing else.
    """
    if as_json:
        click.echo(json.dumps(analysis.as_dict(), indent=2))
        return
    if level() == QUIET:
        return
    _print_labels(analysis)
    _print_zeros(analysis)
    for note in analysis.notes:
        _line(note)
    if level() == ALL:
        for each in analysis.findings:
            if each.by_maps.region is None:
                _line(f"{each.label}: none: {each.by_maps.reason}")
        if analysis.findings:
            _print_humans(analysis.findings)
            _print_claims(analysis.findings)
    _print_checks(analysis)
    _print_stability(analysis.stability)


def _line(text: str) -> None:
    """Print a line; the terminal, or 80 columns in a pipe, folds it at words."""
    out.print(printable(text))


def _print_labels(analysis: SaliencyAnalysis) -> None:
    """Print each label's most enriched region, and the dominant one by both methods."""
    shown = table("label", "n", "most enriched", "x", "95 % interval", "by maps", "by hiding")
    most = len(analysis.labels) if level() == ALL else MOST_LABELS
    for summary in analysis.labels[:most]:
        top, finding = summary.top, analysis.finding(summary.label)
        found = ("not checked",) * 2
        if finding:
            found = (finding.by_maps.region or "none", finding.by_occlusion.region or "none")
        shown.add_row(
            printable(summary.label),
            str(summary.n),
            top.region if top else MISSING,
            number(top.enrichment.value, 2) if top else MISSING,
            number_interval(top.enrichment.interval, 2) if top else MISSING,
            *found,
        )
    for index in (2, 5, 6):  # names of the user's regions
        shown.columns[index].justify = "left"
    out.print(shown)
    if len(analysis.labels) > most:
        _line(f"… and {len(analysis.labels) - most} more labels (-v prints all)")


def _print_zeros(analysis: SaliencyAnalysis) -> None:
    silent = [summary.label for summary in analysis.labels if not summary.n]
    if silent:
        _line(f"maps are zero everywhere: {textwrap.shorten(', '.join(silent), 120)}")


def _print_stability(rows) -> None:
    """Print how similar several runs' maps of the same images are."""
    if not rows:
        return
    if level() != ALL:
        values = [row["same_image"] for row in rows if row["same_image"] is not None]
        span = f"{min(values):.2f} to {max(values):.2f}" if values else "unknown"
        runs = f"{rows[0]['runs']} runs"
        _line(f"{runs}: rank correlation of their maps of one image {span} (-v: by label)")
        return
    shown = table(
        "label",
        "runs",
        "same image",
        "mean map",
        "most enriched, run by run",
        title="Rank correlation of the runs' maps",
    )
    for row in rows:
        shown.add_row(
            printable(row["label"]),
            str(row["runs"]),
            number(row["same_image"], 2),
            number(row["mean_map"], 2),
            ", ".join(row["most_enriched"]),
        )
    shown.columns[-1].justify = "left"
    out.print(shown)


def _print_humans(findings: tuple[RegionFinding, ...]) -> None:
    shown = table(
        "label",
        "maps",
        "hidden",
        "the paper",
        "",
        "action units",
        "",
        "humans",
        "",
        numbers_from=9,
        title="Compared with the literature (agreement is not a score)",
    )
    for each in findings:
        row = literature_row(each.label, (each.by_maps.region, each.by_occlusion.region))
        columns = (
            "label",
            "by_maps",
            "by_occlusion",
            "paper",
            "paper_agrees",
            "action_units",
            "units_agree",
            "humans",
            "humans_agree",
        )
        shown.add_row(*(row[name] or MISSING for name in columns))
    out.print(shown)


def _print_claims(findings: tuple[RegionFinding, ...]) -> None:
    for each in findings:
        if each.label not in CLAIMS:
            continue
        claim = CLAIMS[each.label].regions
        survives, supported = claim_survives(each.evidence, claim)
        missed = f"does not survive (supported: {', '.join(supported) or 'none'})"
        result = "survives" if survives else missed
        _line(f"the paper's {each.label} -> {', '.join(claim)}: {result}")


def _print_checks(analysis: SaliencyAnalysis) -> None:
    if (faithful := analysis.checks.get("faithfulness")) and faithful["n"]:
        leads = ", ".join(
            f"{fill} {each['lead'][rival]['value']:+.2f} over {rival}"
            for fill, each in faithful["fills"].items()
            for rival in each["lead"]
        )
        _line(f"faithfulness, {faithful['n']} images (logits): {leads}")
    if sane := analysis.checks.get("sanity"):
        last = sane["stages"][-1]
        if last["rank_correlation"] is not None:
            _line(
                f"sanity, {sane['n']} images: maps of the network with random weights correlate "
                f"{last['rank_correlation']:.2f}, SSIM {last['ssim']:.2f}"
            )
    for mark in analysis.marks:
        out.print(printable(f"! {mark}"), style="bold")
