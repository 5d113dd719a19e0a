"""Bring your own predictions: anyone's model, as a table of probabilities."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path

import numpy as np

from fer_analysis.data.ids import rows_of
from fer_analysis.data.label_names import fer_label
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.evaluation import pitfalls
from fer_analysis.evaluation.evaluation import Evaluation

ID, LABEL = "id", "label"
ROUNDED = 0.01
"""Rows that miss 1 by no more are taken for rounded and scaled."""

SHOWN = 5
"""Bad rows that an error names."""


def read_predictions(path: str | Path, *, split: str = "given") -> Evaluation:
    """Read a CSV with columns `id`, `label` and one of probabilities for each label.

    Args:
        path: The file. `label` holds the true label's name (or its place among the columns,
            from 0); FER-2013's labels may be spelled in their usual ways (anger, happiness).
        split: What to call the images.

    Raises:
        FerError: If the file is no such table; all bad rows are told at once.
    """
    path = Path(path)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if row]
    except (OSError, ValueError, csv.Error) as error:
        raise FerError(f"{path}: cannot be read as a table ({error})") from None
    header = [name.strip() for name in rows[0][1]] if rows else []
    names = tuple(_canonical(name) for name in header if name not in (ID, LABEL))
    if ID not in header or LABEL not in header or len(names) < 2 or len({*names}) < len(names):
        raise FerError(
            f"{path}: expected the columns {ID}, {LABEL} and one for each label, "
            f"received {', '.join(header)[:200] or 'nothing'}"
        )
    ids, labels, values, problems = [], [], [], []
    for line, row in rows[1:]:
        try:
            if len(row) != len(header):
                raise ValueError(f"expected {len(header)} cells, received {len(row)}")
            cells = dict(zip(header, row, strict=True))
            shares = np.array([float(cells[n]) for n in header if n not in (ID, LABEL)])
            ids.append(cells[ID])
            labels.append(_label(cells[LABEL], names))
            values.append(_shares(shares))
        except ValueError as error:
            problems.append(f"line {line}: {error}")
    if not problems and len({*ids}) < len(ids):
        seen: set[str] = set()
        twice = next(i for i in ids if i in seen or seen.add(i))
        problems.append(f"id '{twice}' stands there more than once")
    if problems or not ids:
        more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
        raise FerError(f"{path}", [*problems[:SHOWN], *more] or ["no predictions in it"])
    return Evaluation(np.array(labels), np.array(values), np.array(ids), split, names)


def join_data(own: Evaluation, data: LoadedData, split: str | None) -> Evaluation:
    """Give predictions what the data set knows of their images: split, leaks and votes.

    Args:
        own: What `read_predictions` returns; its ids are the data set's.
        data: The data set.
        split: The split whose predictions are wanted; the one that all ids are in if None.

    Returns:
        The predictions of the split, in the data's order of labels. Leaks are the images that
        stand in the data's own training split, whatever the model was trained on.

    Raises:
        FerError: If ids, labels or splits do not fit.
    """
    dataset = data.dataset
    if {*own.label_names} != {*dataset.label_names}:
        raise FerError(
            f"the predictions' labels are not the data's: {', '.join(own.label_names)}; "
            f"the data has: {', '.join(dataset.label_names)}"
        )
    rows = rows_of(own.ids, dataset.ids)
    if len(unknown := own.ids[rows < 0]):
        raise FerError(
            f"{len(unknown):,} of {len(own):,} ids are not in the data, the first: "
            f"'{unknown[0]}' (the data's are like '{dataset.ids[0]}')"
        )
    found = sorted(set(dataset.split[rows].tolist()))
    if split is None and len(found) > 1:
        raise FerError(f"predictions of several splits ({', '.join(found)}): choose with --split")
    split = split or found[0]
    if split not in found:
        raise FerError(f"no predictions of the '{split}' split; there are of {', '.join(found)}")
    keep = dataset.split[rows] == split
    own, rows = own.take(keep), rows[keep]
    order = [own.label_names.index(name) for name in dataset.label_names]
    labels = np.argsort(order)[own.labels]
    if (differ := labels != dataset.labels[rows]).any():
        row = int(differ.argmax())
        raise FerError(
            f"{int(differ.sum()):,} of {len(own):,} true labels are not the data's, the first: "
            f"id '{own.ids[row]}' is {dataset.label_names[labels[row]]} there and "
            f"{dataset.label_names[dataset.labels[rows[row]]]} in the data; is the label "
            "order another, or are these ids of other data?"
        )
    part = dataset.take(rows)
    trained = dataset.part("train").pixel_hashes() if dataset.has("train") else None
    missing = int((dataset.split == split).sum()) - len(own)
    return dataclasses.replace(
        own,
        labels=labels,
        probabilities=own.probabilities[:, order],
        split=split,
        label_names=dataset.label_names,
        protocol=data.protocol,
        comparable=data.comparable and not missing,
        leaked=None if trained is None else np.isin(part.pixel_hashes(), trained),
        votes=part.votes,
        vote_names=part.vote_names,
        warnings=tuple(pitfalls.oversampled_before_split(dataset, split)),
        notes=(
            "predictions made elsewhere; leaks are told from the data's training split",
            *([f"{missing:,} images of the split have no prediction"] if missing else []),
        ),
    )


def with_warnings(evaluation: Evaluation) -> Evaluation:
    """Return predictions with the warnings that can be told from them alone."""
    warnings = (*evaluation.warnings, *pitfalls.label_order(evaluation))
    return dataclasses.replace(evaluation, warnings=warnings)


def _canonical(name: str) -> str:
    return fer_label(name) or name


def _label(text: str, names: tuple[str, ...]) -> int:
    text = text.strip()
    if _canonical(text) in names:
        return names.index(_canonical(text))
    if text.isdigit() and int(text) < len(names):
        return int(text)
    raise ValueError(f"label '{text[:40]}' is none of {', '.join(names)[:200]}")


def _shares(values: np.ndarray) -> np.ndarray:
    total = values.sum()
    if not np.isfinite(values).all() or (values < 0).any() or abs(total - 1) > ROUNDED:
        told = ", ".join(f"{value:g}" for value in values[:8])
        raise ValueError(f"expected probabilities that sum to 1, received {told}")
    return values / total
