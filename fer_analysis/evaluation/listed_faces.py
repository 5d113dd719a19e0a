"""Scoring without the faces of a list, or with the labels that a list has for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fer_analysis.data.face_list import ID_AND_LABEL, FaceList
from fer_analysis.data.load import LoadedData
from fer_analysis.data.read_face_list import read_face_list
from fer_analysis.errors import FerError
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.evaluation.exclusions import exclusions, kept
from fer_analysis.progress import Progress

WITHOUT, RELABELLED = "without", "relabelled:"
"""How the notes begin that name a figure by a list."""


def names_of_lists(evaluation: Evaluation) -> list[str]:
    """Return what figures are named by: `without 12 faces of FILE`; empty without a list."""
    return [note for note in evaluation.notes if note.startswith((f"{WITHOUT} ", RELABELLED))]


def without_faces(
    evaluation: Evaluation,
    file: str | Path,
    issues: Sequence[str] = (),
    data: LoadedData | None = None,
    progress: Progress | None = None,
) -> tuple[Evaluation, np.ndarray]:
    """Leave out the faces of a list.

    Args:
        evaluation: The predictions.
        file: The list: a CSV with a column `id`, e.g. an `audit.csv`.
        issues: Only faces with one of these issues; all if empty.
        data: The whole data, to tell ids of other splits from unknown ones; None where there is
            only the table of predictions.
        progress: Receives a notice where only row numbers say which faces are meant.

    Returns:
        The predictions without them, with what that changes as `exclusions`; bool `(n,)`, the
        images that are kept.

    Raises:
        FerError: If the list cannot be read, is of other data, or names no image of the split, or
            all of them.
    """
    given = read_face_list(file).with_issues(issues)
    _check_split(given, evaluation, data, progress)
    whole = evaluation if data is None else data.dataset  # labels that no list has changed
    given.check_audit(whole, data)
    found = given.by_issue()
    if issues:
        found = {kind: found[kind] for kind in issues}
    rows, keep = exclusions(evaluation, found), kept(evaluation, found)
    if not keep.any():
        hint = "; choose issues with --issue" if given.issues else ""
        raise FerError(f"{file}, split '{evaluation.split}': leaves no image{hint}")
    n = int((~keep).sum())
    note = f"{WITHOUT} {n:,} {'face' if n == 1 else 'faces'} of {given.name}"
    if given.issues is not None:
        note += f": {', '.join(found)}"
    record = _record("exclude", given, note, n) | {"issues": list(issues)}
    left = _named(evaluation.take(keep), record, "excluded")
    return dataclasses.replace(left, exclusions=tuple(rows)), keep


def relabelled(
    evaluation: Evaluation,
    file: str | Path,
    data: LoadedData | None = None,
    progress: Progress | None = None,
) -> Evaluation:
    """Score against the labels that a list has for its faces.

    Args:
        evaluation: The predictions.
        file: The list: a CSV with the columns `id` and `label`.
        data: As for `without_faces`.
        progress: The same.

    Raises:
        FerError: If the list cannot be read, is of other data, or changes no label here.
    """
    given = read_face_list(file)
    _check_split(given, evaluation, data, progress)
    given.check_audit(evaluation, hint=ID_AND_LABEL)
    labels = given.new_labels(evaluation.labels, evaluation.ids, evaluation.label_names)
    changed = int((labels != evaluation.labels).sum())
    note = (
        f"{RELABELLED} {changed:,} of {len(evaluation):,} faces have labels of {given.name} "
        "instead of the data's own"
    )
    record = _record("relabel", given, note, changed)
    return _named(dataclasses.replace(evaluation, labels=labels), record, "relabelled")


def _record(kind: str, given: FaceList, sentence: str, changes: int) -> dict:
    """Return what is kept of a list, with the keys that a training's record has."""
    return {
        "kind": kind,
        "file": given.file.name,
        "sha256": given.sha256,
        "faces": len(given),
        "changes": changes,
        "sentence": sentence,
    }


def _named(evaluation: Evaluation, record: dict, suffix: str) -> Evaluation:
    folder = evaluation.folder
    return dataclasses.replace(
        evaluation,
        notes=(record["sentence"], *evaluation.notes),
        face_lists=(record, *evaluation.face_lists),
        comparable=False,
        folder=folder and folder.with_name(f"{folder.name}-{suffix}"),
    )


def _check_split(
    given: FaceList, evaluation: Evaluation, data: LoadedData | None, progress: Progress | None
) -> None:
    if data is not None:
        given.in_split(data, evaluation.split)
        for text in given.notices(data):
            (progress or Progress()).notice(text)
    if not np.isin(given.ids, evaluation.ids).any():
        raise FerError(
            f"{given.file}, split '{evaluation.split}': names no image of it: none of its "
            f"{len(given):,} ids"
        )
