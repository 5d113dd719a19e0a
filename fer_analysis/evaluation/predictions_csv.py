"""Predictions of any model, as a table of probabilities."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np

from fer_analysis.csv_header import check_once, separator_hint, unreadable
from fer_analysis.data.label_names import fer_label, label_key
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation

ID, LABEL = "id", "label"
EXACT = 0.001
"""Rows whose sum differs from 1 by no more are exact within float32."""

HALF = 0.5
"""No rounding makes a row's sum differ from 1 by more."""

SHOWN = 5
"""Bad rows that an error names."""


def read_predictions(path: str | Path, *, split: str = "given") -> Evaluation:
    """Read a CSV with columns `id`, `label` and one of probabilities for each label.

    Args:
        path: The file. `label` holds the true label's name, or in all rows its position among
            the columns, from 0; FER-2013's labels may be spelled in their usual ways (anger,
            happiness). Rows of a FER-2013 label that has no column are left out and counted.
            Rounded probabilities are scaled, within what their decimals allow.
        split: What to call the images.

    Raises:
        FerError: If the file is not such a table; all bad rows are reported at once.
    """
    if not isinstance(path, str | os.PathLike):
        raise FerError(f"predictions: expected a CSV file, received {type(path).__name__}")
    path = Path(path)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if row]
    except (OSError, ValueError, csv.Error) as error:
        raise FerError(f"{path}: cannot be read as a table ({unreadable(error)})") from None
    header = [name.strip() for name in rows[0][1]] if rows else []
    names = _label_names(path, header)
    if problems := _uneven(header, rows[1:]) or _not_numbers(header, rows[1:]):
        raise _refused(path, problems)
    if len(rows) == 1:
        raise FerError(f"{path}: no predictions in it")
    own = [i for i, name in enumerate(header) if name not in (ID, LABEL)]
    lines = [line for line, _ in rows[1:]]
    cells = [[row[i].strip() for i in own] for _, row in rows[1:]]
    ids = [row[header.index(ID)].strip() for _, row in rows[1:]]
    texts = [row[header.index(LABEL)].strip() for _, row in rows[1:]]
    labels, problems = _labels(texts, names)
    probabilities, more, notes = _probabilities(cells, names)
    problems = {**_ids(ids), **more, **problems}
    if problems:
        raise _refused(path, [f"line {lines[row]}: {problems[row]}" for row in sorted(problems)])
    notes += _unused(labels, probabilities, names)
    if labels.min() > 0 and label_key(texts[0]) not in map(label_key, names):
        notes.append(
            f"true labels are read as positions of columns from 0 and none is 0 ('{names[0]}'): "
            f"{labels.min()} is '{names[labels.min()]}'"
        )
    keep = labels >= 0
    if not keep.any():
        raise FerError(f"{path}: no image has one of its labels ({', '.join(names)[:200]})")
    if not keep.all():
        notes.append(
            f"{int((~keep).sum()):,} images of labels without a column are left out: "
            f"the predictions know {', '.join(names)[:200]}"
        )
    return Evaluation(
        labels[keep], probabilities[keep], np.array(ids)[keep], split, names, notes=tuple(notes)
    )


def _label_names(path: Path, header: list[str]) -> tuple[str, ...]:
    """Return the labels that columns are of.

    Raises:
        FerError: If columns are missing, have no name, or are of one label.
    """
    check_once(path, header, header)
    own = [name for name in header if name not in (ID, LABEL)]
    if ID not in header or LABEL not in header or len(own) < 2 or not all(own):
        raise FerError(
            f"{path}: expected the columns {ID}, {LABEL} and one for each label, "
            f"received {', '.join(header)[:200] or 'nothing'}"
            f"{'; a column has no name' if '' in own else separator_hint(header)}"
        )
    first: dict[str, str] = {}
    for name in own:
        if (other := first.setdefault(label_key(name), name)) != name:
            raise FerError(f"{path}: the columns '{other}' and '{name}' are one label: rename one")
    return tuple(fer_label(name) or name for name in own)


def _refused(path: Path, problems: list[str]) -> FerError:
    return FerError(f"{path}", problems, most=SHOWN)


def _uneven(header: list[str], rows: list[tuple[int, list[str]]]) -> list[str]:
    return [
        f"line {line}: expected {len(header)} cells, received {len(row)}"
        for line, row in rows
        if len(row) != len(header)
    ]


def _not_numbers(header: list[str], rows: list[tuple[int, list[str]]]) -> list[str]:
    """Name columns that are no label, or the cells that are no number."""
    bad_cells = {
        name: [(line, row[place]) for line, row in rows if not _is_number(row[place])]
        for place, name in enumerate(header)
        if name not in (ID, LABEL)
    }
    if rows and all(len(bad) == len(rows) for bad in bad_cells.values()):
        line, cell = next(iter(bad_cells.values()))[0]
        return [f"line {line}: expected probabilities such as 0.25, received '{cell[:40]}'"]
    problems = []
    for name, bad in bad_cells.items():
        if bad and len(bad) == len(rows) > 1:
            problems.append(
                f"column '{name[:40]}' is no label: it holds '{bad[0][1][:40]}', expected "
                "probabilities; leave the column out"
            )
        else:
            problems += [
                f"line {line}: column '{name[:40]}': expected a probability, received '{cell[:40]}'"
                for line, cell in bad
            ]
    return problems


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _ids(ids: list[str]) -> dict[int, str]:
    """Return what is wrong with ids, by row."""
    seen: set[str] = set()
    problems = {}
    for row, each in enumerate(ids):
        if not each:
            problems[row] = "no id"
        elif each in seen:
            problems[row] = f"id '{each[:80]}' appears more than once"
        seen.add(each)
    return problems


def _labels(texts: list[str], names: tuple[str, ...]) -> tuple[np.ndarray, dict[int, str]]:
    """Read true labels as names, or all of them as positions from 0; never some so, some so.

    Returns:
        int64 `(n,)`, -1 for a label of FER-2013 that has no column, and what is wrong, by row.
    """
    by_name = {label_key(name): place for place, name in enumerate(names)}
    as_names = [by_name.get(label_key(text), -1) for text in texts]
    as_positions = [
        int(text) if text.isascii() and text.isdigit() and int(text[:9]) < len(names) else -1
        for text in texts
    ]
    if min(as_positions) >= 0 and as_positions != as_names:
        if min(as_names) >= 0:
            expected = f"expected labels that are either, received {texts[0]}"
            return np.array(as_names), {
                0: f"labels that are names of columns and positions of other columns; {expected}: "
                "give the columns names that are not numbers (label_1, …)"
            }
        return np.array(as_positions), {}
    if min(as_names) < 0 and all(map(_is_number, texts)):
        first, last = min(texts, key=float), max(texts, key=float)
        return np.array(as_names), {
            0: f"labels are the numbers {first} to {last}; expected names of columns, or "
            f"positions of columns as whole numbers from 0 to {len(names) - 1}"
        }
    absent = [fer_label(text) is not None for text in texts]
    return np.array(as_names), {
        row: f"label '{texts[row][:40]}' is not one of {', '.join(names)[:200]}"
        for row, place in enumerate(as_names)
        if place < 0 and not absent[row]
    }


def _probabilities(
    cells: list[list[str]], names: tuple[str, ...]
) -> tuple[np.ndarray, dict[int, str], list[str]]:
    """Return probabilities that sum to 1, what is wrong with them by row, and notes."""
    values = np.array([[float(cell) for cell in row] for row in cells])
    decimals = max(_decimals(cell) for row in cells for cell in row)
    rounding = min(len(names) * 0.5 * 10.0**-decimals, HALF) if decimals else 0.0
    tolerance = max(rounding, EXACT) + 1e-9
    total = values.sum(axis=1)
    with np.errstate(invalid="ignore"):
        missed = np.abs(total - 1)
        bad = ~np.isfinite(values).all(axis=1) | (values < 0).any(axis=1) | ~(missed <= tolerance)
    if not bad.any():
        scaled = values / total[:, None]
        if missed.max() <= EXACT:
            return scaled, {}, []
        return (
            scaled,
            {},
            [
                f"probabilities are rounded to {decimals} decimals: rows that miss 1 by up to "
                f"{tolerance:.2g} are scaled ({int((missed > EXACT).sum()):,} rows miss it by more "
                f"than {EXACT:g})"
            ],
        )
    hint = _hint(values, names, tolerance) if bad.all() else ""
    problems = {}
    for row in np.flatnonzero(bad).tolist():
        shares = ", ".join(f"{value:g}" for value in values[row, :8])
        more = ", …" if len(names) > 8 else ""
        problems[row] = f"expected probabilities that sum to 1, received {shares}{more}{hint}"
    return values, problems, []


def _hint(values: np.ndarray, names: tuple[str, ...], tolerance: float) -> str:
    """Say what all rows have in common that do not sum to 1."""
    total = values.sum(axis=1)
    if not np.isfinite(values).all():
        return " (not finite: the model has diverged)"
    if (values < 0).any():
        summed = (np.abs(total - 1) <= tolerance).all()
        return " (some are negative)" if summed else " (logits? apply a softmax)"
    if (np.abs(total - 100) <= 100 * tolerance).all():
        return " (percent: divide by 100)"
    without = np.abs(total[:, None] - values - 1).max(axis=0)
    if without.min() <= tolerance:
        return f" (column '{names[int(without.argmin())]}' is no label? Without it they do)"
    return " (logits? apply a softmax)" if values.max() > 1 else ""


def _unused(labels: np.ndarray, probabilities: np.ndarray, names: tuple[str, ...]) -> list[str]:
    """Tell of columns that may be of no label: 0 throughout, and never the true one."""
    unused = [
        name
        for place, name in enumerate(names)
        if not probabilities[:, place].any() and not (labels == place).any()
    ]
    if not unused:
        return []
    columns = ", ".join(f"'{name}'" for name in unused)[:200]
    return [
        f"taken for labels, though 0 in every row and never the true one: {columns}; a column that "
        "is of no label must be left out"
    ]


def _decimals(cell: str) -> int:
    """Return how many decimals a number is written with; 17 for one with an exponent."""
    if "e" in cell.lower():
        return 17
    return len(cell.partition(".")[2])
