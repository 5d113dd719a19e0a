"""The two consoles: stdout for results, stderr for progress and notices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from fer_analysis.cli.terminal import escaped


class _Console(Console):
    """A console on which no text from outside is a control character, a style or an emoji."""

    def __init__(self, **options):
        super().__init__(highlight=False, markup=False, emoji=False, **options)
        self._printed: list | None = None

    def print(self, *objects: object, **options) -> None:
        if self._printed is not None:
            self._printed += objects
        super().print(*objects, **options)

    @contextmanager
    def recording(self) -> Iterator[list]:
        """Yield a list that receives everything that is printed in this block."""
        self._printed = []
        try:
            yield self._printed
        finally:
            self._printed = None

    def render_str(self, text: str, **options) -> Text:
        return super().render_str(escaped(text), **options)


out = _Console()
err = _Console(stderr=True)


def progress_bar(*extra: TextColumn) -> Progress:
    """Return a progress bar on stderr with time used and time left."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        *extra,
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,  # a log file needs lines, not bars
    )
