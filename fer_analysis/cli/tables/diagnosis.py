"""A diagnosis on stdout: a table of verdicts, and with -v their evidence."""

from __future__ import annotations

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.console import out, print_item, table
from fer_analysis.cli.tables.gains import print_gains
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.caveats import in_points
from fer_analysis.study.diagnosis import Diagnosis, LabelDiagnosis
from fer_analysis.text import count, number, percent, points

_MOST = 8
"""Labels of a summary."""


def print_diagnosis(diagnosis: Diagnosis) -> None:
    """Print the verdict of every label; with -v also the evidence.

    Args:
        diagnosis: The verdicts.
    """
    level = verbosity.level()
    if level == verbosity.QUIET:
        return
    votes = "" if diagnosis.votes else ", without annotators' votes"
    out.print(
        f"cell '{diagnosis.subject}', {diagnosis.seeds} seed(s){votes}; recall in %, "
        "gap in points below the median of the other labels; corr.: prior-corrected"
    )
    if level == verbosity.ALL:
        _print_all(diagnosis)
    else:
        _print_summary(diagnosis)
    if diagnosis.failing or level == verbosity.ALL:
        print_gains(diagnosis, everything=level == verbosity.ALL)
    for sentence in diagnosis.notes:
        print_item(sentence)
    if diagnosis.follow_up:
        out.print("A single run cannot show more. A study can:")
        for words in diagnosis.follow_up:
            for line in _folded(words):
                out.print(line, soft_wrap=True)


def _print_summary(diagnosis: Diagnosis) -> None:
    rows = sorted(diagnosis.labels, key=lambda row: not row.fails)[:_MOST]
    rows = [row for row in diagnosis.labels if row in rows]
    shown = table("label", "n", "recall", "corr.", "gap", "corr. gap", "verdict")
    shown.columns[-1].justify = "left"
    shown.columns[-1].no_wrap = False
    for row in rows:
        shown.add_row(
            row.label,
            f"{row.n:,}",
            percent(row.recall.value, 0, unit=""),
            percent(row.corrected.value, 0, unit=""),
            points(row.gap.value, digits=0).lstrip("+"),
            points(row.corrected_gap.value, digits=0).lstrip("+"),
            row.headline,
        )
    out.print(shown)
    if more := len(diagnosis.labels) - len(rows):
        out.print(f"and {more} more labels (-v prints all)")


def _print_all(diagnosis: Diagnosis) -> None:
    shown = table("label", "n", "trained on", "recall", "corr.", "gap", "corr. gap")
    for row in diagnosis.labels:
        shown.add_row(
            row.label,
            f"{row.n:,}",
            count(row.training),
            percent(row.recall.value, 0, unit=""),
            percent(row.corrected.value, 0, unit=""),
            _ends(row.gap),
            _ends(row.corrected_gap),
        )
    out.print(shown)
    passed = [row for row in diagnosis.labels if not row.fails]
    for told in dict.fromkeys(row.headline for row in passed):
        out.print(f"{told}: {', '.join(row.label for row in passed if row.headline == told)}")
    for row in diagnosis.failing:
        _print_label(row)
    out.print(
        "Intervals of gaps and effects: 95 %, simultaneous. A cause is shown by its effect in "
        "this study; causes that were not tried may exist as well."
    )
    if diagnosis.separability:
        _print_separability(diagnosis.separability)


def _print_label(row: LabelDiagnosis) -> None:
    out.print(f"{row.label}: {row.headline}", style="bold")
    for cause in row.causes:
        text = f"  {cause.name}: {cause.verdict}"
        if cause.effect:
            text += f", {in_points(cause.effect)}"
        if cause.part is not None:
            text += f" ({percent(cause.part, 0)} of the gap)"
        out.print(f"{text}: {cause.because}" if cause.because else text)
    for sentence in row.caveats:
        print_item(sentence)


def _print_separability(rows: tuple[dict, ...]) -> None:
    taus = list(rows[0]["recall_at"] or {})
    shown = table("label", "n", "AUROC", "rank", *(f"tau {tau}" for tau in taus), "neighbours")
    for row in rows:
        near, recall_at = row["purity"], row["recall_at"] or {}
        shown.add_row(
            row["label"],
            f"{row['n']:,}",
            number(row["auroc"].value),
            number(row["rank"], 1),
            *(percent(recall_at.get(tau), 0, unit="") for tau in taus),
            _of_chance(near),
        )
    out.print(
        "Without training anything: rank is the label's mean place among the probabilities of its "
        "own images; tau: recall in % at that strength of logit adjustment; neighbours: % of the "
        "ten nearest in feature space that have the label (by chance)"
    )
    out.print(shown)


def _of_chance(near: dict | None) -> str:
    if near is None:
        return number(None)
    return (
        f"{percent(near['neighbours'].value, 0, unit='')} ({percent(near['chance'], 0, unit='')})"
    )


def _ends(gap: Estimate) -> str:
    if gap.interval is None:
        return points(gap.value)
    value, low, high = (percent(each, 0, unit="") for each in (gap.value, *gap.interval))
    return f"{value} [{low}, {high}]"


def _folded(command: str, width: int = 78) -> list[str]:
    """Return a command on several lines, which can be pasted."""
    lines = ["  "]
    for index, option in enumerate(command.split(" --")):
        word = option if index == 0 else f"--{option}"
        if index and len(lines[-1]) + len(word) + 3 > width:
            lines.append("      ")
        elif index:
            lines[-1] += " "
        lines[-1] += word
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]
