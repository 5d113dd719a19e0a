"""What a data set knows of predictions that were made elsewhere: split, leaks, votes, caveats."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.ids import rows_of
from fer_analysis.data.label_names import find_label
from fer_analysis.data.load import LoadedData
from fer_analysis.errors import FerError
from fer_analysis.evaluation import pitfalls
from fer_analysis.evaluation.evaluation import Evaluation


def join_data(own: Evaluation, data: LoadedData, split: str | None) -> Evaluation:
    """Add what the data set has of the predicted images: split, leaks and votes.

    Args:
        own: What `read_predictions` returns; its ids are the data set's.
        data: The data set.
        split: The split whose predictions are analysed; the one that all ids are in if None.

    Returns:
        The predictions of the split, in the data's order of labels. Leaks are the images that
        are also in the data's training split, whatever the model was trained on.

    Raises:
        FerError: If ids, labels or splits do not fit.
    """
    dataset = data.dataset
    own, rows, split = _of_split(own, dataset, split)
    own, part = _in_data_order(own, dataset), dataset.take(rows)
    _check_labels(own, part)
    trained = dataset.part("train").pixel_hashes() if dataset.has("train") else None
    gaps = _Gaps.of(own, dataset, split)
    return dataclasses.replace(
        own,
        split=split,
        protocol=data.protocol,
        comparable=data.comparable and not gaps.missing and not gaps.absent,
        leaked=None if trained is None else np.isin(part.pixel_hashes(), trained),
        votes=None if gaps.absent else part.votes,
        vote_names=() if gaps.absent else part.vote_names,
        warnings=tuple(pitfalls.oversampled_before_split(dataset, split)),
        notes=(
            "predictions made elsewhere; leaks are those of the data's training split",
            *data.label_notes(split),
            *own.notes,
            *gaps.notes(len(dataset.label_names)),
        ),
    )


def with_warnings(evaluation: Evaluation) -> Evaluation:
    """Return predictions with the warnings that they alone give."""
    warnings = (*evaluation.warnings, *pitfalls.label_order(evaluation))
    return dataclasses.replace(evaluation, warnings=warnings)


def with_names_of(own: Evaluation, names: Sequence[str]) -> Evaluation:
    """Return predictions whose labels are spelt as others are (anger, angry)."""
    places = [find_label(name, names) for name in own.label_names]
    spelt = tuple(
        name if place is None else names[place]
        for name, place in zip(own.label_names, places, strict=True)
    )
    if spelt == own.label_names:
        return own
    extras = own.vote_names[len(spelt) :]
    return dataclasses.replace(
        own, label_names=spelt, vote_names=(*spelt, *extras) if own.vote_names else ()
    )


@dataclasses.dataclass(frozen=True)
class _Gaps:
    """Images of the split that were not predicted.

    Args:
        missing: How many of the predicted labels.
        absent: The labels that no prediction knows.
        unknown: How many images have one of these.
    """

    missing: int
    absent: list[str]
    unknown: int

    @classmethod
    def of(cls, own: Evaluation, dataset: FaceDataset, split: str) -> _Gaps:
        absent = [name for name in dataset.label_names if name not in own.label_names]
        places = [dataset.label_names.index(name) for name in absent]
        of_split = dataset.labels[dataset.split == split]
        unknown = int(np.isin(of_split, places).sum())
        return cls(len(of_split) - unknown - len(own), absent, unknown)

    def notes(self, labels: int) -> list[str]:
        notes = []
        if self.absent:
            notes.append(
                f"{len(self.absent)} of {labels} labels have no predictions "
                f"({', '.join(self.absent)[:200]}): their {self.unknown:,} images are left out"
            )
        if self.missing:
            notes.append(f"{self.missing:,} images of the split have no prediction")
        return notes


def _of_split(
    own: Evaluation, dataset: FaceDataset, split: str | None
) -> tuple[Evaluation, np.ndarray, str]:
    """Return the predictions of one split, their rows in the data, int64 `(n,)`, and the split."""
    own = with_names_of(own, dataset.label_names)
    if not {*own.label_names} <= {*dataset.label_names}:
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
    return own.take(keep), rows[keep], split


def _in_data_order(own: Evaluation, dataset: FaceDataset) -> Evaluation:
    names = tuple(name for name in dataset.label_names if name in own.label_names)
    order = [own.label_names.index(name) for name in names]
    return dataclasses.replace(
        own,
        labels=np.argsort(order)[own.labels],
        probabilities=own.probabilities[:, order],
        label_names=names,
    )


def _check_labels(own: Evaluation, part: FaceDataset) -> None:
    """Refuse true labels that differ from those of the same images in the data."""
    places = np.array([part.label_names.index(name) for name in own.label_names])
    if (differ := places[own.labels] != part.labels).any():
        row = int(differ.argmax())
        raise FerError(
            f"{int(differ.sum()):,} of {len(own):,} true labels are not the data's, the first: "
            f"id '{own.ids[row]}' is {own.label_names[own.labels[row]]} there and "
            f"{part.label_names[part.labels[row]]} in the data; is the label "
            "order different, or are these ids of other data?"
        )
