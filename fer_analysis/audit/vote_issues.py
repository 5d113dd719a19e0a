"""Issues that annotators' votes show. They are a reference, not the truth."""

from __future__ import annotations

import numpy as np

from fer_analysis.audit.issues import NOBODY, Finding
from fer_analysis.data.dataset import FaceDataset

NO_FACE = "NF"
HALF = 0.5
MISMATCH = 0.8
"""Share of the votes on one other label from which the label is called a mismatch."""


def vote_findings(dataset: FaceDataset) -> list[Finding]:
    """Return what annotators' votes hold against images and labels; nothing without votes."""
    if dataset.votes is None:
        return []
    votes = dataset.votes
    cast = votes.sum(axis=1)
    voted = cast > 0
    share = votes / np.maximum(cast, 1)[:, None]
    most = share.max(axis=1)
    tied = voted & ((share == most[:, None]).sum(axis=1) > 1)
    undecided = voted & (most <= HALF)
    other, on_other = strongest_other_label(dataset)
    mismatch = voted & (on_other >= MISMATCH)
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


def strongest_other_label(dataset: FaceDataset) -> tuple[np.ndarray, np.ndarray]:
    """Return the label, other than its own, with most votes of each image, and their share.

    Shares are of all votes cast, those for no label (contempt, unknown, no face) included.

    Returns:
        int64 `(n,)`, `NOBODY` where no other label has a vote; float64 `(n,)`.
    """
    others = dataset.votes[:, : len(dataset.label_names)].astype(float)
    others[np.arange(len(others)), dataset.labels] = 0
    share = others.max(axis=1) / np.maximum(dataset.votes.sum(axis=1), 1)
    return np.where(share > 0, others.argmax(axis=1), NOBODY), share


def label_is_first_choice(dataset: FaceDataset) -> np.ndarray:
    """Tell whether no option got more votes than the image's label, bool `(n,)`."""
    own = dataset.votes[np.arange(len(dataset)), dataset.labels]
    return own == dataset.votes.max(axis=1)
