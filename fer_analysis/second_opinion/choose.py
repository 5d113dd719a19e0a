"""Which faces a person is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fer_analysis.auditing.audit import Audit
from fer_analysis.data.face_list import named
from fer_analysis.data.load import LoadedData
from fer_analysis.data.read_face_list import read_face_list
from fer_analysis.errors import FerError, did_you_mean
from fer_analysis.evaluation.confusions import top_losses
from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.progress import Progress

DOUBTS = ("label_issue", "label_mismatch", "contradictory_label", "low_agreement", "tie")
"""Issues of an audit that are about a label, the strongest first."""

MOST = 200
"""Doubtful faces, if no number is named: some twenty minutes for a person."""


def of_list(
    file: str | Path,
    data: LoadedData,
    issues: Sequence[str],
    split: str | None,
    n: int | None,
    *,
    progress: Progress,
) -> list[str]:
    """Return the ids of a list, in its order; only those of a split if one is named.

    `progress` receives a notice where only row numbers say which faces are meant.

    Raises:
        FerError: If the list cannot be read, is of other data, or has none of the split.
    """
    given = read_face_list(file).with_issues(issues)
    if split is None:
        given.check_known(data)
    else:
        given.in_split(data, split)
    for text in given.notices(data):
        progress.notice(text)
    return _first(given.ids, data, split, n)


def of_audit(
    folder: str | Path, data: LoadedData, issues: Sequence[str], split: str | None, n: int | None
) -> list[str]:
    """Return the ids of the faces whose label an audit doubts, the strongest doubts first.

    Args:
        folder: What `fer audit` wrote.
        data: The data that was audited.
        issues: Which issues; `DOUBTS` if empty.
        split: Only faces of this split; of all if None.
        n: How many; `MOST` if None.

    Raises:
        FerError: If there is no audit, it is of other data, or it doubts no face.
    """
    audit = Audit.load(folder)
    if audit.summary["fingerprint"] != data.fingerprint:
        raise FerError(
            f"{folder}: an audit of other data (fingerprint {audit.summary['fingerprint']}; "
            f"{named(data)} has {data.fingerprint})"
        )
    for kind in issues:
        if kind not in audit.issues:
            raise FerError(f"{folder}: no issue '{kind}'{did_you_mean(kind, audit.issues)}")
    ids = [row["id"] for kind in issues or DOUBTS for row in audit.rows if row["issue"] == kind]
    chosen = _first(ids, data, split, n or MOST)
    if not chosen:
        raise FerError(f"{folder}: no face with {' or '.join(issues or DOUBTS)}")
    return chosen


def of_model(evaluation: Evaluation, n: int | None) -> list[str]:
    """Return the ids of the faces whose label a model finds least probable (the top losses)."""
    return [row["id"] for row in top_losses(evaluation, n or MOST)]


def _first(ids: Sequence[str], data: LoadedData, split: str | None, n: int | None) -> list[str]:
    ids = list(dict.fromkeys(ids))
    if split is not None:
        there = {*data.dataset.ids[data.dataset.split == split].tolist()}
        ids = [name for name in ids if name in there]
    return ids[:n]
