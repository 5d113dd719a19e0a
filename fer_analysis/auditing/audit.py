"""Audit: what was found in a data set, as figures for each kind of issue and one row an issue."""

from __future__ import annotations

import csv
import hashlib
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fer_analysis.auditing.issues import KINDS, NOBODY, Issues
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.load import LoadedData
from fer_analysis.data.pixels import pixel_mark
from fer_analysis.errors import FerError
from fer_analysis.files import from_text, write_csv, write_json, write_text
from fer_analysis.statistics.estimate import Estimate, from_json, to_json
from fer_analysis.statistics.intervals import proportion

SUMMARY, TABLE = "audit.json", "audit.csv"

COLUMNS = (
    "id",
    "issue",
    "partner",
    "score",
    "label",
    "split",
    "suggested",
    "partner_label",
    "partner_split",
    "pixels",
)


@dataclass(frozen=True)
class Audit:
    """What was found in a data set.

    Args:
        summary: All figures: `fingerprint`, `fingerprints` (of each split), `layout`,
            `protocol`, `n`, `label_names`, `notes`, and for each kind in `issues` its `meaning`,
            counts, `share` (an estimate), and counts by label and split.
        rows: One for each issue, texts by `COLUMNS`.
        groups: The issues with positions in the data, for contact sheets; empty after `load`.
        dataset: The data that was audited; None after `load`.
    """

    summary: dict
    rows: tuple[dict[str, str], ...]
    groups: tuple[Issues, ...] = ()
    dataset: FaceDataset | None = None

    @classmethod
    def of(cls, data: LoadedData, groups: Sequence[Issues], notes: Sequence[str]) -> Audit:
        """Count issues.

        Args:
            data: The data.
            groups: One for each kind that was looked for, in the order of `KINDS`.
            notes: What a reader should know, one line each.
        """
        dataset = data.dataset
        summary = {
            "fingerprint": data.fingerprint,
            "fingerprints": data.fingerprints,
            "layout": data.layout,
            "protocol": data.protocol,
            "n": len(dataset),
            "label_names": list(dataset.label_names),
            "notes": list(notes),
            "issues": {group.kind: _figures(dataset, group) for group in groups},
        }
        rows = tuple(row for group in groups for row in _rows(dataset, group))
        return cls(summary, rows, tuple(groups), dataset)

    @property
    def issues(self) -> dict[str, dict]:
        """Kind -> its figures."""
        return self.summary["issues"]

    @property
    def notes(self) -> list[str]:
        """What a reader should know, one line each."""
        return self.summary["notes"]

    def ids(self, kind: str) -> set[str]:
        """Return the ids of the images with an issue of a kind."""
        return {row["id"] for row in self.rows if row["issue"] == kind}

    def as_dict(self) -> dict:
        """Return all figures, ready for JSON."""
        return to_json(self.summary)

    def save(self, folder: str | Path) -> None:
        """Write `audit.csv`, then `audit.json`, which holds the table's digest."""
        folder = Path(folder)
        if self.rows:
            write_csv(folder / TABLE, list(self.rows))
        else:
            write_text(folder / TABLE, ",".join(COLUMNS) + "\n")
        write_json(folder / SUMMARY, self.as_dict() | {"table": _digest(folder / TABLE)})

    @classmethod
    def load(cls, folder: str | Path) -> Audit:
        """Read what `save` wrote.

        Raises:
            FerError: If there is none, it is damaged, or the files are of two audits.
        """
        folder = Path(folder)
        if not (folder / SUMMARY).is_file():
            raise FerError(f"{folder}: no {SUMMARY}; `fer audit --out FOLDER` writes such a folder")
        try:
            summary = from_json(json.loads((folder / SUMMARY).read_text()))
            table = summary.pop("table", None)
            rows = _read_table(folder / TABLE)
            shares = [kind["share"] for kind in summary["issues"].values()]
            if not all(isinstance(share, Estimate) for share in shares):
                raise ValueError("no estimates")
            if any("issue" not in row for row in rows):
                raise ValueError(f"{TABLE} has no column issue")
        except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
            raise FerError(f"{folder}: a damaged audit ({error}); run `fer audit` again") from error
        if table not in (None, _digest(folder / TABLE)):
            raise FerError(f"{folder}: {TABLE} is not of {SUMMARY}; run `fer audit` again")
        return cls(summary, rows)

    def _repr_html_(self) -> str:
        """Return the issues as a table, for notebooks."""
        rows = "".join(
            f"<tr><td>{html.escape(kind)}</td><td>{each['n']:,}</td><td>{each['among']:,}</td>"
            f"<td>{html.escape(each['meaning'])}</td></tr>"
            for kind, each in self.issues.items()
        )
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        head = "<tr><th>issue</th><th>n</th><th>of</th><th>meaning</th></tr>"
        return f"<table><caption>{self.summary['n']:,} images</caption>{head}{rows}</table>{notes}"


def _read_table(file: Path) -> tuple[dict[str, str], ...]:
    with open(file, newline="", encoding="utf-8") as opened:
        rows = csv.DictReader(opened)
        return tuple({name: from_text(cell) for name, cell in row.items()} for row in rows)


def _digest(file: Path) -> str:
    return hashlib.blake2b(file.read_bytes(), digest_size=8).hexdigest()


def _figures(dataset: FaceDataset, group: Issues) -> dict:
    rows = np.unique(group.rows)  # an image in several pairs counts once
    among, names = int(group.among.sum()), dataset.label_names
    by_label = np.bincount(dataset.labels[rows], minlength=len(names)).tolist()
    of_label = np.bincount(dataset.labels[group.among], minlength=len(names)).tolist()
    return {
        "meaning": KINDS[group.kind],
        "n": len(rows),
        "among": among,
        "share": proportion(len(rows), among),
        "by_label": dict(zip(names, by_label, strict=True)),
        "among_by_label": dict(zip(names, of_label, strict=True)),
        "by_split": {name: int((dataset.split[rows] == name).sum()) for name in dataset.splits},
        **group.facts,
    }


def _rows(dataset: FaceDataset, group: Issues) -> list[dict[str, str]]:
    ids, splits = dataset.ids.tolist(), dataset.split.tolist()
    names = [dataset.label_names[label] for label in dataset.labels.tolist()]
    columns = (group.rows, group.partner, group.suggested, group.score)
    rows = []
    for row, partner, label, score in zip(*(c.tolist() for c in columns), strict=True):
        alone = partner == NOBODY
        cells = (
            ids[row],
            group.kind,
            "" if alone else ids[partner],
            f"{score:.3f}",
            names[row],
            splits[row],
            "" if label == NOBODY else dataset.label_names[label],
            "" if alone else names[partner],
            "" if alone else splits[partner],
            pixel_mark(dataset.images[row]),
        )
        rows.append(dict(zip(COLUMNS, cells, strict=True)))
    return rows
