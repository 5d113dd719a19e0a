"""Markdown in the terminal, with tables that cut no word and no figure."""

from __future__ import annotations

from typing import ClassVar

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import Markdown, MarkdownElement, TableElement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

GAP = 2
"""Spaces between two columns, one of them the divider."""


class _Fitted(TableElement):
    """A table whose columns break between words; a block for each row where that is too wide."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        heads = [cell.content for cell in self.header.row.cells]
        rows = [[cell.content for cell in row.cells] for row in self.body.rows]
        columns = list(zip(heads, *rows, strict=True))
        widths = column_widths(
            [[cell.plain for cell in column] for column in columns],
            options.max_width - GAP * (len(columns) - 1),
        )
        if widths is None:
            yield from _blocks(heads, rows)
            return
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, GAP - 1, 0, 0))
        table.show_edge = False
        for head, width in zip(heads, widths, strict=True):
            head.stylize("markdown.table.header")
            table.add_column(head, width=width, overflow="fold")
        for row in rows:
            table.add_row(*row)
        yield Padding(table, (1, 0))


def column_widths(columns: list[list[str]], total: int) -> list[int] | None:
    """Return a width for each column that breaks no word; None if all together are too wide.

    Args:
        columns: The cells of each, its heading among them.
        total: Characters that all of them may take together.
    """
    least = [
        max((len(word) for cell in cells for word in cell.split()), default=1) for cells in columns
    ]
    whole = [max(map(len, cells)) for cells in columns]
    left, wanted = total - sum(least), sum(whole) - sum(least)
    if left < 0:
        return None
    share = min(left / wanted, 1) if wanted else 0
    return [low + int((high - low) * share) for low, high in zip(least, whole, strict=True)]


def _blocks(heads: list[Text], rows: list[list[Text]]) -> RenderResult:
    for row in rows:
        first, *others = row
        yield Text()
        yield Text.assemble(
            f"{heads[0]}: " if heads[0] else "", first, style="markdown.table.header"
        )
        for head, cell in zip(heads[1:], others, strict=True):
            if cell.plain:
                yield Padding(Text.assemble(head.plain, ": ", cell), (0, 0, 0, 2))
    yield Text()


class GuideMarkdown(Markdown):
    """Markdown as `fer guide` shows it."""

    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "table_open": _Fitted,
    }
