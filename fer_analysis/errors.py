"""The one error that the library raises for anything that a user can fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


class FerError(Exception):
    """A problem that the user can solve, reported in one line (or one line per problem).

    Args:
        message: What is wrong and what to do about it. With `problems`, only where
            (e.g. `configs/mobilenet.yaml`).
        problems: All problems at once, one line each: key path or row first, the value
            received, the remedy last.
        most: How many problems the message names; it counts all. None for every one.
    """

    def __init__(self, message: str, problems: Sequence[str] = (), *, most: int | None = None):
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            message = f"{message}: {self.problems[0]}"
        elif self.problems:
            named = self.problems[:most]
            left = len(self.problems) - len(named)
            more = [f"and {left:,} more"] if left else []
            lines = [f"{message}: {len(self.problems):,} problems", *named, *more]
            message = "\n  ".join(lines)
        super().__init__(message)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'x'? available: x, y)` for a name that is not in `known`."""
    known = sorted(known)
    close = difflib.get_close_matches(shown(name), known, n=1)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f" ({hint}available: {', '.join(known)})"


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message; its type if it has none."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def shown(value: object, longest: int = 80) -> str:
    """Return a value as a message quotes it, on one line and shortened."""
    if not isinstance(value, str) or not value.isprintable():
        return quoted(value, longest)
    return _shortened(value, longest)


def quoted(value: object, longest: int = 80) -> str:
    """Return a value as Python writes it, on one line and shortened."""
    try:
        return _shortened(repr(value), longest)
    except ValueError:  # Python writes no number of so many digits
        return "a number of thousands of digits"


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
