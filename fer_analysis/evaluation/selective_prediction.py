"""When a model had better say "unsure": selective classification, with a guarantee."""

from __future__ import annotations

import numpy as np
from scipy.special import bdtrc

from fer_analysis.statistics.intervals import wilson

TARGET = 0.8
"""The share of its answers that a model should be right about."""

ERROR = 0.05
"""How often a rule may promise more than it keeps."""

SHARES = tuple(percent / 100 for percent in range(10, 101))
"""Shares of the images that are tried, the surest first."""

LEAST = 50
"""Images below which a share is too small to show anything: it is not tried."""


def answer_rule(
    labels: np.ndarray, probabilities: np.ndarray, *, target: float = TARGET
) -> dict | None:
    """Return how sure a model has to be so that it is right `target` of the time.

    The option to reject is Chow's (1970), the promise follows Geifman & El-Yaniv (2017,
    "Selective classification for deep neural networks"): not that these images were right so
    often, but that others like them will be, unless a chance of 5 % came about. The surest
    tenth (and no fewer than 50 images) is tested first, by an exact binomial test of "right no
    more than `target`", then one percent more at a time; the first failure ends it, so that many
    tests risk no more than one (fixed-sequence testing, as in Angelopoulos et al. 2021, "Learn
    then test").

    The promise is about faces like the ones that it was learnt from, and about their labels.

    Args:
        labels: int64 `(n,)`, of images that had no part in training.
        probabilities: float `(n, k)`, calibrated.
        target: A share of 1.

    Returns:
        `least`, the least of the highest probabilities that is an answer, and what it did to
        these images: `n` answered `of` all, `correct` ones, `accuracy` with its Wilson
        `interval`. None where not even the surest are shown to reach `target`.
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    ordered = np.sort(confidence)[::-1]
    counts = (round(share * len(labels)) for share in SHARES)
    found = None
    for least in (ordered[count - 1] for count in counts if count >= LEAST):
        answered = confidence >= least
        n, correct = int(answered.sum()), int(right[answered].sum())
        if bdtrc(correct - 1, n, target) > ERROR:
            break
        found = float(least), n, correct
    if found is None:
        return None
    least, n, correct = found
    return {
        "target": target,
        "least": least,
        "n": n,
        "of": len(labels),
        "correct": correct,
        "accuracy": correct / n,
        "interval": list(wilson(correct, n)),
    }
