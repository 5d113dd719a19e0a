"""What a long function reports while it runs: tasks, notices, and the progress of a training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Update = Callable[[int, int], None]
"""Called with (done, total)."""


class Progress:
    """Receives reports and ignores them; the base class of those that show them.

    Every public function takes `progress=None`, which is this class: nothing is shown. The
    command line passes one that draws bars and prints notices on stderr. To show them elsewhere
    (a notebook, a web page), override the methods of interest.

    Example:
        >>> class Printed(Progress):
        ...     def notice(self, text):
        ...         print(text)
    """

    @contextmanager
    def task(self, name: str) -> Iterator[Update]:
        """Start a task; yields a function to call with (done, total) as it proceeds."""
        yield lambda done, total: None

    def notice(self, text: str) -> None:
        """Receive a remark that a user should read, one line."""

    def wrote(self, place: Path, what: str = "") -> None:
        """Receive where a result was written.

        Args:
            place: The file or folder.
            what: What it contains, a few words.
        """

    def detail(self, text: str) -> None:
        """Receive a remark of lower importance, one line."""

    def training(self, config: object) -> Listener:
        """Start one training; returns the listener for its steps and epochs.

        Args:
            config: The run's `RunConfig`.
        """
        return Listener()


class Listener:
    """Receives the progress of a training, and ignores it; a context manager around it."""

    def __enter__(self) -> Listener:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def batch(self, epoch: int, step: int, steps: int, logs: dict) -> None:
        """Step `step` of `steps` of an epoch (from 1) is done."""

    def epoch(self, row: dict, is_best: bool) -> None:
        """An epoch is done; `row` is its row of the history."""

    def collapse(self, collapse: object) -> None:
        """The run has collapsed (a `Collapse` of training/collapse.py)."""

    def notice(self, text: str) -> None:
        """Receive a remark that a user should read, one line."""
