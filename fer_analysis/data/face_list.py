"""Lists of faces: a CSV with a column `id`, and with `label` where faces were labelled again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.ids import rows_of
from fer_analysis.data.label_names import find_label
from fer_analysis.data.listed_pixels import listed_images, pixel_doubts
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError, did_you_mean, shown

ID, LABEL, ISSUE, SUGGESTED = "id", "label", "issue", "suggested"

SHOWN = 3
"""Ids or rows that a message names."""

ID_AND_LABEL = f"; to label faces again, give a list of the columns {ID} and {LABEL} alone"
"""What is said of an audit that is no list to relabel by."""

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
        pixels: For each id the mark of its image (`pixels.pixel_mark`), empty where the cell is;
            None without such a column.
        suggests: Whether there is a column `suggested`, which is not read.
    """

    file: Path
    sha256: str
    ids: tuple[str, ...]
    labels: tuple[str, ...] | None = None
    issues: tuple[tuple[str, ...], ...] | None = None
    pixels: tuple[str, ...] | None = None
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
            pixels=self.pixels and tuple(self.pixels[row] for row in keep),
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
        """Refuse ids that the data does not have, or has with other pixels.

        Raises:
            FerError: Saying how many, the first of them, and what the data's own look like.
        """
        self._refuse(self._missing(data), data)
        self._check_pixels(data)

    def without_a_label(self, data: LoadedData) -> list[str]:
        """Return the ids of images that the data left out, as the votes gave them no label."""
        known = data.vote_labels.own if data.vote_labels else {}
        return [name for name in self._missing(data) if name in known]

    def _missing(self, data: LoadedData) -> list[str]:
        missing = rows_of(np.array(self.ids), data.dataset.ids) < 0
        return [name for name, lost in zip(self.ids, missing, strict=True) if lost]

    def _refuse(self, unknown: Sequence[str], data: LoadedData) -> None:
        if unknown:
            raise FerError(
                f"{self.file}: {len(unknown):,} of its {len(self):,} ids are not in "
                f"{named(data)}: {first_few(unknown)}; ids there are like "
                f"{first_few(data.dataset.ids.tolist())}"
            )

    @property
    def marks(self) -> dict[str, str]:
        """Id -> the mark of its image, for the faces that have one."""
        both = zip(self.ids, self.pixels or (), strict=False)
        return {name: mark for name, mark in both if mark}

    def _check_pixels(self, data: LoadedData) -> None:
        for face in listed_images(self.ids, self.marks, data.dataset):
            if face.is_row_number and face.is_other:
                raise FerError(
                    f"{self.file}: a list of other data: image '{shown(face.name)}' has other "
                    f"pixels in {named(data)}; name the data that the list was made of"
                )

    def notices(self, data: LoadedData) -> list[str]:
        """Return what a user should know before the list is applied to data, one line each."""
        faces = listed_images(self.ids, self.marks, data.dataset)
        audit = self.issues is not None and self.labels is not None
        return pixel_doubts(self.file, faces, named(data), audit=audit)

    def check_audit(
        self, faces: FaceDataset, data: LoadedData | None = None, *, hint: str = ""
    ) -> None:
        """Refuse an audit of other data that has the same ids, by the labels that it names.

        A list without issues is no audit, and is not looked at.

        Args:
            faces: The images, or an `Evaluation` of them: what has `ids`, `labels` and
                `label_names`. Other ids of the list are passed over.
            data: The whole data, where it is known: if its labels are by the votes, an audit may
                name the data's own.
            hint: What the message ends with.

        Raises:
            FerError: Naming the first image that has another label.
        """
        if self.issues is None or self.labels is None:
            return
        own = data.vote_labels.own if data is not None and data.vote_labels else {}
        rows = rows_of(np.array(self.ids), faces.ids).tolist()
        for row, name, label in zip(rows, self.ids, self.labels, strict=True):
            present = faces.label_names[faces.labels[row]] if row >= 0 else None
            here = [each for each in (own.get(name), present) if each]
            if here and label and label not in here:
                raise FerError(
                    f"{self.file}: an audit of other data: image '{name}' is {label} there and "
                    f"{here[-1]} here{hint}"
                )

    def by_split(self, data: LoadedData) -> dict[str, int]:
        """Return split -> how many of these faces are in it; unknown ids are refused.

        Images without a label by the votes are not unknown, and in no split.

        Raises:
            FerError: If an id is not in the data, or its image has other pixels.
        """
        left_out = set(self.without_a_label(data))
        self._refuse([name for name in self._missing(data) if name not in left_out], data)
        self._check_pixels(data)
        rows = rows_of(np.array(self.ids), data.dataset.ids)
        splits = data.dataset.split[rows[rows >= 0]].tolist()
        return {name: splits.count(name) for name in data.dataset.splits if name in splits}

    def in_split(self, data: LoadedData, split: str) -> dict[str, int]:
        """Return what `by_split` does; a list of other splits alone is refused.

        Raises:
            FerError: If `by_split` does, or no face is in the split.
        """
        counts = self.by_split(data)
        if split not in counts:
            raise FerError(
                f"{self.file}: none of its {len(self):,} faces is in the split '{split}': "
                f"{split_counts(counts) or 'the votes give none of them a label'}"
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
