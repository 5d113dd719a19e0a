"""The tables of a command as a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

from rich.table import Table as Printed

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.console import ConsoleProgress, out
from fer_analysis.errors import FerError
from fer_analysis.tabular import Table, write_tables


def write_printed(file: Path, show: Callable[[], None]) -> None:
    """Write the tables that a command prints with -v, whatever it prints now.

    Args:
        file: Its suffix names the format; see `fer_analysis.tabular`.
        show: Prints the result.

    Raises:
        FerError: If there is no table.
    """
    tables = collect_tables(show)
    if not tables:
        raise FerError(f"{file}: this result has no table")
    for path in write_tables(tables, file):
        ConsoleProgress().wrote(path)


def collect_tables(show: Callable[[], None]) -> list[Table]:
    """Return the tables that a function prints with -v, without printing them."""
    with verbosity.everything(), redirect_stdout(io.StringIO()), out.recording() as printed:
        show()
    found, line = [], ""
    for each in printed:
        if isinstance(each, Printed):
            found.append(_as_table(each, caption=line))
        line = str(each).strip() if isinstance(each, str) else ""
    return found


def _as_table(printed: Printed, *, caption: str) -> Table:
    """Return a printed table as texts; the line above it is its caption where it has no title."""
    head = tuple(str(column.header) for column in printed.columns)
    columns = [list(map(str, column.cells)) for column in printed.columns]
    return Table(head, tuple(zip(*columns, strict=True)), str(printed.title or caption))
