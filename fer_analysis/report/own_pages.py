"""Where the other runs on a page are shown in full: on pages of their own."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from fer_analysis.report.commands import Request, report
from fer_analysis.report.saved_run import SavedRun

PAGE = "report.html"

OURS = b"Made by <code>fer report</code>"
"""What every page of ours has in its last line, and no other page."""


def is_ours(file: Path) -> bool:
    """Return whether a file is a page that `fer report` wrote."""
    return OURS in file.read_bytes()


def own_pages(runs: list[SavedRun], request: Request, out: Path) -> list[dict]:
    """Return where each further run is shown in full.

    Args:
        runs: The runs on the page; the first one is in full on the page itself.
        request: What the page should show.
        out: Where the page will be.

    Returns:
        For each further run `href`, its own page as seen from this one (empty without one), and
        the `command` that makes it.
    """
    return [
        {
            "href": _href(run.results.path / PAGE, out),
            "command": report(replace(request, runs=(name,), studies=())),
        }
        for run, name in zip(runs[1:], request.runs[1:], strict=True)
    ]


def _href(file: Path, out: Path) -> str:
    there = file.resolve() != out.resolve() and file.is_file() and is_ours(file)
    if not there:
        return ""
    return quote(Path(os.path.relpath(file.resolve(), out.resolve().parent)).as_posix())
