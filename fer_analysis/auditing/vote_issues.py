"""Issues that annotators' votes show. They are a reference, not the truth."""

from __future__ import annotations

import numpy as np

from fer_analysis.auditing.issues import NOBODY, Finding
from fer_analysis.data.dataset import FaceDataset
from fer_analysis.data.vote_shares import CONFIDENT, HALF, strongest_other, vote_shares

NO_FACE = "NF"


def vote_findings(dataset: FaceDataset) -> list[Finding]:
    """Return what annotators' votes hold against images and labels; nothing without votes."""
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
    findings = [
        _finding("tie", tied, most, voted),
        _finding("low_agreement", undecided, 1 - most, voted),
        _finding("label_mismatch", mismatch, on_other, voted, suggested=other),
    ]
    if NO_FACE in dataset.vote_names:
        none = share[:, dataset.vote_names.index(NO_FACE)]
        findings.insert(0, _finding("no_face", voted & (none >= HALF), none, voted))
    return findings


def _finding(kind, mask, score, voted, *, suggested=None) -> Finding:
    rows = np.flatnonzero(mask)
    rows = rows[np.argsort(-score[rows], kind="stable")]
    suggested = None if suggested is None else suggested[rows]
    return Finding(kind, rows, score[rows], voted, suggested=suggested)
