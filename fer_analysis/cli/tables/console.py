"""What the commands show: tables on stdout, progress and notices on stderr."""

from __future__ import annotations

import contextlib
import textwrap
import time
from collections.abc import Sequence

from rich import box

from fer_analysis import progress
from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.fitting import FittingTable
from fer_analysis.cli.tables.screen import err, out, progress_bar
from fer_analysis.cli.terminal import escaped

EVERY = 60.0
"""Seconds between two lines of progress in a log."""


def notice(text: str) -> None:
    """Print a remark on stderr."""
    err.print(f"note: {text}", style="yellow", soft_wrap=True)


def table(
    *columns: str, numbers_from: int = 1, title: str | None = None, goes_on: bool = False
) -> FittingTable:
    """Return an empty table that fits its terminal; numbers are right-aligned.

    Args:
        *columns: The columns' names, the most important first: where there is no room, those on
            the right are left out.
        numbers_from: The first column of numbers.
        title: Of the table.
        goes_on: Let what has no room follow in a table below, with the first column again.
    """
    result = FittingTable(
        *columns,
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    result.goes_on = goes_on
    for column in result.columns[numbers_from:]:
        column.justify = "right"
    for column in result.columns[1:]:
        column.no_wrap = True
    return result


def matrix(
    corner: str,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[str]],
    *,
    title: str | None = None,
) -> FittingTable:
    """Return a table with a row and a column for each of two lists; it is turned to fit.

    Args:
        corner: The name of the first column.
        rows: The names of the rows.
        columns: The names of the columns.
        cells: For each row its texts.
        title: Of the table.
    """
    for turned in (False, True):
        heads, names, texts = (
            (rows, columns, zip(*cells, strict=True)) if turned else (columns, rows, cells)
        )
        result = table(corner, *heads, title=title, goes_on=True)
        for name, row in zip(names, texts, strict=True):
            result.add_row(name, *row)
        if turned or result.fits(out.width) or len(columns) <= len(rows):
            return result
    return result


def print_text(text: str) -> None:
    """Print a text, folded between words at the terminal's width."""
    _print_folded(_folded(text, indent="  "), False)


def print_item(text: str) -> None:
    """Print one finding of a list, folded at the terminal's width; a warning in yellow."""
    _print_folded(_folded(f"  - {text}", indent="    "), is_warning(text))


def print_summary(lines: Sequence[str], *, most: int = 14) -> None:
    """Print lines on one screen, folded at the terminal's width; nothing with -q.

    Warnings (`is_warning`) are yellow and take at most half of the screen, so that figures
    follow. What does not fit is counted in a last line.

    Args:
        lines: The most important first.
        most: Lines of the terminal, without the last one.
    """
    if verbosity.level() == verbosity.QUIET:
        return
    used, left = 0, {True: 0, False: 0}
    for line in lines:
        warning = is_warning(line)
        folded = _folded(line, indent="  ", most=most // 2)
        if used + len(folded) > (most // 2 + 1 if warning else most):
            left[warning] += 1
            continue
        used += len(folded)
        _print_folded(folded, warning)
    kinds = ((left[True], "warning"), (left[False], "line"))
    more = [f"{n} more {kind}{'s'[: n > 1]}" for n, kind in kinds if n]
    if more:
        out.print(f"({', '.join(more)} and all tables: -v)")


def is_warning(line: str) -> bool:
    """Return whether a line begins with `warning: ` or `NAME: warning: `."""
    return line.startswith("warning: ") or ": warning: " in line


def _folded(text: str, *, indent: str, most: int | None = None) -> list[str]:
    return textwrap.wrap(
        escaped(text),
        out.width,
        subsequent_indent=indent,
        break_on_hyphens=False,
        max_lines=most,
        placeholder=" …",
    )


def _print_folded(lines: Sequence[str], warning: bool) -> None:
    for line in lines:
        out.print(line, style="yellow" if warning else None, soft_wrap=True)


@contextlib.contextmanager
def task_progress(description: str):
    """Yield a function of (done, total) that draws one progress bar, from its first call on.

    Where stderr is no terminal (a log), it prints a line instead, every `EVERY` seconds at most.
    """
    with progress_bar() as bar:
        task, told = None, time.monotonic()

        def update(done: int, total: int) -> None:
            nonlocal task, told
            if not err.is_terminal:
                if done and time.monotonic() - told >= EVERY:
                    told = time.monotonic()
                    err.print(f"{description}: {done:,} of {total:,}", soft_wrap=True)
                return
            if task is None:
                task = bar.add_task(description, total=total)
            bar.update(task, completed=done, total=total)

        yield update


class ConsoleProgress(progress.Progress):
    """Draws tasks and trainings on stderr, and prints notices there.

    Args:
        notices: False to print none.
        bars: False to draw none.
    """

    def __init__(self, *, notices: bool = True, bars: bool = True):
        loud = verbosity.level() != verbosity.QUIET
        self._notices, self._bars = notices and loud, bars and loud

    def task(self, name: str):
        return task_progress(name) if self._bars else super().task(name)

    def notice(self, text: str) -> None:
        if self._notices:
            notice(text)

    def wrote(self, place, what: str = "") -> None:
        if verbosity.level() != verbosity.QUIET:
            slash = "/" if place.is_dir() else ""
            err.print(f"wrote {place}{slash}" + (f" ({what})" if what else ""), soft_wrap=True)

    def detail(self, text: str) -> None:
        if verbosity.level() == verbosity.ALL:
            err.print(text, soft_wrap=True)

    def training(self, config: object):
        from fer_analysis.cli.tables.training_progress import TrainingProgress

        return TrainingProgress(config) if self._bars else super().training(config)
