"""When a prediction is "unsure": selective classification with a guarantee."""

from __future__ import annotations

import numpy as np
from scipy.special import bdtrc

from fer_analysis.statistics.intervals import proportion

TARGET = 0.8
"""The share of confident predictions that should be correct."""

ERROR = 0.05
"""The risk that a rule does not keep its guarantee."""

SHARES = tuple(percent / 100 for percent in range(10, 101))
"""Shares of the images that are tested, the most confident first."""

LEAST = 50
"""Fewest images that a share is tested on: fewer show nothing."""


def answer_rule(
    labels: np.ndarray, probabilities: np.ndarray, *, target: float = TARGET
) -> dict | None:
    """Return the confidence from which `target` of the predictions are correct.

    The option to reject is Chow's (1970), the guarantee follows Geifman & El-Yaniv (2017,
    "Selective classification for deep neural networks"): not that these images were correct this
    often, but that other images like them will be, with a risk of 5 %. The most confident tenth (at
    least 50 images) is tested first, by an exact binomial test of "correct at most `target`",
    then one percent more at a time; the first failure ends it, so that many tests have no more
    risk than one (fixed-sequence testing, as in Angelopoulos et al. 2021, "Learn then test").

    The guarantee holds for faces like those that the rule was fitted on, and for their labels.

    Args:
        labels: int64 `(n,)`, of images that had no part in training.
        probabilities: float `(n, k)`, calibrated.
        target: A share of 1.

    Returns:
        `least`, the lowest confidence that is not unsure, and its effect on these images: `n`
        not unsure `of` all, how many are `correct`, their `accuracy`. None if not even the
        most confident images are shown to reach `target`.
    """
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == labels
    ordered = np.sort(confidence)[::-1]
    counts = (round(share * len(labels)) for share in SHARES)
    found = None
    for least in (ordered[count - 1] for count in counts if count >= LEAST):
        answered = confidence >= least
        n, correct = int(answered.sum()), int(hit[answered].sum())
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
        "accuracy": proportion(correct, n),
    }
