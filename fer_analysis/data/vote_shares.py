"""Figures of annotators' votes on an image: shares, majority, entropy, agreement with the label.

Votes are int64 `(n, m)`: the k labels first, then what else annotators could choose (contempt,
unknown, no face). A row of zeros is an image without votes.
"""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

CONFIDENT = 0.8
"""Annotators agree if an option has at least this share of the votes."""

HALF = 0.5
"""An option with more than this share of the votes has the majority."""

STRATA = {
    "agreed": "80 % or more on the label",
    "leaning": "more than half on it",
    "ambiguous": "no label has more than half",
    "leaning away": "more than half on another",
    "mismatch": "80 % or more on another",
}
"""Annotators' agreement with the data set's label, by shares of their votes. If votes are split,
the face is ambiguous; if they agree on another label, the label is doubtful."""


def vote_shares(votes: np.ndarray) -> np.ndarray:
    """Return each option's share of an image's votes, float64 `(n, m)`; zeros without votes.

    Args:
        votes: int64 `(n, m)`. Pass the labels' columns alone for shares among the labels.
    """
    return votes / np.maximum(votes.sum(axis=1, keepdims=True), 1)


def modal_shares(votes: np.ndarray) -> np.ndarray:
    """Return 1 for the option with most votes, fractions where several tie, float64 `(n, m)`."""
    highest = votes == votes.max(axis=1, keepdims=True)
    return highest / highest.sum(axis=1, keepdims=True)


def vote_entropy(shares: np.ndarray) -> np.ndarray:
    """Return the entropy of each image's vote shares in nats, float64 `(n,)`."""
    return -xlogy(shares, shares).sum(axis=1)


def strongest_other(votes: np.ndarray, labels: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the label, other than its own, with most votes of each image, and their share.

    Args:
        votes: int64 `(n, m)`; shares are of all votes, those for no label included.
        labels: int64 `(n,)`.
        k: Number of labels.

    Returns:
        int64 `(n,)`, meaningless where the share is 0; float64 `(n,)`.
    """
    others = vote_shares(votes)[:, :k]
    others[np.arange(len(labels)), labels] = 0
    return others.argmax(axis=1), others.max(axis=1)


def label_is_first_choice(votes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return whether no option got more votes than the image's label, bool `(n,)`."""
    return votes[np.arange(len(labels)), labels] == votes.max(axis=1)


def stratum(votes: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """Return each image's position in `STRATA`, int64 `(n,)`.

    Args:
        votes: int64 `(n, m)`, the k labels first.
        labels: int64 `(n,)`.
        k: Number of labels.
    """
    own = vote_shares(votes)[np.arange(len(labels)), labels]
    _, other = strongest_other(votes, labels, k)
    return np.select(
        [own >= CONFIDENT, own > HALF, other >= CONFIDENT, other > HALF], [0, 1, 4, 3], default=2
    )
