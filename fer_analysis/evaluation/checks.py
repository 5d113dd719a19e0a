"""Whether the arrays of an evaluation fit together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fer_analysis.evaluation.evaluation import Evaluation


def problems_of(evaluation: Evaluation) -> list[str]:
    """Return what does not fit, one line a problem."""
    labels, probabilities = evaluation.labels, evaluation.probabilities
    n, k, problems = labels.size, len(evaluation.label_names), []
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        problems.append(f"labels: expected int64 (n,), received {labels.dtype} {labels.shape}")
    elif n and not 0 <= labels.min() <= labels.max() < k:
        problems.append(f"labels: expected 0 to {k - 1}, received {np.unique(labels)}")
    if probabilities.shape != (n, k):
        problems.append(f"probabilities: expected {(n, k)}, received {probabilities.shape}")
    elif not np.isfinite(probabilities).all():
        row = int(np.flatnonzero(~np.isfinite(probabilities).all(axis=1))[0])
        problems.append(f"probabilities, row {row}: not finite; the model has diverged")
    elif (bad := np.abs(probabilities.sum(axis=1) - 1) > 1e-3).any() or (probabilities < 0).any():
        row = int(np.flatnonzero(bad | (probabilities < 0).any(axis=1))[0])
        problems.append(
            f"probabilities, row {row}: expected shares that sum to 1, "
            f"received {probabilities[row].tolist()}; is the softmax missing?"
        )
    if evaluation.ids.shape != (n,):
        problems.append(f"ids: expected {(n,)}, received {evaluation.ids.shape}")
    leaked = evaluation.leaked
    if leaked is not None and (leaked.shape != (n,) or leaked.dtype != np.bool_):
        problems.append(f"leaked: expected bool {(n,)}, received {leaked.dtype} {leaked.shape}")
    votes, names = evaluation.votes, evaluation.vote_names
    if votes is not None and (votes.shape != (n, len(names)) or votes.dtype.kind not in "iu"):
        expected = f"int64 {(n, len(names))}"
        problems.append(f"votes: expected {expected}, received {votes.dtype} {votes.shape}")
    elif votes is not None and names[:k] != evaluation.label_names:
        problems.append(f"vote_names: expected {', '.join(evaluation.label_names)} first")
    return problems
