"""How `fer predict` prints a film: a row for each face that was followed."""

from __future__ import annotations

import csv
import io
import json

import click

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.console import out, table
from fer_analysis.cli.terminal import printable
from fer_analysis.prediction.film_result import FilmPredictions
from fer_analysis.text import percent

FEW = 6
"""Tracks in the summary: the longest."""


def print_film(film: FilmPredictions) -> None:
    """Print the tracks, or the longest, and the notes."""
    if verbosity.level() == verbosity.QUIET:
        return
    tracks = film.tracks
    if verbosity.level() != verbosity.ALL:
        longest = sorted(tracks, key=lambda track: -track.frames)[:FEW]
        tracks = sorted(longest, key=lambda track: track.track)
    rows = table("face", "seconds", "frames", "indep.", "mostly", "%", "unsure %")
    for track in tracks:
        label = printable(track.label)
        rows.add_row(
            str(track.track),
            f"{track.start:.1f}-{track.end:.1f}",
            f"{track.frames:,}",
            f"{track.independent:.0f}",
            label,
            percent(track.probabilities[track.label], 0, unit=""),
            percent(track.unsure, 0, unit=""),
        )
    out.print(rows)
    if len(tracks) < len(film.tracks):
        out.print(f"... and {len(film.tracks) - len(tracks):,} shorter ones (-v, --json: all)")
    counted = f"{len(film.tracks):,} faces" if len(film.tracks) != 1 else "1 face"
    counted = counted if film.tracks else "no face"
    out.print(
        f"{counted} in {film.frames:,} frames to second {film.seconds:.1f} of "
        f"{printable(film.film)}, by {printable(film.run)}"
    )
    for line in film.notes:
        out.print(f"  - {line}")


def print_json(film: FilmPredictions) -> None:
    """Print everything but the rows as one JSON document."""
    click.echo(json.dumps({**film.as_dict(), "folder": str(film.folder)}, indent=2))


class CsvRows:
    """Prints the rows of `timeline.csv` as they come."""

    def __init__(self):
        self._begun = False

    def write(self, row: dict[str, object]) -> None:
        """Print a row; before the first one the names of the columns."""
        lines = [row.values()] if self._begun else [row.keys(), row.values()]
        self._begun = True
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(
            [printable(cell) if isinstance(cell, str) else cell for cell in line] for line in lines
        )
        click.echo(text.getvalue(), nl=False)
