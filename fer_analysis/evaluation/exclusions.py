"""What leaving images out changes in a figure."""

from __future__ import annotations

import numpy as np

from fer_analysis.evaluation.evaluation import Evaluation
from fer_analysis.statistics.bootstrap import bootstrap, bootstrap_estimate
from fer_analysis.statistics.estimate import Estimate
from fer_analysis.statistics.intervals import proportion


def exclusions(evaluation: Evaluation, issues: dict[str, set[str]]) -> list[dict]:
    """Return how leaving out the images of each issue, and of all of them, changes accuracy.

    Args:
        evaluation: The predictions.
        issues: Issue -> ids.

    Returns:
        One row for each issue that any image has, and a last one for `all together` where there
        are several: `excluded` images, `n` left, their `accuracy`, and its `difference` to the
        accuracy on all images with a paired bootstrap interval (images are drawn again, and
        both accuracies are computed on the same draw).
    """
    flags = {kind: np.isin(evaluation.ids, sorted(ids)) for kind, ids in issues.items()}
    flags = {kind: flag for kind, flag in flags.items() if flag.any()}
    if len(flags) > 1:
        flags["all together"] = np.any(list(flags.values()), axis=0)
    return [_row(evaluation, kind, flag) for kind, flag in flags.items()]


def kept(evaluation: Evaluation, issues: dict[str, set[str]]) -> np.ndarray:
    """Return which images have none of the issues, bool `(n,)`."""
    return ~np.isin(evaluation.ids, sorted(set().union(*issues.values())))


def _row(evaluation: Evaluation, kind: str, flag: np.ndarray) -> dict:
    hit = (evaluation.predicted == evaluation.labels).astype(float)
    n, correct = int((~flag).sum()), int(hit[~flag].sum())

    def difference(weights: np.ndarray) -> np.ndarray:
        left = weights * ~flag
        with np.errstate(invalid="ignore", divide="ignore"):
            return (left @ hit) / left.sum(axis=1) - (weights @ hit) / weights.sum(axis=1)

    once = np.ones((1, len(evaluation)))
    drawn = bootstrap(difference, len(evaluation))
    return {
        "issue": kind,
        "excluded": int(flag.sum()),
        "n": n,
        "accuracy": proportion(correct, n),
        "difference": bootstrap_estimate(difference(once)[0], drawn, n) if n else Estimate(None),
    }
