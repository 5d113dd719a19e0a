"""A table that fits its terminal: columns are left out from the right or go on below, and words
stay whole."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.segment import Segment
from rich.table import Column, Table

LONGEST_WORD = 24
"""Columns of a terminal for a word in a column of texts; of a longer one the end is left out."""

GAP = 2
"""Columns of a terminal between two columns of a table."""

NAMED = 4
"""Columns left out that are named."""


class FittingTable(Table):
    """A table whose first column, and columns of texts, wrap between words.

    Columns of numbers are never cut. Where they do not fit, those on the right are left out, and
    a last line names them; or, where `goes_on` is true, they follow in a table below.
    """

    goes_on = False

    def fits(self, width: int) -> bool:
        """Return whether all columns fit side by side, without wrapping."""
        return sum(map(_natural, self.columns)) + GAP * (len(self.columns) - 1) <= width

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator:
        columns, title = self.columns, self.title
        left_out = list(columns)
        try:
            while True:
                self.columns, left_out = _fitting(left_out, options.max_width)
                yield from super().__rich_console__(console, options)
                if not (self.goes_on and left_out):
                    break
                left_out, self.title = [columns[0], *left_out], None
        finally:
            self.columns, self.title = columns, title
        for line in _told(left_out, options.max_width):
            yield Segment(line)
            yield Segment.line()


def _fitting(columns: Sequence[Column], width: int) -> tuple[list[Column], list[Column]]:
    """Return the columns that fit, with how they wrap, and the others."""
    count = len(columns)
    least = [_least(column, i) for i, column in enumerate(columns)]
    while count > 2 and sum(least[:count]) + GAP * (count - 1) > width:
        count -= 1
    if sum(map(_natural, columns[:count])) + GAP * (count - 1) > width:
        kept = [
            replace(column, _index=i, no_wrap=False, overflow="ellipsis")
            if _is_text(column, i)
            else replace(column, _index=i)
            for i, column in enumerate(columns[:count])
        ]
    else:
        kept = [replace(column, _index=i, no_wrap=True) for i, column in enumerate(columns[:count])]
    return kept, list(columns[count:])


def _is_text(column: Column, position: int) -> bool:
    return position == 0 or column.justify == "left"


def _lines(column: Column) -> list[str]:
    return [line for cell in (column.header, *column._cells) for line in str(cell).split("\n")]


def _natural(column: Column) -> int:
    return max(map(cell_len, _lines(column)), default=0)


def _least(column: Column, position: int) -> int:
    """Return the fewest columns of a terminal that show a column of a table."""
    if not _is_text(column, position):
        return _natural(column)
    words = (cell_len(word) for line in _lines(column) for word in line.split())
    return min(max(words, default=0), LONGEST_WORD)


def _told(left_out: Sequence[Column], width: int) -> list[str]:
    if not left_out:
        return []
    names = [str(column.header) for column in left_out]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    text = f"(no room for {', '.join(names[:NAMED])}{more}: widen the terminal)"
    return textwrap.wrap(text, width, break_on_hyphens=False)
