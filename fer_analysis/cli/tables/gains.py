"""What would help, on stdout: the gain of each remedy for a label, and that of more images."""

from __future__ import annotations

from fer_analysis.cli.tables.console import out, print_item, table
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.study.diagnosis import Diagnosis
from fer_analysis.study.gains import CORRECTION, Gain
from fer_analysis.study.growth import Growth
from fer_analysis.text import points

_MOST = 3
"""Remedies of a label in a summary."""


def print_gains(diagnosis: Diagnosis, *, everything: bool = False) -> None:
    """Print what would help the labels that fail.

    Args:
        diagnosis: The verdicts.
        everything: All remedies, and all labels.
    """
    labels = [row.label for row in diagnosis.labels if row.fails or everything]
    rows = [gain for gain in diagnosis.gains if gain.label in labels]
    if everything or any(gain.remedy != CORRECTION for gain in rows):
        out.print(
            "What would help, in points for the label, as predicted (95 % intervals, simultaneous "
            "over its remedies; same images, same seeds; * a gain in its F1 is shown):"
        )
        out.print(_table(rows if everything else _best(rows), everything=everything))
    curves = [curve for curve in diagnosis.growth if curve.label in labels]
    if shown := [curve for curve in curves if everything or not curve.because]:
        out.print("More images of a label, all others as they are, recall in points:")
        for curve in shown:
            print_item(_sentence(curve))
    if missing := [f"{c.label} {c.kind}" for c in curves if c not in shown]:
        out.print(f"no curve: {', '.join(missing)} (-v says why)")


def _best(rows: list[Gain]) -> list[Gain]:
    """Return for each label what is shown to help, or else what comes nearest: in their order."""
    kept = []
    for label in dict.fromkeys(row.label for row in rows):
        own = [row for row in rows if row.label == label]
        kept += [row for row in own if row.is_clear][:_MOST] or own[:1]
    return kept


def _table(rows: list[Gain], *, everything: bool):
    extra = ("precision",) if everything else ()
    shown = table("label", "remedy", "seeds, n", "recall", "F1", "accuracy", *extra)
    shown.columns[1].justify = "left"
    shown.columns[1].no_wrap = False
    shown.columns[1].max_width = 20
    before = None
    for row in rows:
        shown.add_row(
            row.label if row.label != before else "",
            row.remedy,
            f"{row.seeds}, {row.n:,}",
            _gain(row.recall),
            _gain(row.f1) + "*" * row.is_clear,
            _gain(row.accuracy, int(everything)),
            *((_gain(row.precision),) if everything else ()),
        )
        before = row.label
    return shown


def _gain(figure: Estimate, digits: int = 0) -> str:
    """Return a gain in points with its interval: `+46 [32, 61]`."""
    if figure.interval is None:
        return points(figure.value, digits=digits)
    low, high = (f"{100 * end:.{digits}f}" for end in figure.interval)
    return f"{points(figure.value, digits=digits)} [{low}, {high}]"


def _sentence(curve: Growth) -> str:
    about = f"{curve.label}, {curve.kind}"
    if curve.because:
        return f"{about}: no curve; {curve.because}"
    tried = ", ".join(f"{n:,}" for n in curve.tried)
    found = "; ".join(f"{int(n):,} {_gain(gain)}" for n, gain in curve.gains.items())
    return (
        f"{about}: {found}, extrapolated; 5 points take {_images(curve)} images (fitted to "
        f"{tried}: {curve.seeds} seeds, n = {curve.n:,})"
    )


def _images(curve: Growth) -> str:
    """Return how many images bring 5 points: `1,200 [900, more than 2,000]`."""
    beyond = f"more than {max(map(int, curve.gains)):,}"
    value, low, high = (
        beyond if n is None else f"{n:,.0f}"
        for n in (curve.images.value, curve.images.low, curve.images.high)
    )
    return value if low == beyond else f"{value} [{low}, {high}]"
