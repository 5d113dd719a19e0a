"""AffectNet as a table beside folders of images: `labels.csv` with `pth` and `label`."""

from __future__ import annotations

import csv
import functools
import io
import re
from pathlib import Path

from fer_analysis.csv_header import check_once, separator_hint, unreadable
from fer_analysis.data.label_names import AFFECTNET, fer_label
from fer_analysis.data.readers.image_files import ImageFile, read_images
from fer_analysis.data.readers.listed import each_once
from fer_analysis.data.readers.numbered import in_order, told
from fer_analysis.data.readers.source import Source
from fer_analysis.data.readers.split_names import split_of
from fer_analysis.data.readers.walk import Walk
from fer_analysis.errors import FerError, shown

TABLE = "labels.csv"
COLUMNS = ("pth", "label")
HEADER_LIMIT = 2000
"""Bytes of a first line: other files may have no line ends at all."""


def has_table(path: Path) -> bool:
    """Return whether a folder has AffectNet's table, also one that `read_table` refuses.

    The folders' labels would be others, and nobody would know that the table was not read.
    """
    if not (path / TABLE).is_file():
        return False
    with open(path / TABLE, "rb") as file:
        header = file.readline(HEADER_LIMIT)
    text = header.replace(b"\0", b"").split(b"\r")[0].decode("ascii", "ignore").lower()
    return set(COLUMNS) <= {name.strip(' "\n') for name in re.split("[,;\t]", text)}


def read_table(path: Path) -> Source:
    """Return the images of a table: its label counts, also where the folder has another name.

    Numbers are read as AffectNet's; it is doubted whether they are where nothing shows it.

    Raises:
        FerError: If it is not UTF-8 text, or its cells are not separated by commas.
    """
    walk = Walk()
    known = set(walk.images_below(path))
    text, lines = _lines(path / TABLE)
    listed, problems, seen, numbers = [], [], set(), {}
    for line, name, given in lines:
        label = label_of(given)
        if name in known and label:
            listed.append((line, ImageFile(name, label, split_of(name.split("/")[0]) or "")))
            if given.isdecimal():
                numbers[name] = int(given)
        else:
            what = f"no image {ascii(name[:80])}" if label else f"unknown label {ascii(given[:80])}"
            problems.append(f"{path / TABLE}, line {line}: {what}")
        seen.add(name)
    if unlisted := len(known - seen):
        walk.left_out[f"not in {TABLE}"] += unlisted
    listed, outside = _in_splits(path / TABLE, listed)
    entries, contradictions, repeated = each_once(path / TABLE, listed)
    problems += outside + contradictions
    folders = ((label_of(Path(entry.name).parent.name), entry.label) for entry in entries)
    moved = sum(folder not in (None, label) for folder, label in folders)
    notice = f"labels: those of {TABLE}"
    if moved:
        notice += f"; {moved:,} images lie in the folder of another"
    names = in_order({entry.label for entry in entries})
    return Source(
        folder=path,
        files=tuple(entry.name for entry in entries),
        read=functools.partial(
            read_images, path, entries, names, problems=problems, unusable=len(problems)
        ),
        left_out=walk.left_out,
        notices=(notice, *([told("AffectNet", AFFECTNET)] if numbers else []), *repeated),
        depends=("AffectNet", text),
        doubt=_doubt(path / TABLE, numbers),
    )


def _in_splits(
    table: Path, listed: list[tuple[int, ImageFile]]
) -> tuple[list[tuple[int, ImageFile]], list[str]]:
    """Return the rows in folders of splits, and a problem for each other; all where none is."""
    inside = [(line, entry) for line, entry in listed if entry.split]
    if not inside:
        return listed, []
    return inside, [
        f"{table}, line {line}: {ascii(entry.name[:80])} is in no folder of a split, as others are"
        for line, entry in listed
        if not entry.split
    ]


def _doubt(table: Path, numbers: dict[str, int]) -> str:
    """Return why numbers of images may be somebody else's; empty where there are none.

    AffectNet's agree with the names of most images' folders, or, where folders have other names,
    hold 0 and 7 (FER-2013's are 0 to 6, RAF-DB's 1 to 7).
    """
    named = [(_named(Path(name).parent.name), AFFECTNET[n]) for name, n in numbers.items()]
    named = [folder == label for folder, label in named if folder]
    fits = 2 * sum(named) > len(named) if named else {0, 7} <= {*numbers.values()}
    if fits or not numbers:
        return ""
    return (
        f"{table}: its labels are numbers, and nothing shows whose: --layout affectnet reads them "
        "as AffectNet's (0 neutral, 1 happy, …), --layout folders takes the folders' names; "
        "FER-2013's codes (0 angry) have to be written as names"
    )


def _lines(table: Path) -> tuple[str, list[tuple[int, str, str]]]:
    """Return a table's text, and of each row its line, the image's path and the label."""
    text = table.read_text("utf-8-sig", "replace")
    rows = csv.reader(io.StringIO(text, newline=""))
    try:
        first = next(rows, [])
        cells = [(rows.line_num, row) for row in rows if row]
    except csv.Error as error:
        raise FerError(f"{table}: cannot be read as a table ({unreadable(error)})") from None
    header = [name.strip().lower() for name in first]
    if not set(COLUMNS) <= set(header):
        wrong = "not UTF-8 text" if "\0" in text[:HEADER_LIMIT] else _other_columns(first)
        raise FerError(f"{table}: {wrong}; --layout folders takes the folders' names as labels")
    check_once(table, header, COLUMNS)
    places = [header.index(name) for name in COLUMNS]
    return text, [
        (line, *(row[place].strip() if place < len(row) else "" for place in places))
        for line, row in cells
    ]


def _other_columns(header: list[str]) -> str:
    received = shown(", ".join(header))
    return f"expected the columns pth and label, received {received}{separator_hint(header)}"


def label_of(text: str) -> str | None:
    """Return the label that a name or one of AffectNet's numbers is, or None."""
    if text.isdecimal():
        # Python refuses to convert thousands of digits.
        return AFFECTNET.get(int(text)) if len(text) < 10 else None
    return _named(text)


def _named(text: str) -> str | None:
    """Return the label that a name is, or None."""
    return fer_label(text) or ("contempt" if text.strip().lower() == "contempt" else None)
