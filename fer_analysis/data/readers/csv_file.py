"""FER-2013 as one CSV: `fer2013.csv`, or `icml_face_data.csv` with spaces in its header.

A row has 2304 numbers as text, and parsing them is nearly all the cost of reading. So the
pixels of many rows are parsed at once, as an array of characters; only if a block of rows has
anything unusual, its rows are parsed one by one, to report which is bad and why. A file is
recognised by its header, or by FER-2013's name for it.
"""

from __future__ import annotations

import csv
import difflib
import functools
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from fer_analysis.data.dataset import FER_LABELS, OFFICIAL_SPLITS
from fer_analysis.data.readers.source import Progress, RawFaces, Source, resize_all, settle
from fer_analysis.errors import FerError

SIDE = 48
PIXELS = SIDE * SIDE
COLUMNS = ("emotion", "pixels", "usage")
BLOCK = 32
"""Rows parsed at once: few enough for the processor's cache."""

HEADER_LIMIT = 10_000
"""Bytes of a first line: other files may have no line ends at all."""

_SPLIT_OF = {usage.lower(): split for usage, split in OFFICIAL_SPLITS.items()}


def find_csv(path: Path) -> Source | str:
    """Recognise `fer2013.csv` (emotion,pixels,Usage), or its folder."""
    return _find(path, "fer2013.csv", spaced=False)


def find_icml(path: Path) -> Source | str:
    """Recognise `icml_face_data.csv` (emotion, Usage, pixels), or its folder."""
    return _find(path, "icml_face_data.csv", spaced=True)


def _find(path: Path, name: str, *, spaced: bool) -> Source | str:
    looked_for = f"{name}, or a CSV with the columns emotion, pixels and Usage"
    if path.is_dir():
        matches = sorted(entry for entry in os.listdir(path) if entry.lower() == name)
        matches = [entry for entry in matches if (path / entry).is_file()]
        if not matches:
            return looked_for
        path = path / matches[0]
    elif not path.is_file() or not _has_header(path, name, spaced=spaced):
        return looked_for
    read = functools.partial(read_csv, path)
    return Source(folder=path.parent, files=(path.name,), read=read, unit="rows")


def _has_header(path: Path, name: str, *, spaced: bool) -> bool:
    """Return whether a file begins with FER-2013's columns, also if misspelt."""
    with open(path, "rb") as file:
        header = file.readline(HEADER_LIMIT)
    if (b", " in header) != spaced:
        return False
    if path.name.lower() == name or b"emotion" in header.replace(b"\0", b"").lower():
        return True  # with other signs between its cells, or in UTF-16: reading it says so
    names = _names(header)
    return any(_column(column, names) for column in COLUMNS)


def _names(header: bytes) -> tuple[str, ...]:
    names = header.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").split(",")
    return tuple(name.strip().strip('"').strip().lower() for name in names)


def _column(name: str, names: tuple[str, ...]) -> str | None:
    """Return the column called `name`, or a misspelling of it."""
    return next(iter(difflib.get_close_matches(name, names, n=1, cutoff=0.75)), None)


def read_csv(
    path: Path, *, skip_bad: bool = False, size: int = SIDE, progress: Progress | None = None
) -> RawFaces:
    """Read FER-2013 from a CSV, its columns found by name.

    Args:
        path: The file.
        skip_bad: Leave bad rows out, with a notice, instead of refusing the file.
        size: Height and width of the images, in pixels.
        progress: Called with bytes read and bytes in all.

    Returns:
        The faces; `ids` are data rows counted from 0, bad rows included.

    Raises:
        FerError: If a column is missing or a row is bad.
    """
    pixels, kept, problems = bytearray(), [], []
    # The C library returns memory to the system after every block, and allocating it again
    # costs as much as parsing; after a large array was freed, it keeps smaller ones.
    np.empty(16 << 20, dtype=np.uint8)
    with open(path, "rb") as file:
        columns = _columns(path, file.readline(HEADER_LIMIT))
        total = os.fstat(file.fileno()).st_size
        lines = _lines(file)
        while block := list(islice(lines, BLOCK)):
            images, good = _read_block(path, columns, block, problems)
            pixels += images.tobytes()
            kept.extend(good)
            if progress:
                progress(file.tell(), total)
    notices = list(settle(path, problems, skip_bad=skip_bad, good=len(kept)))
    images = np.frombuffer(pixels, dtype=np.uint8).reshape(-1, SIDE, SIDE)
    if size != SIDE:
        images = resize_all(images, size)
        notices.append(f"{len(images)} images resized from {SIDE}x{SIDE} to {size}x{size}")
    rows, labels, split = zip(*kept, strict=True)
    return RawFaces(
        images=images[..., None],
        labels=np.array(labels, dtype=np.int64),
        label_names=FER_LABELS,
        ids=np.array(rows).astype(str),
        split=np.array(split),
        official=True,
        rows=True,
        notices=tuple(notices),
        bad=len(problems),
    )


def _columns(path: Path, header: bytes) -> tuple[str, ...]:
    names = _names(header)
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        found = ascii(", ".join(names)[:100]) if any(names) else "an empty line"
        close = {name: _column(name, names) for name in missing}
        hints = [f"is '{_cut(found)}' the column {name}?" for name, found in close.items() if found]
        raise FerError(
            f"{path}: no column {', '.join(missing)} in its first line; found {found}, "
            f"expected emotion, pixels, Usage in any order{''.join(f'; {hint}' for hint in hints)}"
        )
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise FerError(f"{path}: the column {', '.join(twice)} is twice in its first line")
    return names


def _cut(text: str) -> str:
    return ascii(text[:20])[1:-1]


def _lines(file) -> Iterator[tuple[int, int, bytes]]:
    """Yield (data row from 0, line from 1, text) of each line that is not blank."""
    row = 0
    # readline, unlike iteration, leaves file.tell() usable for progress.
    for number, line in enumerate(iter(file.readline, b""), start=2):
        if line.strip():
            yield row, number, line
            row += 1


def _read_block(path, columns, block, problems) -> tuple[np.ndarray, list[tuple[int, int, str]]]:
    """Return the good images of a block and their (row, label, split); add to `problems`."""
    fields, rows = [], []
    for row, number, line in block:
        try:
            text, label, split = _cells(columns, line)
        except ValueError as error:
            problems.append(_where(path, row, number, error))
            continue
        fields.append(text)
        rows.append((row, number, label, split))
    images = parse_block(fields)
    if images is None:
        images, rows = _parse_rows(path, fields, rows, problems)
    return images, [(row, label, split) for row, _, label, split in rows]


def _parse_rows(path, fields, rows, problems) -> tuple[np.ndarray, list]:
    images, good = [], []
    for text, (row, number, *rest) in zip(fields, rows, strict=True):
        try:
            images.append(parse_row(text))
            good.append((row, number, *rest))
        except ValueError as error:
            problems.append(_where(path, row, number, error))
    return np.array(images, dtype=np.uint8).reshape(-1, PIXELS), good


def _where(path: Path, row: int, number: int, error: ValueError) -> str:
    return f"{path}, row {row} (line {number}): {error}"


def _cells(columns: tuple[str, ...], line: bytes) -> tuple[bytes, int, str]:
    """Return pixels as text, label and split of a line; ValueError with the problem."""
    cells = _quoted_cells(line) if b'"' in line else line.split(b",")
    if len(cells) != len(columns):
        raise ValueError(f"expected {len(columns)} cells ({', '.join(columns)}), got {len(cells)}")
    emotion, pixels, usage = (cells[columns.index(name)].strip(b' \t\r\n"') for name in COLUMNS)
    if len(emotion) != 1 or emotion not in b"0123456":
        raise ValueError(f"unknown label {_show(emotion)}, expected 0 to 6")
    split = _SPLIT_OF.get(usage.decode("ascii", "replace").lower())
    if split is None:
        raise ValueError(f"unknown usage {_show(usage)}, expected {', '.join(OFFICIAL_SPLITS)}")
    return pixels, int(emotion), split


def _quoted_cells(line: bytes) -> list[bytes]:
    """Return the cells of a line with quotes, in which commas do not separate."""
    try:
        (cells,) = csv.reader([line.decode("latin-1")], skipinitialspace=True, strict=True)
    except csv.Error as error:
        raise ValueError(f"not a line of a CSV ({error})") from None
    return [cell.encode("latin-1") for cell in cells]


def _show(text: bytes) -> str:
    shown = text[:20].decode("utf-8", "replace")
    return ascii(shown + "..." if len(text) > 20 else shown)


def parse_block(fields: list[bytes]) -> np.ndarray | None:
    """Parse the pixels of several rows at once.

    Args:
        fields: For each row its numbers as text.

    Returns:
        uint8 `(rows, 2304)`, or None where any row is not 2304 numbers 0-255 of at most
        three digits, separated by spaces: then the rows are parsed one by one.
    """
    if not all(fields):
        return None
    text = np.frombuffer(b" ".join(fields), np.uint8)
    digit = text - np.uint8(ord("0"))
    is_digit = digit < 10
    if len(text) < 4 or not (is_digit | (text == ord(" "))).all():
        return None
    if (is_digit[3:] & is_digit[2:-1] & is_digit[1:-2] & is_digit[:-3]).any():
        return None
    last = is_digit.copy()
    last[:-1] &= ~is_digit[1:]
    last = np.flatnonzero(last)
    row_ends = np.cumsum([len(field) + 1 for field in fields]) - 2
    # If the total is correct, each row has 2304 numbers if every 2304th of them is the last
    # one of a row.
    if len(last) != len(fields) * PIXELS or (last[PIXELS - 1 :: PIXELS] != row_ends).any():
        return None
    digit *= is_digit
    value = digit.astype(np.uint16)
    value[1:] += digit[:-1] * np.uint8(10)
    value[2:] += (digit[:-2] * is_digit[1:-1]) * np.uint16(100)
    value = value[last]
    return value.astype(np.uint8).reshape(-1, PIXELS) if value.max() <= 255 else None


def parse_row(text: bytes) -> np.ndarray:
    """Parse the pixels of one row, uint8 `(2304,)`.

    Raises:
        ValueError: With the problem of the row.
    """
    numbers = text.split()
    if len(numbers) != PIXELS:
        raise ValueError(f"expected {PIXELS} pixels ({SIDE}x{SIDE}), got {len(numbers)}")
    pixels = np.empty(PIXELS, dtype=np.uint8)
    for position, number in enumerate(numbers):
        if not number.removeprefix(b"-").isdigit():
            raise ValueError(f"pixel {position} is {_show(number)}, expected a whole number")
        # The length is checked first: Python refuses to convert thousands of digits.
        digits = number.lstrip(b"0") or b"0"
        if number[:1] == b"-" or len(digits) > 3 or int(digits) > 255:
            raise ValueError(f"pixel {position} is {_show(number)}, expected 0 to 255")
        pixels[position] = int(digits)
    return pixels
