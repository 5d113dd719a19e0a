"""How `fer predict` prints predictions: a table, JSON, or CSV row by row.

No cell of the CSV is a formula for a spreadsheet.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

import click

from fer_analysis.cli import verbosity
from fer_analysis.cli.tables.console import ConsoleProgress, out, table
from fer_analysis.cli.terminal import printable
from fer_analysis.files import as_text
from fer_analysis.prediction.predictions import NO_FACE, Prediction, Predictions, Unreadable
from fer_analysis.text import percent

FEW = 6
"""Images in the summary."""

FACE_COLUMNS = (
    *("reason", "face", "left", "top", "width", "height"),
    *("size", "tilt", "score", "drawing", "labels"),
)
"""Columns of the CSV about the face in its photo, in pixels and degrees, and its label set."""

SHOWN = 4
"""Labels of a set in the table."""

ROOM = 50
"""Columns of a terminal that an image's name and label take."""


def print_as_it_comes(item: Prediction | Unreadable, rows: CsvRows | None) -> None:
    """Print at once: an image that could not be read, on stderr; a row of CSV."""
    if isinstance(item, Unreadable):
        click.echo(printable(f"{item.image}: {item.reason}"), err=True)
    elif rows:
        rows.write(item)


def print_predictions(predictions: Predictions) -> None:
    """Print a row for each image, or for the first few, and the counts of the labels."""
    if verbosity.level() == verbosity.QUIET or not len(predictions):
        return
    shown = len(predictions) if verbosity.level() == verbosity.ALL else FEW
    out.print(_table(predictions, shown))
    if shown < len(predictions):
        left = len(predictions) - shown
        out.print(f"... and {left:,} more (-v: all of them; --csv, --json: all figures)")
    counts = Counter("unsure" if each.unsure else each.label for each in predictions)
    counted = ", ".join(f"{printable(name)} {n:,}" for name, n in counts.most_common())
    out.print(f"{_counted(predictions)} by {printable(predictions.run)}: {counted}")
    for line in predictions.notes:
        out.print(f"  - {line}")


def _counted(predictions: Predictions) -> str:
    """Return how many images, and how many faces in them if some were searched."""
    images = len({each.image for each in predictions})
    if not any(each.face for each in predictions):
        return f"{images:,} image{'s'[: images > 1]}"
    photos = f"{images:,} photo{'s'[: images > 1]}"
    return f"{len(predictions):,} face{'s'[: len(predictions) > 1]} in {photos}"


def why_nothing(predictions: Predictions) -> str:
    """Return an error's text when no image has a prediction."""
    without = sum(each.reason.startswith(NO_FACE) for each in predictions.unreadable)
    if without == len(predictions.unreadable):
        return f"{NO_FACE} in {without:,} image{'s'[: without > 1]}"
    return "no image could be read"


def _table(predictions: Predictions, shown: int):
    names = [printable(name) for name in predictions.label_names]
    wide = out.width >= ROOM + 8 * len(names) and predictions.sets is None
    last = "then" if predictions.sets is None else "label set"
    heads = [name[:7] for name in names] if wide else ["%", last]
    in_photos = any(each.face for each in predictions)
    heads = ["px", *heads] if in_photos else heads
    rows = table("image", "label", *heads, numbers_from=2)
    if not wide:
        rows.columns[-1].justify = "left"
    for each in predictions.predictions[:shown]:
        label = printable(each.label)
        shown_label = _unsure(each) if each.unsure else label
        shares = map(_share, each.probabilities.values()) if wide else _likely(each)
        size = [f"{each.face.size:.0f}" if each.face else ""] if in_photos else []
        rows.add_row(_name(each), shown_label, *size, *shares)
    return rows


def _unsure(prediction: Prediction) -> str:
    """Return `unsure (sad?)`, or `unsure: too dark` where that is known."""
    if prediction.reason:
        return f"unsure: {prediction.reason}"
    return f"unsure ({printable(prediction.label)}?)"


def _name(prediction: Prediction) -> str:
    """Return the image's name, with the number of the face where it has several."""
    name = printable(prediction.image)
    return f"{name} [{prediction.number}]" if prediction.number > 1 else name


def _likely(prediction: Prediction) -> list[str]:
    """Return the label's percentage, and the next two labels with theirs or its label set."""
    if prediction.labels is not None:
        names = [printable(name) for name in prediction.labels]
        more = [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
        return [_share(prediction.probability), ", ".join([*names[:SHOWN], *more])]
    first, *others = sorted(prediction.probabilities.items(), key=lambda pair: -pair[1])[:3]
    then = (f"{printable(name)[:9]} {_share(share)}" for name, share in others)
    return [_share(first[1]), ", ".join(then)]


def print_json(predictions: Predictions) -> None:
    """Print everything as one JSON document."""
    click.echo(json.dumps(predictions.as_dict(), indent=2))


def print_remarks(predictions: Predictions, *, quiet: bool) -> None:
    """Print on stderr where the pictures are and, unless `quiet`, the notes."""
    progress = ConsoleProgress()
    if not quiet:
        for line in predictions.notes:
            progress.notice(line)
    overlays = [each.overlay for each in predictions if each.overlay]
    if overlays:
        progress.wrote(overlays[0], f"the first of {len(overlays):,} pictures")
    drawings = list(dict.fromkeys(each.drawing for each in predictions if each.drawing))
    if drawings:
        progress.wrote(drawings[0], f"the first of {len(drawings):,} photos with faces marked")


class CsvRows:
    """Prints a row for each image as soon as its batch is predicted."""

    def __init__(self):
        self._begun = False

    def write(self, prediction: Prediction) -> None:
        """Print a prediction; before the first one the names of the columns."""
        names, shares = zip(*prediction.probabilities.items(), strict=True)
        if not self._begun:
            self._begun = True
            _write("image", "label", "unsure", "probability", *names, "overlay", *FACE_COLUMNS)
        _write(
            prediction.image,
            prediction.label,
            "" if prediction.unsure is None else str(prediction.unsure).lower(),
            round(prediction.probability, 6),
            *(round(share, 6) for share in shares),
            prediction.overlay or "",
            *_face_cells(prediction),
        )


def _face_cells(prediction: Prediction) -> list:
    """Return the cells of `FACE_COLUMNS`; those of the place are empty for a whole picture."""
    face = prediction.face
    place = [round(each, 1) for each in (*face.box, face.size, face.tilt)] if face else [""] * 6
    score = round(face.score, 4) if face else ""
    number = prediction.number or ""
    labels = "; ".join(prediction.labels or ())
    return [prediction.reason or "", number, *place, score, prediction.drawing or "", labels]


def _write(*cells) -> None:
    texts = (printable(cell) if isinstance(cell, str | Path) else cell for cell in cells)
    row = io.StringIO()
    csv.writer(row, lineterminator="\n").writerow([as_text(cell) for cell in texts])
    click.echo(row.getvalue(), nl=False)


def _share(probability: float) -> str:
    return percent(probability, 0, unit="")
