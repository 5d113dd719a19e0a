"""Tables of others: what is wrong with their first line, and with their text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from fer_analysis.errors import FerError, shown


def check_once(path: Path, header: Sequence[str], columns: Iterable[str]) -> None:
    """Refuse a table that has one of these columns twice: which one is meant is not known.

    Raises:
        FerError: Naming the columns.
    """
    twice = [name for name in dict.fromkeys(columns) if list(header).count(name) > 1]
    if twice:
        names = ", ".join(f"'{shown(name)}'" for name in twice)
        raise FerError(f"{path}: the column {names} is twice in its first line")


def separator_hint(header: Sequence[str]) -> str:
    """Return what to do with a table whose cells are not separated by commas; else nothing."""
    other = any(sign in name for name in header for sign in ";\t")
    return "; separate the columns by commas" if other else ""


def unreadable(error: Exception) -> str:
    """Return why a file of text cannot be read."""
    if isinstance(error, UnicodeError):
        return "not UTF-8 text"
    return getattr(error, "strerror", None) or str(error)
