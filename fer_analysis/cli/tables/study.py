"""A study on stdout: its progress, and what its cells change."""

from __future__ import annotations

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.console import err, matrix, out, print_item, print_text, table
from fer_analysis.study.differences import OVERALL, CellFigures, Differences, Figure
from fer_analysis.study.run_study import StudyStatus
from fer_analysis.text import MISSING, percent, points, short

_SHORT = {"accuracy": "acc.", "macro_f1": "F1", "ece": "ECE"}
_LONGEST = 40
"""Characters of a cell's name."""

_MOST = 9
"""Rows of a summary."""


def print_finished(status: StudyStatus, file: str) -> None:
    """Print the outcome of running a study.

    Args:
        status: The study's progress.
        file: The file as the user wrote it.
    """
    if verbosity.level() != verbosity.QUIET:
        err.print(
            f"{status.finished} of {status.n} cells are finished: fer study show {file}",
            soft_wrap=True,
        )


def print_status(status: StudyStatus) -> None:
    """Print how many cells of each name are finished."""
    level = verbosity.level()
    if level == verbosity.QUIET:
        return
    out.print(f"study {status.study}: {status.finished} of {status.n} cells are finished")
    rows = status.cells if level == verbosity.ALL else _most(status.cells)
    shown = table("cell", "finished", "running", "waiting")
    for row in rows:
        counts = (row.finished, row.under_way, row.waiting)
        shown.add_row(short(row.name, 40), *map(str, counts))
    out.print(shown)
    _say_more(len(status.cells) - len(rows))


def print_differences(differences: Differences) -> None:
    """Print how the cells of a study differ; with -v also the figures, and all intervals.

    Args:
        differences: Of a study.
    """
    level = verbosity.level()
    if level == verbosity.QUIET:
        return
    print_text(differences.question)
    for text in differences.warnings:
        print_item(f"warning: {text}")
    if level == verbosity.ALL:
        _print_figures(differences)
    if not differences.others:
        out.print("no other cell is finished")
        return
    print_text(
        f"Differences to '{differences.reference}' in points; * the 95 % interval, "
        "simultaneous over the cells, excludes 0"
        + (" (never of cells with a warning)" if differences.warnings else "")
    )
    if level == verbosity.ALL:
        _print_intervals(differences, OVERALL)
        _print_intervals(differences, differences.watched)
        _print_notes(differences)
        return
    rows, longest = _most(differences.others), max(12, 70 - 8 * len(differences.columns))
    names = [_SHORT.get(name, name) for name in differences.columns]
    shown = table("cell", "seeds", *names)
    for row in rows:
        figures = (row.figures[name] for name in differences.columns)
        shown.add_row(short(row.cell, longest), str(row.seeds), *map(_difference, figures))
    out.print(shown)
    _say_more(len(differences.others) - len(rows))
    _print_notes(differences)


def _print_notes(differences: Differences) -> None:
    for text in differences.notes:
        print_item(text)


def _print_figures(differences: Differences) -> None:
    n = max(row.n for row in differences.cells)
    print_text(
        f"On the folds that were left out and leak-free validation images, up to {n:,}; "
        "accuracy, macro-F1, calibration error and recall of each label in %:"
    )
    names = [*OVERALL, *differences.label_names]
    cells = [
        [percent(row.figures[name].value.value, int(name in OVERALL), unit="") for name in names]
        for row in differences.cells
    ]
    rows = [f"{short(row.cell, _LONGEST)} ({row.seeds})" for row in differences.cells]
    out.print(matrix("cell (seeds)", rows, [_SHORT.get(name, name) for name in names], cells))


def _print_intervals(differences: Differences, names) -> None:
    if not names:
        return
    cells = [[_with_interval(row, name) for name in names] for row in differences.others]
    rows = [short(row.cell, _LONGEST) for row in differences.others]
    out.print(matrix("cell", rows, [differences.columns[name] for name in names], cells))


def _with_interval(row: CellFigures, name: str) -> str:
    figure = row.figures[name]
    return figure.in_points() + "*" * figure.is_clear


def _difference(figure: Figure) -> str:
    if figure.difference is None:
        return MISSING
    return points(figure.difference.value) + ("*" if figure.is_clear else " ")


def _most(rows: tuple) -> tuple:
    return rows if len(rows) <= _MOST + 1 else rows[:_MOST]


def _say_more(more: int) -> None:
    if more > 0:
        out.print(f"and {more} more (-v prints all)")
