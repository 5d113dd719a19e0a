"""What the commands show: tables on stdout, progress and notices on stderr."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Sequence

from rich import box
from rich.table import Table

from fer_analysis import progress
from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.screen import err, out, progress_bar
from fer_analysis.cli.terminal import escaped


def notice(text: str) -> None:
    """Print a remark on stderr."""
    err.print(f"note: {text}", style="yellow", soft_wrap=True)


def table(*columns: str, numbers_from: int = 1, title: str | None = None) -> Table:
    """Return an empty table, narrow enough for 80 columns; numbers are right-aligned."""
    result = Table(
        *columns,
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for column in result.columns[numbers_from:]:
        column.justify = "right"
    for column in result.columns[1:]:
        column.no_wrap = True
    # Where a table is too wide, names fold; digits are never cut.
    result.columns[0].overflow = "fold"
    return result


def print_summary(lines: Sequence[str], *, most: int = 14) -> None:
    """Print lines on one screen, wrapped at the terminal's width; nothing with -q.

    Lines that begin with `warning` (or `NAME: warning`) are all printed, in yellow. Of the
    others, only those that fit in `most` lines are.
    """
    if verbosity.level() == verbosity.QUIET:
        return
    used, left = 0, 0
    for line in lines:
        wrapped = textwrap.wrap(
            escaped(line), out.width, subsequent_indent="  ", break_on_hyphens=False
        )
        warning = line.split(": ")[0] == "warning" or ": warning: " in line
        if used + len(wrapped) > most and not warning:
            left += 1
            continue
        used += len(wrapped)
        for part in wrapped:
            out.print(part, style="yellow" if warning else None, soft_wrap=True)
    if left:
        out.print(f"({left} more line{'s'[: left > 1]} and all tables with -v)")


@contextlib.contextmanager
def task_progress(description: str):
    """Yield a function of (done, total) that draws one progress bar, from its first call on."""
    with progress_bar() as bar:
        task = None

        def update(done: int, total: int) -> None:
            nonlocal task
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
