"""Issues that annotators' votes show. They are a reference, not the truth."""

from __future__ import annotations

import numpy as np

from fer_analysis.auditing.issues import NOBODY, Issues
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.vote_shares import CONFIDENT, HALF, strongest_other, vote_shares

NO_FACE = "NF"


def vote_issues(dataset: FaceDataset) -> list[Issues]:
    """Return the issues that annotators' votes show; none without votes."""
    if dataset.votes is None:
        return []
    votes = dataset.votes
    voted = votes.sum(axis=1) > 0
    share = vote_shares(votes)
    most = share.max(axis=1)
    tied = voted & ((share == most[:, None]).sum(axis=1) > 1)
    undecided = voted & (most <= HALF)
    other, on_other = strongest_other(votes, dataset.labels, len(dataset.label_names))
    other = np.where(on_other > 0, other, NOBODY)
    mismatch = voted & (on_other >= CONFIDENT)
    groups = [
        _issues("tie", tied, most, voted),
        _issues("low_agreement", undecided, 1 - most, voted),
        _issues("label_mismatch", mismatch, on_other, voted, suggested=other),
    ]
    if NO_FACE in dataset.vote_names:
        none = share[:, dataset.vote_names.index(NO_FACE)]
        groups.insert(0, _issues("no_face", voted & (none >= HALF), none, voted))
    return groups


def _issues(kind, mask, score, voted, *, suggested=None) -> Issues:
    rows = np.flatnonzero(mask)
    rows = rows[np.argsort(-score[rows], kind="stable")]
    suggested = None if suggested is None else suggested[rows]
    return Issues(kind, rows, score[rows], voted, suggested=suggested)
