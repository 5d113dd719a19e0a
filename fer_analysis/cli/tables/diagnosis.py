"""A diagnosis as a table and sentences on stdout."""

from __future__ import annotations

from fer_analysis.cli.tables.console import out, table
from fer_analysis.study.caveats import points
from fer_analysis.study.diagnosis import NOT_TESTED, SHOWN, Diagnosis, LabelDiagnosis


def print_diagnosis(diagnosis: Diagnosis, run=None, told: list[dict] | None = None) -> None:
    """Print the verdict of every label, and for those that fail what it rests on.

    Args:
        diagnosis: The verdicts.
        run: The run that they are about, if there is no study.
        told: `separability` of that run.
    """
    votes = "" if diagnosis.votes else ", without annotators' votes"
    out.print(
        f"cell '{diagnosis.subject}', {diagnosis.seeds} seed(s){votes}; recall in %, gap: points "
        "below the median of the other labels; simultaneous 95 % intervals",
        soft_wrap=True,
    )
    rows = table("label", "n", "taught", "recall", "corr.", "gap", "corr. gap", "fails")
    for row in diagnosis.labels:
        rows.add_row(
            row.label,
            f"{row.n:,}",
            f"{row.training:,}",
            f"{100 * row.recall[0]:.0f}",
            f"{100 * row.corrected[0]:.0f}",
            _ends(row.gap),
            _ends(row.corrected_gap),
            "yes" if row.fails else "-",
        )
    out.print(rows)
    if fine := [row.label for row in diagnosis.labels if not row.fails]:
        out.print(f"no deficiency shown: {', '.join(fine)}", soft_wrap=True)
    for row in diagnosis.labels:
        if row.fails:
            _print_label(row)
    out.print(
        "corr.: with the labels' frequencies in training divided out. What is shown of a cause "
        "is its effect here; causes that were not tried may stand beside it.",
        soft_wrap=True,
    )
    if told:
        _print_separability(told)
    if run is not None:
        _print_what_would_settle_it(diagnosis, run)


def _verdict(row: LabelDiagnosis) -> str:
    return " and ".join(row.shown) or "fails; no cause shown"


def _print_label(row: LabelDiagnosis) -> None:
    out.print(f"{row.label}: {_verdict(row)}", style="bold", soft_wrap=True)
    for cause in row.causes:
        told = f"  {cause.name}: {cause.verdict}"
        if cause.effect:
            told += f", {points(cause.effect)}"
        if cause.part is not None:
            told += f" ({100 * cause.part:.0f} % of the gap)"
        out.print(f"{told}: {cause.because}" if cause.because else told, soft_wrap=True)
    for sentence in row.against:
        out.print(f"  - {sentence}", soft_wrap=True)


def _print_separability(told: list[dict]) -> None:
    taus = list(told[0]["recall_at"] or {})
    shown = table("label", "n", "AUROC", "rank", *(f"tau {t}" for t in taus), "neighbours")
    for row in told:
        near = row["purity"]
        shown.add_row(
            row["label"],
            f"{row['n']:,}",
            "-" if row["auroc"] is None else f"{row['auroc']:.3f}",
            "-" if row["rank"] is None else f"{row['rank']:.1f}",
            *(f"{100 * (row['recall_at'] or {}).get(t, float('nan')):.0f}" for t in taus),
            "-" if near is None else f"{100 * near['value']:.0f} ({100 * near['chance']:.0f})",
        )
    out.print(
        "without training anything: rank is the label's mean place among the probabilities of its "
        "own images; tau: recall in % where that much of the frequencies is divided out; "
        "neighbours: % of the ten nearest in feature space that carry the label (by chance)",
        soft_wrap=True,
    )
    out.print(shown)


def _print_what_would_settle_it(diagnosis: Diagnosis, run) -> None:
    failing = [row for row in diagnosis.labels if row.fails]
    if not failing:
        return
    untested = any(c.verdict == NOT_TESTED for row in failing for c in row.causes)
    if untested or not any(c.verdict == SHOWN for row in failing for c in row.causes):
        labels = " ".join(f"--label {row.label}" for row in failing)
        what = f"why --base {run.path / 'config.yaml'} {labels} --data PATH"
        out.print(
            f"a lone run cannot tell more. A study would:\n  fer study run {what}\n"
            f"  fer diagnose {what}",
            soft_wrap=True,
        )


def _ends(effect) -> str:
    return f"{100 * effect.value:.0f} [{100 * effect.low:.0f}, {100 * effect.high:.0f}]"
