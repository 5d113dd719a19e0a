"""What `fer stress` prints: a summary, or every condition with -v."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.console import out, print_item, print_summary, table
from fer_analysis.robustness.comparison import StressComparison
from fer_analysis.robustness.findings import (
    findings,
    lowest,
    lowest_promise,
    shown_by_chance,
    shown_differences,
)
from fer_analysis.robustness.stress_test import StressTest
from fer_analysis.text import MISSING, estimate, interval, number_estimate, percent, points


def print_stress(
    tests: Sequence[StressTest], comparison: StressComparison | None, *, as_json: bool = False
) -> None:
    """Print one stress test, or several beside each other.

    Args:
        tests: One for each network.
        comparison: Of several networks; None of one.
        as_json: Print everything as JSON and nothing else.
    """
    if as_json:
        told = {"tests": [test.as_dict() for test in tests]}
        told["comparison"] = comparison and comparison.as_dict()
        click.echo(json.dumps(told, indent=2))
    elif verbosity.level() == verbosity.ALL:
        for test in tests:
            _print_all(test)
        if comparison:
            _print_comparison(comparison)
    elif verbosity.level() == verbosity.SUMMARY:
        if comparison:
            _print_comparison(comparison)
        else:
            _print_kinds(tests[0])


def _print_kinds(test: StressTest) -> None:
    """Print one row for each kind of condition, and what matters in a line each."""
    summary = test.summary
    clean = estimate(summary["clean"]["accuracy"])
    where = f"{test.name}, {test.meta['split']}"
    print_summary([f"{where}: {len(test):,} of {test.meta['leak_free']:,} images, clean {clean}"])
    for note in test.meta.get("label_notes", ()):
        print_item(note)
    rows = table("", "acc. %", "95 % int.", "of clean %", "lowest: condition, severity", "acc. %")
    rows.columns[4].justify = "left"
    for name, group in summary["overall"].items():
        worst = lowest(test, group["conditions"])
        rows.add_row(
            name,
            *_share(group["accuracy"]),
            percent(group["relative"].value, 0, unit=""),
            f"{_plain(worst['condition'])}, {worst['severity']}",
            percent(worst["accuracy"].value, unit=""),
        )
    out.print(rows)
    print_summary(findings(test))


def _print_all(test: StressTest) -> None:
    """Print every condition and severity."""
    _print_kinds(test)
    summary = test.summary
    rows = table("accuracy %, by severity", *map(str, test.severities), "works to", "first to fall")
    for row in summary["conditions"]:
        own = [each for each in summary["rows"] if each["condition"] == row["condition"]]
        fallen = row["falls_first"]
        rows.add_row(
            _plain(row["condition"]) + (" (seen)" if row["seen"] else ""),
            *(percent(each["accuracy"].value, unit="") for each in own),
            str(row["works_up_to"] or "-"),
            f"{fallen['label']}→{fallen['predicted_as']}" if fallen else "-",
        )
    out.print(rows)
    _print_promises(test)
    flips = table("flips under an invisible change", "n", "%", "95 % int.")
    for name, each in summary["stability"]["labels"].items():
        flips.add_row(name, f"{each.n:,}", *_share(each))
    out.print(flips)


def _print_promises(test: StressTest) -> None:
    if test.summary["promise"]:
        print_summary([f"rule fitted on {test.meta['rule_from']}", lowest_promise(test)])
    heads = ("sev.", "diff.", "ECE %", "answered %", "correct %", "promise")
    guard = ("refused %", "ans. %", "corr. %") if test.summary["guard"] else ()
    rows = table("condition", *heads, *guard)
    for row in test.summary["rows"]:
        answers = [row.get(key) for key in ("answered", "correct_answers")]
        rows.add_row(
            _plain(row["condition"]),
            str(row["severity"]),
            points(row["difference"].value),
            percent(row["ece"].value, unit=""),
            *(percent(each and each.value, unit="") for each in answers),
            row.get("promise", MISSING),
            *_guarded_cells(row),
        )
    out.print(rows)


def _guarded_cells(row: dict) -> list[str]:
    """Return what the guard refuses, and share and correctness of the answers that are left."""
    if "guarded" not in row:
        return []
    left = row["guarded"]
    figures = (row["refused"], left["answered"], left["correct_answers"])
    return [percent(figure.value, 0, unit="") for figure in figures]


def _print_comparison(comparison: StressComparison) -> None:
    """Print a row for each network, and how each differs from the first."""
    first = comparison.runs[0]["run"]
    print_summary([f"{comparison.split}: {comparison.n:,} images, all networks on the same"])
    heads = ("clean %", "mean %", "95 % int.", "of clean %", "error / ref.", "flips %", "broken")
    rows = table("", *heads)
    for run in comparison.runs:
        promise = run["promise"]
        rows.add_row(
            run["run"],
            percent(run["clean"].value, unit=""),
            *_share(run["mean"]),
            percent(run["relative"].value, 0, unit=""),
            number_estimate(run["corruption_error"], 2).split(" ")[0],
            percent(run["flips"].value, 0, unit=""),
            MISSING if promise is None else f"{promise['broken']}/{sum(promise.values())}",
        )
    out.print(rows)
    here = [run["run"] for run in comparison.runs if run.get("fitted_here")]
    fitted = [f"broken: rules fitted on this split's own images flatter: {', '.join(here)}"]
    lines, remarks = [], fitted if here else []
    for pair in comparison.pairs:
        mean, clean = pair["groups"]["all"], pair["clean"]
        lines.append(
            f"{pair['run']} against {first}, points: clean {points(clean.value, clean.interval)}, "
            f"under conditions {points(mean.value, mean.interval)}"
        )
        shown = [
            f"  {how}: " + ", ".join(f"{_plain(name)} {points(each.value)}" for name, each in found)
            for how, found in shown_differences(pair["conditions"])
            if found
        ]
        lines += shown
    n = len(comparison.pairs[0]["conditions"])
    if n > 1 and len(lines) > len(comparison.pairs):
        remarks.append(shown_by_chance(n))
    print_summary([*remarks, *lines], most=10)


def _share(figure) -> tuple[str, str]:
    return percent(figure.value, unit=""), interval(figure.interval, unit="")


def _plain(name: str) -> str:
    return name.replace("_", " ")
