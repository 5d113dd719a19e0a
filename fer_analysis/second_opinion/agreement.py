"""How far two people agree on the labels of the same faces, and with the labels there are."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.metrics import cohen_kappa_score

from fer_analysis.data.face_list import DIGITS, FaceList
from fer_analysis.data.ids import rows_of
from fer_analysis.data.label_names import label_key
from fer_analysis.data.load import LoadedData
from fer_analysis.data.pixels import differ, pixel_mark
from fer_analysis.errors import FerError, shown
from fer_analysis.files import from_text, write_csv, write_json, write_text
from fer_analysis.statistics.bootstrap import bootstrap_estimate, confusion_draws
from fer_analysis.statistics.estimate import from_json, to_json
from fer_analysis.statistics.intervals import proportion
from fer_analysis.text import estimate, html_table, number_estimate

SUMMARY, DIFFERING, AGREED = "agreement.json", "differing.csv", "agreed.csv"
EMPTY = "id,label\n"


@dataclass(frozen=True)
class Agreement:
    """How far two lists of labels agree.

    Args:
        summary: `files` (name, sha256 and n of each), `n` faces in both, `only` in one of them,
            `agreed` (an estimate), `kappa` (an estimate), `labels` (for each label how often each
            gave it, how often both, and their specific agreement), and, where the data is known,
            `present`: the same of each list and the present labels, and of what both agree on.
        differing: The faces that differ: id and the labels.
        agreed: The faces that do not: id and label. Both are lists of faces themselves, with the
            column `pixels` where the data or one of the lists has it.
    """

    summary: dict
    differing: tuple[dict[str, str], ...]
    agreed: tuple[dict[str, str], ...]

    def save(self, folder: str | Path) -> None:
        """Write the figures, and two lists of faces: those that differ, and those that agree."""
        folder = Path(folder)
        write_json(folder / SUMMARY, to_json(self.summary))
        for name, rows in ((DIFFERING, self.differing), (AGREED, self.agreed)):
            write_csv(folder / name, list(rows)) if rows else write_text(folder / name, EMPTY)

    @classmethod
    def load(cls, folder: str | Path) -> Agreement:
        """Read what `save` wrote.

        Raises:
            FerError: If it is missing or damaged.
        """
        folder, tables = Path(folder), []
        try:
            summary = from_json(json.loads((folder / SUMMARY).read_text(encoding="utf-8")))
            for name in (DIFFERING, AGREED):
                with open(folder / name, newline="", encoding="utf-8") as file:
                    rows = csv.DictReader(file)
                    tables.append(
                        tuple({name: from_text(cell) for name, cell in row.items()} for row in rows)
                    )
        except (OSError, ValueError) as error:
            raise FerError(f"{folder}: no agreement in it, or damaged ({error})") from None
        return cls(summary, *tables)

    def as_dict(self) -> dict:
        """Return all figures, ready for JSON."""
        return to_json(self.summary)

    def _repr_html_(self) -> str:
        """Return the figures by label as a table, for notebooks."""
        found = self.summary
        caption = (
            f"{found['n']:,} faces: agreement {estimate(found['agreed'])}, "
            f"kappa {number_estimate(found['kappa'], 2)}"
        )
        rows = [
            [row["label"], *(f"{row[key]:,}" for key in ("first", "second", "both"))]
            for row in found["labels"]
        ]
        return html_table(caption, ("label", "first", "second", "both"), rows)


def agree(first: FaceList, second: FaceList, data: LoadedData | None = None) -> Agreement:
    """Compare two lists of labels on the faces that are in both.

    Cohen's kappa (1960) is the agreement beyond what the two would have if each gave its labels as
    often as it does, but at random: 0 is chance, 1 complete. Intervals are the percentiles of a
    seeded bootstrap over faces. The agreement on a label is 2 x both / (first + second)
    (Cicchetti & Feinstein 1990).

    Args:
        first: A list with labels.
        second: Another one.
        data: The data, to compare both with the present labels; None without.

    Raises:
        FerError: If a list has no labels, or unknown ones or ids, or they have no face or no label
            in common, or are of two data sets, or are one and the same.
    """
    if first.sha256 == second.sha256:
        raise FerError(
            f"{first.file} and {second.file} are the same list (sha256 {first.sha256[:DIGITS]}): "
            "expected those of two people"
        )
    names = data.dataset.label_names if data else _names(first, second)
    given = [each.label_positions(names) for each in (first, second)]
    if data is not None:
        for each in (first, second):
            each.check_known(data)
    both = [name for name in given[0] if name in given[1]]
    if not both:
        raise FerError(f"{first.file} and {second.file} have no labelled face in common")
    _check_pixels(first, second, both)
    a, b = (np.array([each[name] for name in both]) for each in given)
    if data is None:
        _check_names(first, second, [{*each.values()} for each in given], names)
    summary = {
        "files": [
            {"file": each.file.name, "sha256": each.sha256, "n": len(labels)}
            for each, labels in zip((first, second), given, strict=True)
        ],
        "only": [len(labels) - len(both) for labels in given],
        "label_names": list(names),
        **_figures(a, b, names),
        "present": None,
    }
    present = None
    if data is not None:
        summary["fingerprint"] = data.fingerprint
        rows = rows_of(np.array(both), data.dataset.ids)
        present = data.dataset.labels[rows]
        summary["present"] = _with_present(given, data, both, a == b)
    marks = _marks(first, second, both, data)
    return Agreement(summary, *_tables(both, a, b, names=names, present=present, marks=marks))


def _check_pixels(first: FaceList, second: FaceList, both: Sequence[str]) -> None:
    """Refuse lists that name different images by the same ids."""
    one, two = first.marks, second.marks
    for name in both:
        if differ(one.get(name, ""), two.get(name, "")):
            raise FerError(
                f"{first.file} and {second.file} are of two data sets: image '{shown(name)}' has "
                "other pixels in each"
            )


def _marks(
    first: FaceList, second: FaceList, both: Sequence[str], data: LoadedData | None
) -> dict[str, str]:
    """Return id -> the mark of its image, by the data or else by the lists; empty if unknown."""
    if data is None:
        known = second.marks | first.marks
        return {name: known.get(name, "") for name in both} if known else {}
    rows = rows_of(np.array(both), data.dataset.ids)
    return dict(zip(both, map(pixel_mark, data.dataset.images[rows]), strict=True))


def _check_names(first, second, used: list[set[int]], names: Sequence[str]) -> None:
    """Refuse lists of several labels each that have none in common: they are named otherwise."""
    if min(map(len, used)) > 1 and not used[0] & used[1]:
        own = (", ".join(names[place] for place in sorted(each))[:100] for each in used)
        raise FerError(
            f"{first.file} and {second.file} have no label in common ({'; '.join(own)}): "
            "expected the same names in both"
        )


def _names(first: FaceList, second: FaceList) -> tuple[str, ...]:
    """Return the labels of two lists, each in its first spelling."""
    found: dict[str, str] = {}
    for each in (first, second):
        for text in each.labels or ():
            if text:
                found.setdefault(label_key(text), text)
    return tuple(found.values())


def _figures(a: np.ndarray, b: np.ndarray, names: tuple[str, ...]) -> dict:
    """Return agreement, kappa and the agreement on each label of two arrays of positions."""
    n, k = len(a), len(names)
    confusion = np.bincount(a * k + b, minlength=k * k).reshape(k, k)
    both, ones, twos = confusion_draws(confusion)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed, chance = both.sum(axis=1) / n, (ones * twos).sum(axis=1) / n**2
        kappas = (observed - chance) / (1 - chance)
        specific = 2 * both / (ones + twos)
    with warnings.catch_warnings():  # undefined where both gave one and the same label to all
        warnings.simplefilter("ignore")
        kappa = cohen_kappa_score(a, b, labels=range(k))
    counts = confusion.sum(axis=1), confusion.sum(axis=0), confusion.diagonal()
    labels = []
    for label, name in enumerate(names):
        one, two, same = (int(each[label]) for each in counts)
        value = 2 * same / (one + two) if one + two else float("nan")
        agreement = bootstrap_estimate(value, specific[:, label], one + two)
        row = {"label": name, "first": one, "second": two, "both": same}
        labels.append(row | {"agreement": agreement})
    agreed = int((a == b).sum())
    return {
        "n": n,
        "agreed": proportion(agreed, n),
        "kappa": bootstrap_estimate(kappa, kappas, n),
        "labels": labels,
    }


def _with_present(
    given: list[Mapping[str, int]], data: LoadedData, both: list[str], same: np.ndarray
) -> list[dict]:
    """Compare each list, and what both agree on, with the labels that the faces have."""
    agreed = {name: given[0][name] for name, one in zip(both, same, strict=True) if one}
    found = []
    for who, labels in zip(("first", "second", "both agree"), (*given, agreed), strict=True):
        if labels:
            now = data.dataset.labels[rows_of(np.array(list(labels)), data.dataset.ids)]
            figures = _figures(np.array(list(labels.values())), now, data.dataset.label_names)
            found.append({"who": who} | {key: figures[key] for key in ("n", "agreed", "kappa")})
    return found


def _tables(
    ids: list[str],
    a: np.ndarray,
    b: np.ndarray,
    *,
    names: tuple[str, ...],
    present: np.ndarray | None,
    marks: Mapping[str, str],
) -> tuple[tuple[dict[str, str], ...], tuple[dict[str, str], ...]]:
    differing, agreed = [], []
    for row, name in enumerate(ids):
        mark = {"pixels": marks[name]} if marks else {}
        if a[row] == b[row]:
            agreed.append({"id": name, "label": names[a[row]]} | mark)
            continue
        cells = {"id": name, "first": names[a[row]], "second": names[b[row]]}
        if present is not None:
            cells["present"] = names[present[row]]
        differing.append(cells | mark)
    return tuple(differing), tuple(agreed)
