"""What `fer stress` prints: a summary, or every condition with -v."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import click

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.console import out, print_summary, table
from fer_analysis.robustness.comparison import StressComparison
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
    rows = table("", "acc. %", "95 % int.", "of clean %", "lowest: condition, severity", "acc. %")
    rows.columns[4].justify = "left"
    for name, group in summary["overall"].items():
        worst = min(
            (row for row in summary["rows"] if row["condition"] in group["conditions"]),
            key=lambda row: row["accuracy"].value,
        )
        rows.add_row(
            name,
            *_share(group["accuracy"]),
            percent(group["relative"].value, 0, unit=""),
            f"{_plain(worst['condition'])}, {worst['severity']}",
            percent(worst["accuracy"].value, unit=""),
        )
    out.print(rows)
    lines = [_limits(test), _fallen(test), _promise(test), *_guard(test), _stability(test)]
    print_summary(lines)


def _limits(test: StressTest) -> str:
    """Return under how many conditions the network works to the end, or fails at once."""
    conditions = test.summary["conditions"]
    first, last = test.severities[0], test.severities[-1]
    whole = sum(row["works_up_to"] == last for row in conditions)
    broken = sum(row["fails_from"] == first for row in conditions)
    return (
        f"{len(conditions)} conditions: {whole} cost < 5 points to severity {last}, "
        f"{broken} cost more from severity {first} on"
    )


def _fallen(test: StressTest) -> str:
    """Return which label loses half of its recall first, most often."""
    found = [row["falls_first"] for row in test.summary["conditions"] if row["falls_first"]]
    if not found:
        return "no label is shown to lose half of its recall"
    label, times = Counter(each["label"] for each in found).most_common(1)[0]
    taken = Counter(each["predicted_as"] for each in found if each["label"] == label)
    return (
        f"first to lose half of its recall: {label}, under {times} of them, "
        f"then mostly {taken.most_common(1)[0][0]}"
    )


def _promise(test: StressTest) -> str:
    counts = test.summary["promise"]
    if counts is None:
        return 'no "unsure" rule is known for this network'
    told = ", ".join(f"{state} {count}" for state, count in counts.items())
    return (
        f"promise of {percent(test.rule['target'], 0)} correct answers: {told} of {len(test.cells)}"
    )


def _guard(test: StressTest) -> list[str]:
    """Return what refusing pictures changes, in two lines; none without a guard."""
    found = test.summary["guard"]
    if found is None:
        return []
    before, after = found["without"], found["with"]
    told = ", ".join(f"{state} {count}" for state, count in after["promise"].items())
    clean = percent(test.summary["clean"]["refused"].value)
    return [
        f"with the guard, which refuses {clean} of clean faces: {told}; answers "
        f"{percent(after['answered'], 0)} of the images ({percent(before['answered'], 0)} without)",
        f"75 % of the answers correct in {after['at_75']} of {after['cells']} "
        f"({before['at_75']} without), 60 % in {after['at_60']} ({before['at_60']})",
    ]


def _lowest_promise(test: StressTest) -> str:
    """Return where the answers are worst."""
    answered = [row for row in test.summary["rows"] if row["correct_answers"].high is not None]
    worst = min(answered, key=lambda row: row["correct_answers"].high)
    return (
        f"lowest, {worst['caption']}: answers {percent(worst['answered'].value, 0)}, "
        f"{percent(worst['correct_answers'].value, 0)} of them correct"
    )


def _stability(test: StressTest) -> str:
    stability = test.summary["stability"]
    sizes = [f"{size} {percent(each.value, 0)}" for size, each in stability["sizes"].items()]
    return f"labels flip unseen: {percent(stability['any'].value, 0)} ({', '.join(sizes)})"


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
    flips = table("flips under a change nobody sees", "n", "%", "95 % int.")
    for name, each in summary["stability"]["labels"].items():
        flips.add_row(name, f"{each.n:,}", *_share(each))
    out.print(flips)


def _print_promises(test: StressTest) -> None:
    if test.summary["promise"]:
        print_summary([f"rule fitted on {test.meta['rule_from']}", _lowest_promise(test)])
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
    lines = []
    for pair in comparison.pairs:
        mean, clean = pair["groups"]["all"], pair["clean"]
        lines.append(
            f"{pair['run']} against {first}, points: clean {points(clean.value, clean.interval)}, "
            f"under conditions {points(mean.value, mean.interval)}"
        )
        lines += [
            f"  {how}: " + ", ".join(f"{_plain(name)} {points(each.value)}" for name, each in found)
            for how, found in _shown(pair["conditions"])
            if found
        ]
    print_summary(lines, most=10)


def _shown(differences: dict) -> list[tuple[str, list]]:
    """Return the conditions under which a difference is shown, the largest first."""
    ordered = sorted(differences.items(), key=lambda each: -abs(each[1].value))
    better = [(name, each) for name, each in ordered if each.low > 0]
    worse = [(name, each) for name, each in ordered if each.high < 0]
    return [("better", better[:6]), ("worse", worse[:6])]


def _share(figure) -> tuple[str, str]:
    return percent(figure.value, unit=""), interval(figure.interval, unit="")


def _plain(name: str) -> str:
    return name.replace("_", " ")
