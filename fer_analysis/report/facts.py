"""What is known of each face beside its prediction: agreement, conditions, slices, partner."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.ids import rows_of
from fer_analysis.data.vote_shares import STRATA, stratum
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.slices import Slices
from fer_analysis.quality.measures import measure
from fer_analysis.quality.template import FaceTemplate
from fer_analysis.report.conditions import why_left_out
from fer_analysis.report.saved_run import SavedRun
from fer_analysis.robustness.stress_test import StressTest
from fer_analysis.text import short

AGREEMENT = {
    "with": "agree with the label",
    "split": "are split",
    "other": "agree on another label",
}
"""Annotators' agreement: key -> what the annotators do; see `data.vote_shares.STRATA`."""

COPIES = ("near_leak", "leak", "contradictory_label", "near_duplicate", "exact_duplicate")
"""Issues of an audit whose partner is shown, the first that an image has."""

ENDS = ("id", "partner", "partner_split", "partner_label"), ("partner", "id", "split", "label")
"""Columns of an audit's row: of either image its own id, and the other's id, split and label."""

MOST_LABELS = 20
"""Data with more labels shows no samples."""


@dataclass(frozen=True)
class Facts:
    """What is known of the faces, by their row in the evaluation; empty where nothing is.

    Args:
        agreement: Row -> key of `AGREEMENT`.
        conditions: Conditions of the stress test, in the order of a row's digits.
        falls: Row -> for each condition the weakest severity at which a face that is correct as
            it is becomes wrong, a digit; 0 where none does.
        slices: Slices that are shown to be worse than the rest.
        inside: Row -> positions of the slices that it is in.
        partners: Row -> `id`, `issue`, `split`, `label` of the image that it is a copy of.
        partner_images: uint8 `(m, h, w)`, those of `partners` that are at hand; each has its `row`
            there.
        samples: For each label some of its training images, positions in the data.
    """

    agreement: dict[int, str] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()
    falls: dict[int, str] = field(default_factory=dict)
    slices: tuple[str, ...] = ()
    inside: dict[int, list[int]] = field(default_factory=dict)
    partners: dict[int, dict] = field(default_factory=dict)
    partner_images: np.ndarray | None = None
    samples: tuple[np.ndarray, ...] = ()


def facts_of(saved: SavedRun, audit_rows: tuple[dict[str, str], ...] = ()) -> Facts:
    """Collect what is known of the faces of a run's split.

    Args:
        saved: The run.
        audit_rows: Of an audit of the same data.
    """
    conditions, falls = _falls(saved)
    slices, inside = _slices(saved)
    partners, pictures = _partners(saved.evaluation, audit_rows, saved.dataset)
    return Facts(
        agreement=_agreement(saved.evaluation),
        conditions=conditions,
        falls=falls,
        slices=slices,
        inside=inside,
        partners=partners,
        partner_images=pictures,
        samples=_samples(saved.dataset),
    )


def _agreement(evaluation: Evaluation) -> dict[int, str]:
    if evaluation.votes is None:
        return {}
    strata = stratum(evaluation.votes, evaluation.labels, len(evaluation.label_names))
    names = dict(enumerate(STRATA))
    kept = {"agreed": "with", "mismatch": "other"}
    voted = np.flatnonzero(evaluation.votes.sum(axis=1)).tolist()
    return {row: kept.get(names.get(int(strata[row])), "split") for row in voted}


def _falls(saved: SavedRun) -> tuple[tuple[str, ...], dict[int, str]]:
    if why_left_out(saved):
        return (), {}
    try:
        test = StressTest.load(saved.results.stress_folder(saved.split))
    except FerError:
        return (), {}
    evaluation = saved.evaluation
    if test.meta["data"] not in (None, saved.data_fingerprint) and saved.data_fingerprint:
        return (), {}
    names = tuple(dict.fromkeys(condition for condition, _ in test.cells))
    first = np.zeros((len(test.labels), len(names)), int)
    for (condition, severity), found in sorted(test.cells.items(), reverse=True):
        wrong = found.argmax(axis=1) != test.labels
        first[wrong, names.index(condition)] = severity
    rows = rows_of(test.ids, evaluation.ids)
    correct = evaluation.predicted == evaluation.labels
    kept = [(row, digits) for row, digits in zip(rows, first, strict=True) if row >= 0]
    texts = {int(row): "".join(map(str, digits)) for row, digits in kept if correct[row]}
    return tuple(short(name.replace("_", " "), 60) for name in names), texts


def _slices(saved: SavedRun) -> tuple[tuple[str, ...], dict[int, list[int]]]:
    try:
        worse = Slices.load(saved.results.evaluation_folder(saved.split)).worse
    except FerError:
        return (), {}
    worse = [each for each in worse if each.low is not None]
    if saved.images is None or not worse:
        return (), {}
    images, leaked = saved.images[..., None], saved.evaluation.leaked
    judged = images if leaked is None else images[~leaked]
    values = measure(images) | FaceTemplate.of(judged).measure(images)
    worse = [each for each in worse if each.measure in values]
    inside: dict[int, list[int]] = {}
    for place, each in enumerate(worse):
        value = values[each.measure]
        for row in np.flatnonzero((value >= each.low) & (value <= each.high)).tolist():
            inside.setdefault(row, []).append(place)
    return tuple(short(each.name, 80) for each in worse), inside


def _partners(
    evaluation: Evaluation, audit_rows: tuple[dict[str, str], ...], dataset: FaceDataset | None
) -> tuple[dict[int, dict], np.ndarray | None]:
    """Return the images that faces are copies of, and their pictures."""
    row_of = {name: row for row, name in enumerate(evaluation.ids.tolist())}
    partners: dict[int, dict] = {}
    found = [row for row in audit_rows if row.get("partner") and row["issue"] in COPIES]
    for row in sorted(found, key=lambda row: COPIES.index(row["issue"])):
        for own, other, split, label in ENDS:
            place = row_of.get(row[own])
            if place is not None and place not in partners:
                partners[place] = {
                    "id": row[other],
                    "issue": row["issue"].replace("_", " "),
                    "split": short(row.get(split, ""), 40),
                    "label": short(row.get(label, ""), 40),
                }
    if dataset is None or not partners:
        return partners, None
    rows = rows_of(np.array([each["id"] for each in partners.values()]), dataset.ids)
    for place, (partner, row) in enumerate(zip(partners.values(), rows.tolist(), strict=True)):
        partner["row"] = None if row < 0 else place
    return partners, dataset.images[np.maximum(rows, 0), ..., 0]


def _samples(dataset: FaceDataset | None, per_label: int = 8, seed: int = 0) -> tuple:
    """Return the positions of some training images of each label, chosen at random."""
    if dataset is None or not dataset.has("train") or len(dataset.label_names) > MOST_LABELS:
        return ()
    rng = np.random.default_rng(seed)
    trained = dataset.split == "train"
    of_label = (
        np.flatnonzero(trained & (dataset.labels == label))
        for label in range(len(dataset.label_names))
    )
    return tuple(rng.permutation(rows)[:per_label] for rows in of_label)
