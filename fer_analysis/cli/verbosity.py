"""How much a command prints: `-q` nothing but errors, by default a summary, `-v` every table.

The output of `--json` and `--csv` is printed at every level.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

QUIET, SUMMARY, ALL = 0, 1, 2
_level = SUMMARY


def level() -> int:
    """Return `QUIET`, `SUMMARY` or `ALL`."""
    return _level


def add_options(command: click.Command) -> None:
    """Give a command, or every command of a group, the options -q and -v."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            add_options(each)
        return
    command.params += [
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            expose_value=False,
            callback=lambda context, option, on: _set(QUIET, on),
            help="Print errors only (and the output of --json or --csv).",
        ),
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            expose_value=False,
            callback=lambda context, option, on: _set(ALL, on),
            help="Print every table. Default: a summary; all tables are in the files.",
        ),
    ]


def reset() -> None:
    """Reset to the summary, before a command is parsed."""
    _set(SUMMARY, True)


@contextmanager
def everything() -> Iterator[None]:
    """Print every table in this block."""
    before = _level
    _set(ALL, True)
    try:
        yield
    finally:
        _set(before, True)


def _set(chosen: int, on: bool) -> None:
    global _level
    if on:
        _level = chosen
