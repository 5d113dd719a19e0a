"""Whether arrays of predictions fit together."""

from __future__ import annotations

import numpy as np


def array_problems(
    labels: np.ndarray,
    probabilities: np.ndarray,
    label_names: tuple[str, ...],
    *,
    ids: np.ndarray,
    leaked: np.ndarray | None,
    votes: np.ndarray | None,
    vote_names: tuple[str, ...],
) -> list[str]:
    """Return the problems of the arrays, one line each; the arguments are those of `Evaluation`."""
    n, k = labels.size, len(label_names)
    problems = _label_problems(labels, k) + _probability_problems(probabilities, n, k)
    if ids.shape != (n,):
        problems.append(f"ids: expected {(n,)}, received {ids.shape}")
    if leaked is not None and (leaked.shape != (n,) or leaked.dtype != np.bool_):
        problems.append(f"leaked: expected bool {(n,)}, received {leaked.dtype} {leaked.shape}")
    if votes is not None and (votes.shape != (n, len(vote_names)) or votes.dtype.kind not in "iu"):
        expected = f"int64 {(n, len(vote_names))}"
        problems.append(f"votes: expected {expected}, received {votes.dtype} {votes.shape}")
    elif votes is not None and vote_names[:k] != label_names:
        problems.append(f"vote_names: expected {', '.join(label_names)} first")
    return problems


def _label_problems(labels: np.ndarray, k: int) -> list[str]:
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        return [f"labels: expected int64 (n,), received {labels.dtype} {labels.shape}"]
    if labels.size and not 0 <= labels.min() <= labels.max() < k:
        return [f"labels: expected 0 to {k - 1}, received {np.unique(labels)}"]
    return []


def _probability_problems(probabilities: np.ndarray, n: int, k: int) -> list[str]:
    if probabilities.shape != (n, k):
        return [f"probabilities: expected {(n, k)}, received {probabilities.shape}"]
    if not (finite := np.isfinite(probabilities).all(axis=1)).all():
        row = int(np.flatnonzero(~finite)[0])
        return [f"probabilities, row {row}: not finite; the model has diverged"]
    bad = np.abs(probabilities.sum(axis=1) - 1) > 1e-3
    bad |= (probabilities < 0).any(axis=1)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        return [
            f"probabilities, row {row}: expected shares that sum to 1, "
            f"received {probabilities[row].tolist()}; is the softmax missing?"
        ]
    return []
