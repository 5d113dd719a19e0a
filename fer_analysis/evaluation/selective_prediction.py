"""When a prediction is "unsure": selective classification with a guarantee."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr, bdtrc

from fer_analysis.statistics.intervals import proportion

TARGET = 0.8
"""The share of confident predictions that should be correct."""

ERROR = 0.05
"""The risk that a rule does not keep its guarantee."""

KEPT, BROKEN, NOT_DECIDED = "kept", "broken", "not decided"

LEVEL = 0.05
"""Of each of the two one-sided tests of a promise."""

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
    found = _last_shown(confidence, hit, target, ERROR)
    return None if found is None else {"target": target} | _effect(confidence, hit, found[0])


def answer_rules_by_label(
    labels: np.ndarray,
    probabilities: np.ndarray,
    label_names: Sequence[str],
    *,
    target: float = TARGET,
) -> dict:
    """Return, for each predicted label, the confidence from which `target` are correct.

    A rule over all faces can be kept while it is broken for those that are predicted as one
    label. Here each label has the tests of `answer_rule`, on the faces that are predicted as it,
    and all labels together have a risk of 5 % that any of them does not keep its promise. The
    labels share this risk equally; one whose every threshold is shown passes its share on to the
    others (Holm's correction for sequences of tests: Bretz et al. 2009, "A graphical approach
    to sequentially rejective multiple test procedures"; used for thresholds by Angelopoulos et
    al. 2021, "Learn then test"). A label's tests begin where its confidences, which know nothing
    of the true labels, promise the clearest result: few images show little at this risk.
    Labels with fewer than 50 predictions have no test.

    Args:
        labels: int64 `(n,)`, of images that had no part in training.
        probabilities: float `(n, k)`, calibrated.
        label_names: The k labels.
        target: A share of 1.

    Returns:
        `target`, and under `labels` a row for each label: `label`, `least` (the lowest confidence
        that is not unsure; None where the promise is not shown: always unsure), and as in
        `answer_rule` `n`, `of`, `correct` and `accuracy` on these images.
    """
    confidence, predicted = probabilities.max(axis=1), probabilities.argmax(axis=1)
    hit = predicted == labels
    parts = {label: predicted == label for label in range(len(label_names))}
    left = {label for label, own in parts.items() if own.sum() >= LEAST}
    shown: dict[int, float | None] = {}
    while left:
        tests = {
            label: _last_shown(confidence[own], hit[own], target, ERROR / len(left), clearest=True)
            for label, own in parts.items()
            if label in left
        }
        shown |= {label: found and found[0] for label, found in tests.items()}
        through = {label for label, found in tests.items() if found and found[1]}
        if not through:
            break
        left -= through
    rows = [
        {"label": str(name)} | _effect(confidence[parts[i]], hit[parts[i]], shown.get(i))
        for i, name in enumerate(label_names)
    ]
    return {"target": target, "labels": rows}


def promise(correct: int, answered: int, target: float) -> tuple[str, float, float]:
    """Test whether a share of correct answers lies above or below what was promised.

    Two exact one-sided binomial tests, each at 5 %: the promise is kept where fewer correct
    answers would be expected of a share at the target, broken where more would.

    Args:
        correct: Correct answers.
        answered: Answers.
        target: The promised share.

    Returns:
        `kept`, `broken` or `not decided`; p of "not above the target"; p of "not below".
    """
    if answered == 0:
        return NOT_DECIDED, 1.0, 1.0
    above = float(bdtrc(correct - 1, answered, target)) if correct else 1.0
    below = float(bdtr(correct, answered, target))
    return state(above, below), above, below


def state(above: float, below: float) -> str:
    """Return `kept`, `broken` or `not decided` of the two p-values of `promise`."""
    return KEPT if above < LEVEL else BROKEN if below < LEVEL else NOT_DECIDED


def _last_shown(
    confidence: np.ndarray, hit: np.ndarray, target: float, error: float, *, clearest: bool = False
) -> tuple[float, bool] | None:
    """Return the lowest confidence before the first test that fails, and whether none fails.

    None if the first one fails, or there are too few images for one. It begins with the most
    confident images, or (`clearest`) where the confidences promise the clearest result.
    """
    ordered = np.sort(confidence)[::-1]
    counts = [n for n in (round(share * len(ordered)) for share in SHARES) if n >= LEAST]
    if clearest and counts:
        means = np.cumsum(ordered)[np.array(counts) - 1] / counts
        counts = counts[int(np.argmax((means - target) * np.sqrt(counts))) :]
    found = None
    for least in (ordered[count - 1] for count in counts):
        answered = confidence >= least
        n, correct = int(answered.sum()), int(hit[answered].sum())
        if bdtrc(correct - 1, n, target) > error:
            return found and (found, False)
        found = float(least)
    return found and (found, True)


def _effect(confidence: np.ndarray, hit: np.ndarray, least: float | None) -> dict:
    answered = confidence >= (2 if least is None else least)
    n, correct = int(answered.sum()), int(hit[answered].sum())
    return {
        "least": least,
        "n": n,
        "of": len(hit),
        "correct": correct,
        "accuracy": proportion(correct, n),
    }
