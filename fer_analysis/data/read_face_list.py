"""Reading a list of faces from a CSV: every mistake in one line that says what to do."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

from fer_analysis.csv_header import check_once, separator_hint, unreadable
from fer_analysis.data.face_list import (
    DIGITS,
    ID,
    ISSUE,
    LABEL,
    SHOWN,
    SUGGESTED,
    FaceList,
    first_few,
)
from fer_analysis.data.label_names import label_key
from fer_analysis.data.listed_pixels import PIXELS
from fer_analysis.data.pixels import differ
from fer_analysis.errors import FerError, shown
from fer_analysis.files import from_text


def read_face_list(path: str | Path, *, sha256: str | None = None) -> FaceList:
    """Read a list of faces.

    Args:
        path: A CSV with a column `id`, as `fer audit`, `fer evaluate` and `fer report` write it;
            `label`, `issue` and `pixels` are read, other columns are not. An id may stand in
            several rows (an audit has a row for each issue), with one label and one image.
        sha256: What the file must be; None takes any.

    Raises:
        FerError: If it is not such a file, is empty, has another content, or gives one face
            several labels or images.
    """
    path = Path(path).expanduser()
    try:
        content = path.read_bytes()
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (OSError, ValueError, csv.Error) as error:
        reason = unreadable(error)
        raise FerError(f"{path}: cannot be read as a list of faces ({reason})") from None
    digest = hashlib.sha256(content).hexdigest()
    if sha256 is not None and digest != sha256:
        raise FerError(
            f"{path}: not the list that was recorded (sha256 {sha256[:DIGITS]}, the file has "
            f"{digest[:DIGITS]}); restore it, or start a new run with this one"
        )
    header = [name.strip() for name in rows[0]] if rows else []
    if ID not in header:
        raise FerError(f"{path}: {_no_ids(header)}")
    check_once(path, header, (ID, LABEL, ISSUE, PIXELS))
    cells = _cells(path, header, rows)
    if not cells:
        raise FerError(f"{path}: no face in it")
    return _collected(path, digest, cells, header)


def _no_ids(header: list[str]) -> str:
    if not header:
        return "an empty file; expected a CSV with a column 'id'"
    received = shown(", ".join(header), 120)
    return f"expected a column 'id', received {received}{separator_hint(header)}"


def _cells(path: Path, header: list[str], rows: list[list[str]]) -> list[dict[str, str]]:
    """Return the cells of each row by column.

    Raises:
        FerError: If a row has no id, or more cells than there are columns.
    """
    cells, lost, longer = [], [], []
    for number, row in enumerate(rows[1:], 2):
        if not any(map(str.strip, row)):
            continue
        if any(map(str.strip, row[len(header) :])):
            longer.append(number)
        made = {name: from_text(cell.strip()) for name, cell in zip(header, row, strict=False)}
        cells.append(made)
        if not made.get(ID):
            lost.append(number)
    if longer:
        raise FerError(
            f"{path}: {len(longer):,} rows have more cells than the {len(header)} columns: row "
            f"{first_few(longer)}; a cell with a comma needs quotes"
        )
    if lost:
        raise FerError(f"{path}: {len(lost):,} rows have no id: row {first_few(lost)}")
    return cells


def _collected(path: Path, digest: str, cells: list[dict[str, str]], header: list[str]) -> FaceList:
    """Return a list with each id once.

    Raises:
        FerError: If rows of one id have several labels, or pixels of several images.
    """
    labels, issues, pixels = (_by_id(cells, name) for name in (LABEL, ISSUE, PIXELS))
    _check_one(path, labels, "labels", lambda one, two: label_key(one) != label_key(two))
    _check_one(path, pixels, "images, as lists of several data sets have them", differ)
    return FaceList(
        path,
        digest,
        tuple(labels),
        _first(labels) if LABEL in header else None,
        tuple(map(tuple, issues.values())) if ISSUE in header else None,
        _first(pixels) if PIXELS in header else None,
        suggests=SUGGESTED in header,
    )


def _by_id(cells: list[dict[str, str]], column: str) -> dict[str, list[str]]:
    """Return id -> what a column has for it, each once, without empty cells."""
    found: dict[str, dict[str, None]] = {}
    for row in cells:
        given = found.setdefault(row[ID], {})
        if row.get(column):
            given[row[column]] = None
    return {name: [*given] for name, given in found.items()}


def _check_one(
    path: Path, found: dict[str, list[str]], what: str, apart: Callable[[str, str], bool]
) -> None:
    several = {
        name: each
        for name, each in found.items()
        if any(apart(one, two) for one, two in combinations(each, 2))
    }
    if several:
        examples = [f"'{shown(name)}' ({', '.join(each)})" for name, each in several.items()]
        raise FerError(
            f"{path}: {len(several):,} ids have several {what}: {'; '.join(examples[:SHOWN])}"
        )


def _first(found: dict[str, list[str]]) -> tuple[str, ...]:
    return tuple(next(iter(each), "") for each in found.values())
