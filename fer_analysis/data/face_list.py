"""Lists of faces: a CSV with a column `id`, and with `label` where faces were labelled again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fer_analysis.data.ids import rows_of
from fer_analysis.data.label_names import find_label
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError, did_you_mean, shown

ID, LABEL, ISSUE, SUGGESTED = "id", "label", "issue", "suggested"

SHOWN = 3
"""Ids or rows that a message names."""

DIGITS = 12
"""Of the SHA-256, where a sentence names a list."""


@dataclass(frozen=True)
class FaceList:
    """The faces that a file names, each once, in the file's order.

    Args:
        file: The file.
        sha256: Of its content, 64 hexadecimal digits (what `sha256sum FILE` prints).
        ids: As `FaceDataset.ids` has them.
        labels: For each id the label's name as it stands in the file, empty where the cell is;
            None without such a column.
        issues: For each id its issues; None without such a column.
        suggests: Whether there is a column `suggested`, which is not read.
    """

    file: Path
    sha256: str
    ids: tuple[str, ...]
    labels: tuple[str, ...] | None = None
    issues: tuple[tuple[str, ...], ...] | None = None
    suggests: bool = False

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def name(self) -> str:
        """The file's name with the beginning of its SHA-256, as figures are named by it."""
        return f"{self.file.name} (sha256 {self.sha256[:DIGITS]})"

    def with_issues(self, kinds: Sequence[str]) -> FaceList:
        """Return the faces that have one of these issues; all if there are none.

        Raises:
            FerError: If the file has no issues, or none of this kind.
        """
        if not kinds:
            return self
        if self.issues is None:
            raise FerError(f"{self.file}: no column '{ISSUE}' in it, so no issue can be chosen")
        known = {kind for each in self.issues for kind in each}
        for kind in kinds:
            if kind not in known:
                raise FerError(f"{self.file}: no issue '{kind}'{did_you_mean(kind, known)}")
        keep = [row for row, each in enumerate(self.issues) if {*kinds} & {*each}]
        return replace(
            self,
            ids=tuple(self.ids[row] for row in keep),
            labels=self.labels and tuple(self.labels[row] for row in keep),
            issues=tuple(self.issues[row] for row in keep),
        )

    def by_issue(self) -> dict[str, set[str]]:
        """Return issue -> ids; faces without an issue are under the file's name."""
        found: dict[str, set[str]] = {}
        each = self.issues or ((),) * len(self)
        for name, kinds in zip(self.ids, each, strict=True):
            for kind in kinds or (self.file.name,):
                found.setdefault(kind, set()).add(name)
        return found

    def check_known(self, data: LoadedData) -> None:
        """Refuse ids that the data does not have.

        Raises:
            FerError: Saying how many, the first of them, and what the data's own look like.
        """
        missing = rows_of(np.array(self.ids), data.dataset.ids) < 0
        if missing.any():
            unknown = [name for name, lost in zip(self.ids, missing, strict=True) if lost]
            raise FerError(
                f"{self.file}: {len(unknown):,} of its {len(self):,} ids are not in "
                f"{named(data)}: {first_few(unknown)}; ids there are like "
                f"{first_few(data.dataset.ids.tolist())}"
            )

    def by_split(self, data: LoadedData) -> dict[str, int]:
        """Return split -> how many of these faces are in it; unknown ids are refused.

        Raises:
            FerError: If an id is not in the data.
        """
        self.check_known(data)
        splits = data.dataset.split[rows_of(np.array(self.ids), data.dataset.ids)].tolist()
        return {name: splits.count(name) for name in data.dataset.splits if name in splits}

    def in_split(self, data: LoadedData, split: str) -> dict[str, int]:
        """Return what `by_split` does; a list of other splits alone is refused.

        Raises:
            FerError: If an id is not in the data, or no face is in the split.
        """
        counts = self.by_split(data)
        if split not in counts:
            raise FerError(
                f"{self.file}: none of its {len(self):,} faces is in the split '{split}': "
                f"{split_counts(counts)}"
            )
        return counts

    def label_positions(self, label_names: Sequence[str]) -> dict[str, int]:
        """Return id -> position of its label, for the faces that have one.

        Args:
            label_names: The data's labels; in the file they may be spelled in any case, and
                FER-2013's in their usual ways (anger, happiness).

        Raises:
            FerError: If there is no column `label`, nothing in it, or a name that is no label.
        """
        if self.labels is None:
            raise FerError(f"{self.file}: no column '{LABEL}' in it; expected {ID},{LABEL}")
        found, unknown = {}, {}
        for name, text in zip(self.ids, self.labels, strict=True):
            if not text:
                continue
            place = find_label(text, label_names)
            if place is None:
                unknown.setdefault(text, []).append(name)
            else:
                found[name] = place
        if unknown:
            raise FerError(
                f"{self.file}",
                [
                    f"no label '{shown(text, 40)}'{did_you_mean(text, label_names)}: "
                    f"{len(ids):,} faces, {first_few(ids)}"
                    for text, ids in list(unknown.items())[:SHOWN]
                ],
            )
        if not found:
            raise FerError(f"{self.file}: no face in it has a label")
        return found

    def new_labels(
        self, labels: np.ndarray, ids: np.ndarray, label_names: Sequence[str]
    ) -> np.ndarray:
        """Return labels of images with those of the list in their place, int64 `(n,)`.

        Args:
            labels: int64 `(n,)`, positions in `label_names`.
            ids: str `(n,)`, of the same images; other ids of the list are passed over.
            label_names: The labels' names.

        Raises:
            FerError: If the list has no labels, one that is none of the data's, or changes none.
        """
        positions = self.label_positions(label_names)
        rows = rows_of(np.array(list(positions)), ids)
        changed = labels.copy()
        changed[rows[rows >= 0]] = np.array(list(positions.values()))[rows >= 0]
        if np.array_equal(changed, labels):
            known = int((rows >= 0).sum())
            hint = ""
            if self.suggests:
                hint = (
                    f"; in an audit.csv '{LABEL}' is the label that a face has, and "
                    f"'{SUGGESTED}' is not used: look at the faces with `fer relabel`"
                )
            raise FerError(
                f"{self.file}: changes no label: {known:,} of its {len(positions):,} faces are "
                f"here, and have the label that it gives{hint}"
            )
        return changed


def named(data: LoadedData) -> str:
    """Return what data is called in a message: where it was read from, and its layout."""
    source = data.section and data.section.source
    return f"{source} (layout {data.layout})" if source else f"the data (layout {data.layout})"


def split_counts(counts: dict[str, int]) -> str:
    """Return counts of faces as `180 of train, 20 of validation`."""
    return ", ".join(f"{count:,} of {split}" for split, count in counts.items())


def first_few(values: Sequence[object]) -> str:
    """Return the first of some values as a message quotes them."""
    told = ", ".join(
        f"'{shown(value)}'" if isinstance(value, str) else str(value) for value in values[:SHOWN]
    )
    return told + (", …" if len(values) > SHOWN else "")
